package assertions

import "testing"

// A retry with another body is no retry to be seen, but it is no new call either
// where healthy requests make fewer calls.
func TestRetriesThatChangeTheBody(t *testing.T) {
	storm := func(bodies ...uint64) func(*user) {
		return func(u *user) {
			for _, b := range bodies {
				u.step = b
				u.calls(500).waits(150 * ms)
			}
			u.step = 99
			u.calls(200).gets("full")
		}
	}
	one := func(u *user) { u.calls(200).gets("full") }
	loop := func(u *user) {
		for b := range uint64(3) {
			u.step = b
			u.calls(200)
		}
		u.gets("full")
	}
	tests := []struct {
		name         string
		quiet, storm func(*user)
		want         map[string]Verdict
	}{
		{"eight tries, each with a body of its own", one, storm(1, 2, 3, 4, 5, 6, 7), map[string]Verdict{
			"retries.attempts": Inconclusive, "retries.amplification": Inconclusive, "retries.first_delay": Inconclusive,
		}},
		{"a loop of three that goes on after a failed step", loop, storm(1, 2), map[string]Verdict{"retries.attempts": Pass, "retries.amplification": Pass, "retries.first_delay": Vacuous}},
		{"one call, tried again as it is", one, func(u *user) { u.calls(500).waits(150 * ms).calls(200).gets("full") }, map[string]Verdict{
			"retries.attempts": Pass, "retries.first_delay": Pass, "retries.amplification": Fail,
		}},
		{"six tries of one body convict whatever else there is", one, func(u *user) {
			u.calls(500, 500, 500, 500, 500, 500)
			u.step = 8
			u.calls(200).gets("full")
		}, map[string]Verdict{"retries.attempts": Fail, "retries.first_delay": Fail, "retries.amplification": Fail}},
		{"another kind of call after a failed one", one, func(u *user) {
			u.kind, u.model = "embed", "embedder"
			u.calls(500)
			u.kind, u.model = "chat", "gpt"
			u.calls(200).gets("full")
		}, map[string]Verdict{"retries.attempts": Pass}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tale.unmeasured()
			tale.users(100, "warm", tt.quiet)
			tale.users(150, "spike", tt.storm)
			for id, want := range tt.want {
				f := tale.judge(Spec{ID: id})
				if f.Verdict != want || f.Verdict == Inconclusive && f.ToConclude != everyCall {
					t.Errorf("%s: %s: %s; %q", id, f.Verdict, f.Reason, f.ToConclude)
				}
			}
		})
	}
}
