package mockmodel

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

func stale(t testing.TB, age time.Duration) faults.Rule {
	return rule(t, "stale_answer", func(f *faults.StaleAnswer) { f.Age = age }, fromSecond)
}

func cross(t testing.TB, from string) faults.Rule {
	return rule(t, "cross_answer", func(f *faults.CrossAnswer) { f.From = from }, fromSecond)
}

// fromSecond leaves the first second alone: what is answered then is given again.
func fromSecond(r *faults.Rule) { r.From = ptr(time.Second) }

// saidBy is what the watermarks of an answer say: whose it is and what is wrong
// with it.
func saidBy(text string) string {
	marks := codec.NewMarks()
	marks.Write([]byte(text))
	var out []string
	for _, m := range marks.Summary() {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s/%d of %s %s", m.Phase, m.Index, m.Tenant, m.Found)))
	}
	return strings.Join(out, " + ")
}

// Who is hit gets all that somebody else was told, watermarks and words alike;
// who cannot be hit gets his own answer, and the rule has missed.
func TestAnswersOfOthers(t *testing.T) {
	own := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 90}
	mine := wire.ID{Phase: "warm", Index: 1, Tenant: "t1", OutputTokens: 80}
	theirs := wire.ID{Phase: "warm", Index: 2, Tenant: "t2", OutputTokens: 70}
	after := func(r faults.Rule) []faults.Rule { return []faults.Rule{r} }
	for _, c := range []struct {
		name   string
		rules  []faults.Rule
		before []wire.ID // who has been answered
		wait   time.Duration
		more   string
		want   string
	}{
		{"stale: the caller's own", after(stale(t, 0)), []wire.ID{mine, theirs}, time.Second, "", "warm/1 of t1"},
		{"stale: none of the caller", after(stale(t, 0)), []wire.ID{theirs}, time.Second, "", "spike/7 of t1"},
		{"stale: nothing was asked before", after(stale(t, 0)), nil, time.Second, "", "spike/7 of t1"},
		{"stale: the same request is no other one", after(stale(t, 0)), []wire.ID{own}, time.Second, "", "spike/7 of t1"},
		{"stale: old enough", after(stale(t, time.Minute)), []wire.ID{mine}, time.Minute, "", "warm/1 of t1"},
		{"stale: too young", after(stale(t, time.Minute)), []wire.ID{mine}, time.Minute - time.Millisecond, "", "spike/7 of t1"},
		{"cross: another tenant's", after(cross(t, faults.FromOther)), []wire.ID{mine, theirs}, time.Second, "", "warm/2 of t2"},
		{"cross: none of another tenant", after(cross(t, faults.FromOther)), []wire.ID{mine}, time.Second, "", "spike/7 of t1"},
		{"cross: anybody's", after(cross(t, faults.FromAny)), []wire.ID{mine}, time.Second, "", "warm/1 of t1"},
		{"max_tokens cut it before and does not now", after(cross(t, faults.FromOther)), []wire.ID{theirs}, time.Second, `,"max_tokens":20`, "warm/2 of t2"},
		{"what must be JSON is nobody else's", after(cross(t, faults.FromOther)), []wire.ID{theirs}, time.Second, `,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{"a":{"type":"string"}}}}}`, "spike/7 of t1"},
	} {
		for _, more := range []string{"", streamed} {
			virtual(t, Config{Models: []Model{instant("gpt-4o", 12)}}, c.rules, func(g *rig) {
				given := map[string]string{}
				for _, id := range c.before {
					text := saidIn(t, g.send(ask{path: chatPath, body: chat("gpt-4o", more), id: id}).body)
					given[saidBy(text)] = text
					g.last()
				}
				time.Sleep(c.wait)
				synctest.Wait()
				text := saidIn(t, g.send(ask{path: chatPath, body: chat("gpt-4o", c.more+more), id: own}).body)
				rec := g.last()
				got, hit := saidBy(text), c.want != "spike/7 of t1"
				if c.more == "" && got != c.want || hit && (got != c.want || text != given[got]) {
					t.Errorf("%s%s: %s: %q, and it was %q", c.name, more, got, text, given[c.want])
				}
				if strings.Contains(states(rec), ":injected(mutation)") != hit || !hit && !strings.Contains(states(rec), ":missed(mutation)") {
					t.Errorf("%s%s: %s", c.name, more, states(rec))
				}
				if rec.TokensEmitted != rec.TokensPlanned || hit && rec.TokensEmitted == own.OutputTokens {
					t.Errorf("%s%s: %d tokens of %d", c.name, more, rec.TokensEmitted, rec.TokensPlanned)
				}
			})
		}
	}
}

// Whose answer it is follows from what has been given and by whom it is asked
// for, not from the order in which the calls of an instant end: forty tenants'
// calls that end together are kept in any order, and each gets the same again.
func TestAnswersOfOthersRepeat(t *testing.T) {
	const n = 40
	of := func(order func(i int) int) string {
		var p past
		r := cross(t, faults.FromOther)
		schedule, problems := faults.NewSchedule(7, []faults.Rule{r}, nil, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		p.set(schedule)
		caller := func(i int) pastCaller { return pastCaller{named: true, who: fmt.Sprint("t", i%8), model: "gpt-4o"} }
		key := func(i int) journal.Key { return journal.Key{Phase: "spike", Index: int64(i)} }
		var out strings.Builder
		for instant := range int64(30) {
			for j := range n {
				i := order(j)
				p.keep(caller(i), &pastAnswer{key: key(int(instant)*n + i), draw: wire.Mix(uint64(instant*n) + uint64(i)), endedNs: instant})
				// Amid them, calls that arrive at that instant find the same as before or after them.
				m := &faults.Mutation{Kind: faults.MutationOtherAnswer, From: faults.FromOther}
				x, ok := p.find(caller(0), key(-1), m, uint64(instant), instant)
				if j == n/2 {
					fmt.Fprintln(&out, ok, x.key)
				}
				if last, _ := p.find(caller(0), key(-1), m, uint64(instant), instant); ok && last != x {
					t.Errorf("instant %d: %v, then %v", instant, x.key, last.key)
				}
			}
		}
		return out.String()
	}
	forward, backward := of(func(i int) int { return i }), of(func(i int) int { return n - 1 - i })
	if forward != backward || strings.Count(forward, "true") != 29 {
		t.Errorf("forward:\n%s\nbackward:\n%s", forward, backward)
	}
}

// What is remembered is bounded, in callers and in answers of each, and it is
// nothing where no rule asks for it.
func TestThePastIsBounded(t *testing.T) {
	var p past
	p.set(nil)
	p.keep(pastCaller{who: "t1"}, &pastAnswer{})
	if len(p.callers) != 0 {
		t.Errorf("%d callers are remembered for nobody", len(p.callers))
	}
	schedule, problems := faults.NewSchedule(7, []faults.Rule{stale(t, 0)}, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p.set(schedule)
	for i := range int64(3 * pastCallers) {
		p.keep(pastCaller{who: fmt.Sprint("t", i)}, &pastAnswer{endedNs: i})
		p.keep(pastCaller{who: "t1"}, &pastAnswer{endedNs: i, key: journal.Key{Index: i}})
	}
	of := p.callers[pastCaller{who: "t1"}]
	if len(p.callers) != pastCallers || of.n != pastKept+1 || of.list[of.n-1].key.Index != 3*pastCallers-1 {
		t.Errorf("%d callers, %d answers of one, the last %v", len(p.callers), of.n, of.list[of.n-1].key)
	}
}
