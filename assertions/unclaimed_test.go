package assertions

import "testing"

// Retries without the request id are not seen as such; few of them leave the
// coverage high.
func TestRetriesThatNameNobody(t *testing.T) {
	tests := []struct {
		name string
		body uint64 // of the calls that name nobody: 0 as the call that failed
		want Verdict
	}{
		{"the body of the call that failed", 0, Inconclusive},
		{"another body: work in the background", 5000, Pass},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tale.users(1000, "spike", func(u *user) {
				u.step = 100 + uint64(u.r.Key.Index)
				if u.r.Key.Index%25 != 0 {
					u.calls(200).gets("full")
					return
				}
				u.calls(500).gets("error")
				again := tt.body
				if again == 0 {
					again = u.step
				}
				u.t.user("spike", u.now, func(n *user) { n.anon, n.step = true, again; n.calls(200).gets("full") })
			})
			f := tale.judge(Spec{ID: "retries.attempts"})
			if f.Verdict != tt.want || f.Verdict == Inconclusive && f.ToConclude != "correlate: {marker: on}" {
				t.Errorf("%s: %s; %q", f.Verdict, f.Reason, f.ToConclude)
			}
		})
	}
}
