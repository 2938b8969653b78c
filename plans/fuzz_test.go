package plans

import "testing"

// FuzzPlan: whatever a file holds, loading it ends in a plan or in an error
// that can be printed, and never in a panic.
func FuzzPlan(f *testing.F) {
	for _, name := range libraryNames() {
		b, _ := libraryText(name)
		f.Add(b)
	}
	for _, s := range []string{"", "a: &a [*a]", "name: [", "target: {builtin: x}\nload: {phases: [{rate: 1 -> 2}]}", "faults: [{rate_limit: {retry_after: -1s}}]", "x: !!binary aGk=", "---\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Load(Source{Name: "fuzz", Bytes: b}, Options{KeepEnv: true})
		if err != nil {
			_ = err.Error()
			return
		}
		if _, err := Load(Source{Name: "kept", Bytes: p.Kept()}, Options{KeepEnv: true}); err != nil {
			t.Fatalf("the kept plan does not load: %v\n%s", err, p.Kept())
		}
	})
}
