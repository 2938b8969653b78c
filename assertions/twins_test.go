package assertions

import (
	"testing"
)

// An ensemble asks three times in parallel, a loop asks again and again: their
// calls after a failed one are no retries, and nobody is convicted for them.
func TestTwinsAreNoRetries(t *testing.T) {
	ensemble := func(fails bool) func(*user) {
		return func(u *user) {
			at := u.now
			for i := range 3 {
				u.now = at + int64(i)*int64(2*ms)
				if fails && i == 0 {
					u.calls(500)
				} else {
					u.calls(200)
				}
			}
			u.gets("full")
		}
	}
	loop := func(fails bool) func(*user) {
		return func(u *user) {
			if fails {
				u.calls(500).waits(5 * ms)
			}
			u.calls(200).calls(200).gets("full")
		}
	}
	retries := func(u *user) { u.calls(500).waits(5 * ms).calls(200).gets("full") }
	hedger := func(u *user) { u.calls(200).waits(-60 * ms).calls(200).gets("full") }
	tests := []struct {
		name  string
		quiet func(*user)
		storm func(*user)
		want  Verdict
	}{
		{"an ensemble", ensemble(false), ensemble(true), Inconclusive},
		{"a loop", loop(false), loop(true), Inconclusive},
		{"a service that asks once", func(u *user) { u.calls(200).gets("full") }, retries, Fail},
		{"a service that hedges slow calls", hedger, retries, Fail},
		{"twins of another kind of call", func(u *user) {
			u.kind = "embed"
			loop(false)(u)
			u.kind, u.step = "chat", 8
			u.calls(200).gets("full")
		}, retries, Fail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tale.unmeasured()
			tale.users(100, "warm", tt.quiet)
			tale.users(100, "spike", tt.storm)
			for _, id := range []string{"retries.first_delay", "retries.amplification"} {
				f := tale.judge(Spec{ID: id})
				if f.Verdict != tt.want {
					t.Errorf("%s: %s: %s", id, f.Verdict, f.Reason)
				}
				if f.Verdict == Inconclusive && f.ToConclude == "" {
					t.Errorf("%s does not say what would conclude", id)
				}
			}
		})
	}
}

// A retry of one of three parallel calls looks like a hedge or a new call: that
// none was found is no proof. A loop waits for each answer and hides nothing.
func TestParallelTwinsHideRetries(t *testing.T) {
	many := func(u *user) { // six tries, and the twin that went well hides them
		at := u.now
		u.calls(200)
		u.now = at + int64(2*ms)
		for range 5 {
			u.calls(500).waits(150 * ms)
		}
		u.calls(200).gets("full")
	}
	pair := func(u *user) { u.calls(200).waits(-98 * ms).calls(200).gets("full") }
	tests := []struct {
		name         string
		quiet, storm func(*user)
		want         Verdict
	}{
		{"a pair", pair, many, Inconclusive},
		{"a loop", func(u *user) { u.calls(200).calls(200).gets("full") }, func(u *user) { u.calls(200).calls(500).waits(200 * ms).calls(200).gets("full") }, Pass},
		{"one call", func(u *user) { u.calls(200).gets("full") }, func(u *user) { u.calls(500).waits(200 * ms).calls(200).gets("full") }, Pass},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tale.unmeasured()
			tale.users(100, "warm", tt.quiet)
			tale.users(100, "spike", tt.storm)
			f := tale.judge(spec(t, "retries.attempts", func(c *RetryAttempts) { c.Max = 5 }))
			if f.Verdict != tt.want || f.Verdict == Inconclusive && f.ToConclude == "" {
				t.Errorf("%s: %s; %q", f.Verdict, f.Reason, f.ToConclude)
			}
		})
	}
}

// The kind of call that would conclude is one that comes once.
func TestTwinsNameAKindThatComesOnce(t *testing.T) {
	tale := newTale()
	tale.unmeasured()
	both := func(u *user) {
		u.calls(200).calls(200)
		u.kind, u.model, u.step = "embed", "embedder", 8
		u.calls(200).gets("full")
	}
	tale.users(100, "warm", both)
	tale.users(40, "spike", func(u *user) { u.calls(500).waits(5 * ms); both(u) })
	f := tale.judge(Spec{ID: "retries.first_delay"})
	if want := "for: {step: embed}   # a kind of call that the service makes once for a request"; f.Verdict != Inconclusive || f.ToConclude != want {
		t.Errorf("%s: %q", f.Verdict, f.ToConclude)
	}
}
