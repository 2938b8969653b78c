package assertions

import (
	"slices"
	"testing"
)

// Each field of `for`, and `during`, takes what it names and nothing else: the
// same eighty failing calls are judged eight ways.
func TestScope(t *testing.T) {
	tell := func(t *tale) {
		t.users(40, "spike", func(u *user) {
			u.r.Mix = []string{"short", "long", "long", "long"}[u.r.Key.Index%4]
			u.calls(500).waits(200 * ms).calls(200)
			u.kind, u.model, u.step = "embed", "embedder", 8
			u.calls(500).waits(200 * ms).calls(200).gets("full")
			if u.r.Key.Index%5 == 0 {
				u.r.ModelAsked = "mini"
			}
		})
		for i := range t.j.Attempts {
			if t.j.Attempts[i].Kind == "embed" {
				t.j.Attempts[i].Endpoint = "backup"
			}
		}
	}
	tests := []struct {
		name   string
		id     string
		scope  For
		during string
		want   int64 // exposure
	}{
		{"all", "retries.attempts", For{}, "", 80},
		{"a phase", "retries.attempts", For{}, "spike", 80},
		{"a phase in which nothing failed", "retries.attempts", For{}, "warm", 0},
		{"a tenant", "retries.attempts", For{Tenants: []string{"t1"}}, "", 40},
		{"both tenants", "retries.attempts", For{Tenants: []string{"t0", "t1"}}, "", 80},
		{"an entry of the mix", "retries.attempts", For{Mix: "short"}, "", 20},
		{"a kind of step", "retries.attempts", For{Step: "embed"}, "", 40},
		{"an endpoint", "retries.attempts", For{Endpoint: "backup"}, "", 40},
		{"a model that calls ask for", "retries.attempts", For{Model: "embedder"}, "", 40},
		{"all at once", "retries.attempts", For{Tenants: []string{"t0"}, Mix: "short", Step: "chat", Model: "gpt"}, "spike", 10},
		{"a model that requests ask for", "degradation.no_empty", For{Model: "mini"}, "", 8},
		{"nobody", "retries.attempts", For{Tenants: []string{"t9"}}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tell(tale)
			f := tale.judge(Spec{ID: tt.id, For: tt.scope, During: tt.during})
			if f.Exposure != tt.want {
				t.Errorf("exposure %d, want %d", f.Exposure, tt.want)
			}
			if f.During != tt.during || f.For != nil && !slices.Equal(f.For.Tenants, tt.scope.Tenants) || (f.For == nil) != (tt.name == "all" || tt.during != "" && tt.scope.Mix == "") {
				t.Errorf("judged during %q for %+v", f.During, f.For)
			}
		})
	}
}

// Each scope has a coverage of its own: what cannot be joined in one phase does
// not spoil another, and what is of another kind of step no check of this one.
func TestCoverageIsOfTheScope(t *testing.T) {
	tale := newTale()
	tale.users(40, "spike", func(u *user) { u.calls(500).waits(200 * ms).calls(200).gets("full") })
	tale.users(40, "recovery", func(u *user) { u.calls(500).waits(200 * ms).calls(200).gets("full") })
	tale.users(40, "recovery", func(u *user) { u.anon, u.kind = true, "embed"; u.calls(200).gets("full") })
	for name, tt := range map[string]struct {
		spec Spec
		want Verdict
	}{
		"the phase with the gap":             {during(Spec{ID: "retries.attempts"}, "recovery"), Inconclusive},
		"the phase before":                   {during(Spec{ID: "retries.attempts"}, "spike"), Pass},
		"the kind of step without a gap":     {Spec{ID: "retries.attempts", During: "recovery", For: For{Step: "chat"}}, Pass},
		"the whole load":                     {Spec{ID: "retries.attempts"}, Inconclusive},
		"a check that needs no join":         {during(Spec{ID: "cache.no_leak"}, "recovery"), Vacuous},
		"the kind of step with nothing else": {Spec{ID: "retries.attempts", For: For{Step: "embed"}}, Vacuous},
	} {
		if f := tale.judge(tt.spec); f.Verdict != tt.want {
			t.Errorf("%s: %s: %s, want %s", name, f.Verdict, f.Reason, tt.want)
		}
	}
}
