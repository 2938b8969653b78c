package mockmodel

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// past is what the provider remembers of the answers that it has given, so that
// a fault can give one of them again, to another request or to another caller.
// No words are kept, but what they were drawn from. It remembers nothing where
// no rule asks for it.
//
// Which answers have been given by an instant is physics; which of them an
// attempt gets is drawn, by what they are and not by when they came. So that it
// repeats in virtual time, where any of the calls of one instant may be the
// first to end, the answers of the slot of time in which one is asked for do not
// count, and of the answers of a slot that one stays whose draw is lowest.
type past struct {
	on      atomic.Bool
	mu      sync.Mutex
	slot    int64 // ns
	callers map[pastCaller]*pastAnswers
}

// Bounds of what is remembered: at most 9,000 answers of about 200 bytes.
const (
	pastCallers = 1000 // further ones are not remembered
	pastKept    = 8    // answers of each
)

// pastCaller is who asks which model: a tenant, or an API key where no request
// id says the tenant.
type pastCaller struct {
	named           bool
	who             string // the tenant
	principal       uint64
	endpoint, model string
}

// pastAnswer is an answer that was given whole.
type pastAnswer struct {
	key    journal.Key
	step   uint64
	model  string    // that spoke
	mark   wire.Mark // as it was when it was said
	drawn  int       // tokens of the words that were drawn for it
	length int       // bytes of those that were said
	tokens int
	stop   stopReason
	text   string // at which it stopped

	draw    uint64 // belongs to the answer
	endedNs int64
}

// pastAnswers are those of a caller, the oldest first, one a slot. There may be
// one more than can be given: that of the slot that is not over.
type pastAnswers struct {
	n    int
	list [pastKept + 1]pastAnswer
}

// set makes ready for the rules of f.
func (p *past) set(f *faults.Schedule) {
	var on bool
	var age time.Duration
	if f != nil {
		for _, r := range f.Rules() {
			if m := r.Fault.Effect(faults.Dice{}).Mutation; m != nil && m.Kind == faults.MutationOtherAnswer {
				on, age = true, max(age, m.Age)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// Half of the slots that are kept are older than the oldest that is asked for.
	slot := max(1, int64(age)/(pastKept/2))
	if !on || !p.on.Load() || p.slot != slot {
		p.callers = map[pastCaller]*pastAnswers{}
	}
	p.slot = slot
	p.on.Store(on)
}

// forget drops all that is remembered.
func (p *past) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.callers)
}

// keep remembers an answer of a caller.
func (p *past) keep(c pastCaller, x *pastAnswer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on.Load() {
		return
	}
	of := p.callers[c]
	if of == nil {
		if len(p.callers) >= pastCallers {
			return
		}
		of = &pastAnswers{}
		p.callers[c] = of
	}
	if last := of.n - 1; last >= 0 && of.list[last].endedNs/p.slot >= x.endedNs/p.slot {
		if x.draw < of.list[last].draw {
			of.list[last] = *x
		}
		return
	}
	if of.n == len(of.list) {
		copy(of.list[:], of.list[1:])
		of.n--
	}
	of.list[of.n] = *x
	of.n++
}

// find returns an answer for a caller who asks at now, of those that m allows;
// u is the draw of who asks. false: there is none.
func (p *past) find(c pastCaller, key journal.Key, m *faults.Mutation, u uint64, now int64) (best pastAnswer, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.From == faults.FromSame {
		best, _, ok = p.of(c).find(key, u, now, p.slot, m.Age)
		return best, ok
	}
	var least uint64
	for who, of := range p.callers { // in any order: the least is the least
		if who.named != c.named || who.endpoint != c.endpoint || who.model != c.model || who == c && m.From != faults.FromAny {
			continue
		}
		if x, d, found := of.find(key, u, now, p.slot, m.Age); found && (!ok || d < least) {
			best, least, ok = x, d, true
		}
	}
	return best, ok
}

func (p *past) of(c pastCaller) *pastAnswers {
	if of := p.callers[c]; of != nil {
		return of
	}
	return &pastAnswers{}
}

// find returns the answer with the least draw beside u.
func (l *pastAnswers) find(key journal.Key, u uint64, now, slot int64, age time.Duration) (best pastAnswer, least uint64, ok bool) {
	from, to := 0, l.n
	for to > 0 && l.list[to-1].endedNs/slot >= now/slot {
		to--
	}
	from = max(from, to-pastKept)
	for i := from; i < to; i++ {
		x := &l.list[i]
		if x.key == key || x.endedNs > now-int64(age) {
			continue
		}
		if d := wire.Mix(u ^ x.draw); !ok || d < least {
			best, least, ok = *x, d, true
		}
	}
	return best, least, ok
}

// pastCaller is who makes the call.
func (a *attempt) pastCaller() pastCaller {
	c := pastCaller{named: a.rec.Carrier != 0, who: a.rec.Tenant, endpoint: a.rec.Endpoint, model: a.rec.ModelAsked}
	if !c.named {
		c.principal = a.rec.Principal
	}
	return c
}

// remember keeps what the attempt has said, if it was words of ours that carry
// watermarks, and all of them.
func (a *attempt) remember() {
	if !a.s.past.on.Load() || a.rec.End != journal.AttemptComplete || a.shown.Has(faults.SlotMutation) || a.route.kind != "chat" {
		return
	}
	i := slices.IndexFunc(a.ans.parts, func(p part) bool { return p.kind == partText && p.script.generated && p.script.marked })
	if i < 0 || len(a.ans.stopText) > textMax {
		return
	}
	rec, s := &a.rec, &a.ans.parts[i].script
	a.s.past.keep(a.pastCaller(), &pastAnswer{
		key: rec.Key, step: rec.StepHash, model: rec.ModelServed, mark: s.mark, drawn: s.drawn, length: min(len(s.text), s.cut(s.tokens)), tokens: s.tokens,
		stop: a.ans.parts[i].stop, text: strings.Clone(a.ans.stopText), draw: a.pastDraw("said"), endedNs: a.now(),
	})
}

// pastDraw draws bits that belong to the attempt.
func (a *attempt) pastDraw(what string) uint64 {
	rec := &a.rec
	return draw.Bits(a.s.opt.Seed, "mockmodel.past."+what, rec.Key.Phase, strconv.FormatInt(rec.Key.Index, 36), strconv.FormatUint(rec.StepHash, 36), strconv.Itoa(rec.Ordinal))
}
