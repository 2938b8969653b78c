package faults

import (
	"math"
	"testing"
	"time"
)

// barred is a rule with a barrier, right but for what change does to it: it
// applies in the spike, 12 s to 22 s of a load of 40 s.
func barred(change func(*Barrier)) []Rule {
	b := &Barrier{}
	change(b)
	return hang(func(r *Rule) { r.During, r.Barrier = "spike", b })
}

func TestValidateBarriers(t *testing.T) {
	at := func(phase string, offset time.Duration) *At { return &At{phase, offset} }
	checkRefusals(t, []refusal{
		{barred(func(b *Barrier) { b.Wait = 20 }), ""},
		{barred(func(b *Barrier) { b.At = at("spike", 2*time.Second) }), ""},
		{barred(func(b *Barrier) { b.At = at("", 14*time.Second) }), ""},
		{barred(func(b *Barrier) { b.At = at("recovery", time.Second) }), ""},
		{barred(func(b *Barrier) { b.Wait, b.At, b.Patience = 20, at("spike", 2*time.Second), dur("500ms") }), ""},
		{barred(func(b *Barrier) { b.At, b.Patience = at("spike", 2*time.Second), dur("2s") }), ""},
		{barred(func(b *Barrier) {}), "[0].barrier: does not say when it opens: give wait, such as wait: 20, or at, such as at: spike + 2s, or both"},
		{barred(func(b *Barrier) { b.Wait = 1 }), "[0].barrier.wait: is 1, and one call has nobody to wait for: give 2 or more"},
		{barred(func(b *Barrier) { b.Wait = 10_001 }), "[0].barrier.wait: is 10001: give a number of calls from 2 to 10000"},
		{barred(func(b *Barrier) { b.Wait, b.Patience = 2, dur("0s") }), "[0].barrier.patience: is 0s: give a time from 10ms to 5m"},
		{barred(func(b *Barrier) { b.Wait, b.Patience = 2, dur("6m") }), "[0].barrier.patience: is 6m: give a time from 10ms to 5m"},
		{barred(func(b *Barrier) { b.At = at("spik", 0) }), `[0].barrier.at: there is no phase "spik": one of warm, ramp, spike, recovery; did you mean spike?`},
		{barred(func(b *Barrier) { b.At = at("ramp", time.Second) }), "[0].barrier.at: is 9s, and the rule applies from 12s on: nobody would be held; give a later instant"},
		{barred(func(b *Barrier) { b.At = at("spike", 0) }), "[0].barrier.at: is 12s, and the rule applies from 12s on: nobody would be held; give a later instant"},
		{barred(func(b *Barrier) { b.At = at("recovery", time.Minute) }), "[0].barrier.at: is 1m22s, and the load ends at 40s: give an earlier instant"},
		{barred(func(b *Barrier) { b.At, b.Patience = at("spike", 2*time.Second), dur("1s") }),
			"[0].barrier.patience: is 1s, and whoever comes when the rule begins, at 12s, waits until 14s: give at least 2s, or leave it out"},
		{hang(func(r *Rule) { r.During, r.Barrier = "nowhere", &Barrier{At: at("spike", 0)} }), `[0].during: there is no phase "nowhere": one of warm, ramp, spike, recovery`},
	})
	// Without a load a rule is from the start on, however long the mock runs.
	got := Validate([]Rule{{Fault: newFault("http_500"), Barrier: &Barrier{At: at("", time.Hour)}}}, nil)
	if len(got) != 1 || got[0].Msg != "is 1h after the rule begins: calls are held for 5m at most; let the rule begin later" {
		t.Error(got)
	}
	if got := Validate([]Rule{{Fault: newFault("http_500"), Barrier: &Barrier{At: at("spike", 0)}}}, nil); len(got) != 1 || got[0].Path != "[0].barrier.at" {
		t.Error(got)
	}
	proxied := Rule{Fault: newFault("tcp_reset"), Match: Match{Proxy: "cache"}, Barrier: &Barrier{Wait: 2}}
	if got := Validate([]Rule{proxied}, load); len(got) != 1 || got[0].Path != "[0].barrier" {
		t.Errorf("a barrier for the connections of a proxy: %v", got)
	}
}

// Until when somebody is held who comes at an instant of the spike, 12.5 s to
// 22.5 s on the clock of the run, and what lets him go then.
func TestGate(t *testing.T) {
	for _, c := range []struct {
		say     string
		barrier Barrier
		comes   float64
		until   float64
		by      Opened
	}{
		{"the patience that nobody gave", Barrier{Wait: 9}, 13, 18, OpenedPatience},
		{"a patience", Barrier{Wait: 9, Patience: dur("250ms")}, 13, 13.25, OpenedPatience},
		{"the window ends before", Barrier{Wait: 9}, 20, 22.5, OpenedWindow},
		{"an instant alone has all the patience that it takes", Barrier{At: &At{"recovery", 10 * time.Second}}, 13, 32.5, OpenedAt},
		{"an instant behind the window", Barrier{Wait: 9, At: &At{"recovery", time.Second}}, 20, 23.5, OpenedAt},
		{"an instant behind the patience", Barrier{Wait: 9, At: &At{"spike", 9 * time.Second}}, 13, 18, OpenedPatience},
		{"at the instant nobody is held", Barrier{At: &At{"spike", time.Second}}, 13.5, 13.5, OpenedAt},
		{"behind it neither", Barrier{At: &At{"spike", time.Second}}, 20, 13.5, OpenedAt},
		{"the window is over", Barrier{Wait: 9}, 22.5, 22.5, OpenedWindow},
	} {
		b := c.barrier
		s := schedule(t, 1, Rule{Fault: newFault("http_500"), During: "spike", Barrier: &b})
		hit := s.Decide(call(1)).Hits[0]
		if hit.Gate == nil || hit.Gate.Name != "http_500" || hit.Gate.Wait != int(b.Wait) {
			t.Errorf("%s: %+v", c.say, hit.Gate)
			continue
		}
		until := hit.Gate.Until(sec(c.comes))
		if by := hit.Gate.OpenedBy(max(until, sec(c.comes))); until != sec(c.until) || by != c.by {
			t.Errorf("%s: until %v by %s, want %v by %s", c.say, float64(until)/1e9, by, c.until, c.by)
		}
	}
}

// A barrier is physics: adding or changing one changes nothing that is decided.
// Who waits is chosen, by dice, and has something to wait for.
func TestABarrierChangesNoDecision(t *testing.T) {
	rules := func(b *Barrier) []Rule {
		return []Rule{
			{Fault: newFault("rate_limit"), Probability: ptr(Share(0.3))},
			{Fault: newFault("http_500"), Probability: ptr(Share(0.4)), Barrier: b},
			{Fault: newFault("conn_reset_pre"), Probability: ptr(Share(0.1))},
		}
	}
	plain := schedule(t, 42, rules(nil)...)
	for _, b := range []*Barrier{{Wait: 2}, {Wait: 20, At: &At{"spike", 2 * time.Second}, Patience: dur("1s")}, {At: &At{"recovery", 0}}} {
		with := schedule(t, 42, rules(b)...)
		waits, chosen := 0, 0
		for i := range 10_000 {
			c := call(int64(i / 3))
			c.Ordinal = 1 + i%3
			if i%50 == 0 {
				c.Held = []string{"http_500"}
			}
			want, got := plain.Decide(c), with.Decide(c)
			if states(want) != states(got) || want.Effect.Slots() != got.Effect.Slots() {
				t.Fatalf("%+v: %s, without the barrier %s", c, states(got), states(want))
			}
			for _, h := range got.Hits {
				if h.Name == "http_500" && h.State == Chosen && !h.Masked {
					chosen++
				}
				if h.Gate == nil {
					continue
				}
				if waits++; h.Name != "http_500" || h.State != Chosen || h.Masked {
					t.Fatalf("%+v waits", h)
				}
			}
		}
		if waits == 0 || waits != chosen {
			t.Errorf("%d wait of %d that were chosen", waits, chosen)
		}
	}
}

// A gate that never closes is no overflow.
func TestGateOfARuleWithoutAnEnd(t *testing.T) {
	g := (&Barrier{Wait: 2}).bind(Gate{}, nil, math.MaxInt64)
	if got := g.Until(math.MaxInt64 - 1); got != math.MaxInt64 {
		t.Error(got)
	}
}
