package mockmodel

import (
	"net/http"
	"sort"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// timing is when the parts of an answer are due, in ns on the run's clock.
// Every instant is counted from the admission, so that a late write makes no
// other one late.
//
//	admitted ──first──▶ token 1 ──gap──▶ token 2 ──gap──▶ ... token n ──gap──▶ end
//
// The end is one gap behind the last token: a model finds out that it is done
// by generating one token more. An answer in one piece is sent at the end.
type timing struct {
	admitted   int64
	first, gap time.Duration

	// Where calls slow each other down, tokens behind the first one are done
	// when the batch has made their steps.
	batch *batch
	// table is when the events of a recorded answer came, in ns since the call;
	// stretch says how much slower they come now.
	table   []int64
	stretch float64 // steps of a token: more than one where a fault slows it down
	from    float64 // steps made at the first token, once it has joined
	joined  bool

	// ownFirst and ownGap are the model's own, without faults.
	ownFirst, ownGap time.Duration
}

// step returns the step of the batch with which token i is done.
func (t *timing) step(i int) float64 { return t.from + float64(i)*t.stretch }

// ready reports whether token i is done at now.
func (t *timing) ready(i int, now int64) bool {
	if t.batch == nil || i == 0 {
		return t.token(i) <= now
	}
	if !t.joined {
		return false
	}
	steps, _ := t.batch.look(now)
	return steps >= t.step(i)-1e-6
}

// token returns when token i, from 0, is due.
func (t *timing) token(i int) int64 { return t.at(t.first, t.gap, i) }

// end returns when an answer of n tokens is done.
func (t *timing) end(n int) int64 { return t.at(t.first, t.gap, n) }

func (t *timing) at(first, gap time.Duration, n int) int64 {
	if t.table != nil {
		since := float64(t.table[min(n, len(t.table)-1)]-t.table[0]) * t.stretch
		return saturate(saturate(t.admitted, first), time.Duration(since))
	}
	return saturate(saturate(t.admitted, first), times(gap, n))
}

// generated returns how many of n tokens exist at now.
func (t *timing) generated(now int64, n int) int {
	since := now - t.token(0)
	switch {
	case since < 0:
		return 0
	case t.batch != nil:
		if !t.joined {
			return 0
		}
		steps, _ := t.batch.look(now)
		return min(n, int((steps-t.from)/t.stretch)+1)
	case t.table != nil:
		return sort.Search(n, func(i int) bool { return t.token(i) > now })
	case t.gap <= 0:
		return n
	}
	return int(min(int64(n), since/int64(t.gap)+1))
}

// times multiplies and saturates.
func times(d time.Duration, n int) time.Duration {
	const most = time.Duration(1<<63 - 1)
	if n > 0 && d > most/time.Duration(n) {
		return most
	}
	return d * time.Duration(n)
}

// own returns the model's own time to the first token, and its gap between two.
func (a *attempt) own() (first, gap time.Duration) {
	m := &a.station.Model
	first = defaultTTFT
	if a.route.kind != "chat" {
		first = defaultLookup
	}
	if m.TTFT != nil {
		first = *m.TTFT
	}
	if x := a.replaying; x != nil {
		return x.pace()
	}
	if rate := *m.TokensPerSecond; rate > 0 {
		gap = time.Duration(float64(time.Second) / rate)
	}
	return first, gap
}

// timing works out when the answer is due. The load that a brownout grows with
// is that of the instant of admission.
func (a *attempt) timing() timing {
	t := timing{admitted: a.rec.AdmittedNs}
	t.ownFirst, t.ownGap = a.own()
	t.first, t.gap = t.ownFirst, t.ownGap
	if a.effect.Delay != nil || a.effect.Pace != nil {
		load := a.station.inFlight()
		if d := a.effect.Delay; d != nil {
			t.first = d.FirstToken(t.ownFirst, load)
		}
		if p := a.effect.Pace; p != nil {
			t.gap = p.Gap(t.ownGap, load)
		}
	}
	if x := a.replaying; x != nil {
		t.table, t.stretch = x.table(), 1
		if t.ownGap > 0 {
			t.stretch = float64(t.gap) / float64(t.ownGap)
		}
	} else if b := a.station.batch; b != nil && a.work.st != nil {
		t.batch, t.stretch = b, float64(t.gap)/float64(t.ownGap)
		a.work.stretch = t.stretch
	}
	a.work.first, a.work.gap = t.first, t.gap
	return t
}

// answer prepares what is said and sends it.
func (a *attempt) answer() {
	a.prepare()
	t := a.timing()
	a.ans.admittedNs, a.ans.loadedNs, a.ans.firstNs = t.admitted, max(t.admitted, a.enteredNs), t.token(0)
	if a.ans.blocked && a.route.vendor.blocked != nil {
		a.refuseBlocked(&t)
		return
	}
	if s, ok := a.call.form.(streamer); ok && a.call.stream && (a.replaying == nil || a.replaying.streams()) && !a.unstreamed() {
		a.stream(s, t)
	} else {
		a.deliver(t)
	}
}

// prepare fills in the answer: who gives it, what it says, what it costs.
func (a *attempt) prepare() {
	rec := &a.rec
	ans := &a.ans
	*ans = answer{
		content: ans.content[:0], parts: ans.parts[:0], choices: max(1, a.call.choices),
		arrivedNs: rec.ArrivedNs,
		id:        a.request, created: a.s.opt.Epoch.Time(rec.ArrivedNs).Unix(), model: a.call.model,
		tokensIn: rec.TokensIn, seed: a.s.opt.Seed, store: a.s.store, vectors: a.s.answers, asked: a.call.model, epoch: a.s.opt.Epoch,
	}
	if a.s.cfg.Watermarks() {
		ans.codec, ans.mark = a.s.opt.Codec, a.mark()
	}
	if e, ok := a.call.form.(sized); ok {
		e.size(a.station.Dimensions)
	}
	if m, ok := a.call.form.(*openAIModerations); ok {
		m.verdicts = a.s.answers
	}
	if m := a.effect.Mutation; m != nil {
		switch m.Kind {
		case faults.MutationEmpty:
			ans.empty, ans.tokensIn = true, 0
		case faults.MutationWrongModel:
			rec.ModelServed = journal.Clip(m.Model, textMax)
			if m.Declared {
				ans.model = m.Model
			}
		default:
			if bending[m.Kind] {
				ans.bend = m
			}
		}
	}
	if _, x := a.literal(); x != nil && !ans.empty {
		a.useRecording(x)
		return
	}
	if a.route.kind != "chat" || ans.empty || a.call.silent {
		return
	}
	switch {
	case a.filters("prompt") != nil:
		a.composeBlocked()
	case a.composeNothing():
	default:
		a.compose()
		a.bendTools()
		a.bendWords()
	}
	ans.count()
	a.work.out = ans.longest
	rec.TokensPlanned, rec.ReasoningTokens = ans.tokensOut, ans.thinking
}

// waitDue waits until a write is due and notes how late it is. false: the
// caller is gone.
func (a *attempt) waitDue(kind waitKind, due int64) bool {
	if !a.wait(kind, due) {
		return false
	}
	a.late(due, a.now())
	return true
}

// late notes the lateness of a write that was due and happens now. Time that
// the caller took to read what was written before is not the provider's.
func (a *attempt) late(due, now int64) {
	by := max(0, now-max(due, a.wroteNs))
	a.rec.LateMaxNs = max(a.rec.LateMaxNs, by)
	a.s.lateBy(by)
}

// met notes which of delay and pace have shown by now: as soon as the model
// alone would have done what has not been done yet. Who gives up while waiting
// has met the fault, who gives up before that has not.
func (a *attempt) met(t *timing, now int64, n int) {
	if a.effect.Delay != nil && t.first > t.ownFirst && now > saturate(t.admitted, t.ownFirst) {
		a.show(faults.SlotDelay)
	}
	if a.effect.Pace == nil || n == 0 || t.gap == t.ownGap {
		return
	}
	// From the second token on, or from the end of an answer of one.
	if slow := t.gap > t.ownGap && now > t.at(t.first, t.ownGap, 1); slow || now >= t.at(t.first, t.gap, 1) {
		a.show(faults.SlotPace)
	}
}

// deliver sends the answer in one piece when its last token is done.
func (a *attempt) deliver(t timing) {
	rec := &a.rec
	if !a.readPrompt(&t) {
		return
	}
	n := a.ans.tokensOut
	came := (t.batch == nil || n == 0 || a.waitToken(&t, 0, a.ans.longest)) && a.waitToken(&t, a.ans.longest, a.ans.longest)
	now := a.now()
	a.met(&t, now, n)
	if !came {
		// Generated, and to be paid for.
		rec.TokensEmitted = min(n, a.ans.choices*t.generated(now, a.ans.longest))
		return
	}
	a.ans.nowNs = now
	a.buf = a.call.form.whole(a.buf[:0], &a.ans)
	if a.ans.marked {
		rec.MarkID = rec.ID
	}
	h := a.w.Header()
	status := http.StatusOK
	if f, ok := a.call.form.(headed); ok {
		status = f.head(h)
	}
	h["Content-Type"] = a.mediaTold(false, status)
	edited := 0
	if status < http.StatusMultipleChoices {
		edited = a.editBody()
	}
	at := len(a.buf)
	if a.effect.Ending != nil && status < http.StatusMultipleChoices { // a recorded error hides it
		at = a.cutWhole()
	}
	a.writeHead(status, len(a.buf))
	rec.TokensEmitted = n
	if !a.write(a.buf[:at]) {
		return
	}
	rec.FirstNs, rec.LastNs = rec.HeaderNs, rec.HeaderNs
	if n > 0 {
		a.emit(rec.HeaderNs, n)
	}
	if edited > 0 && at >= edited {
		a.show(faults.SlotMutation)
	}
	if at < len(a.buf) {
		if at > 0 && a.ans.bends(faults.MutationMedia) { // its head has told
			a.mutated()
		}
		a.endHere()
		return
	}
	a.mutated()
	rec.End = journal.AttemptComplete
}

// mutated notes that the mutation, if there is one, has shown: with the first
// word, or where there is none at the end. Who has left before that, or was cut
// off, has not met it.
func (a *attempt) mutated() {
	if m := a.effect.Mutation; m != nil && !m.OfFrames() && (a.ans.bend == nil || a.ans.bent) { // see flush
		a.show(faults.SlotMutation)
	}
}

// media returns the media type of the answer.
func (a *attempt) media(stream bool) []string {
	if m, ok := a.call.form.(mediaTyped); ok {
		return m.media(stream)
	}
	if stream {
		return streamType
	}
	return jsonType
}
