package plans

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/assertions"
)

// An incident says where it was published and what happened when, and its rules
// lie within it.
func TestIncidentsAreWhole(t *testing.T) {
	files, err := incidents.ReadDir("incidents")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".yaml"); !slices.Contains(incidentOrder, name) {
			t.Errorf("%s is not in the list", name)
		}
	}
	for _, in := range Incidents() {
		if in.Title == "" || in.What == "" || len(in.Timeline) < 2 || len(in.Faults) == 0 || !strings.HasPrefix(in.Source, "https://") {
			t.Errorf("%s: title %q, source %q, %d moments, %d rules", in.Name, in.Title, in.Source, len(in.Timeline), len(in.Faults))
		}
		if first, last := in.Timeline[0], in.Timeline[len(in.Timeline)-1]; first.At != 0 || last.At != in.Lasts {
			t.Errorf("%s: lasts %s, its timeline is from %s to %s", in.Name, in.Lasts, first.At, last.At)
		}
		for _, r := range in.Faults {
			if r.From == nil || r.To == nil || *r.To > in.Lasts || r.During != "" || r.At != nil {
				t.Errorf("%s: rule %s lies not within it", in.Name, r.RuleName())
			}
		}
	}
}

// Every incident tells a service that is made for trouble from one that is not.
func TestIncidentsTellTheTargetsApart(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates two runs of about a minute for each incident; left out with -short")
	}
	for _, name := range incidentOrder {
		text, err := library.ReadFile("library/incident-" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ target, want string }{{"resilient", "pass"}, {"naive", "fail"}} {
			t.Run(name+" "+c.target, func(t *testing.T) {
				t.Parallel()
				res := runVirtual(t, loadText(t, string(text), "target.builtin="+c.target), filepath.Join(t.TempDir(), "run"))
				var failed []string
				for _, a := range res.Assertions {
					if a.Verdict == assertions.Fail {
						failed = append(failed, a.ID)
					}
				}
				t.Logf("%s, failed: %s", res.Verdict, strings.Join(failed, ", "))
				if res.Verdict != c.want {
					t.Errorf("%s", verdictsOf(res))
					for _, a := range res.Assertions {
						t.Logf("  %s is %s: %s", a.ID, a.Verdict, a.Reason)
					}
				}
			})
		}
	}
}

// withIncident is a plan whose faults are the lines.
func withIncident(lines string) string {
	return "name: p\ntarget: {builtin: resilient}\nprovider: {models: {gpt-4o: {}}}\nload:\n  phases:\n    - {name: warm, rate: 1, for: 10s}\n    - {name: spike, rate: 1, for: 3h}\nfaults:\n" + lines
}

// The rules of an incident stand where it is named, moved and stretched.
func TestIncidentIsIncluded(t *testing.T) {
	for _, c := range []struct{ name, lines, want string }{
		{"as long as it was, from the start", "  - {incident: openai-2024-12-04}",
			"{name: openai-2024-12-04.edge, http_530: {}, at: 0s, for: 4m} {name: openai-2024-12-04.stalls, slow_ttft: {by: 30s}, at: 19m, for: 1h30m, probability: 0.45}"},
		{"between other rules, squeezed into a phase, for one model", "  - {http_500: {}}\n  - {incident: openai-2024-12-04, at: spike + 1s, for: 10.9s, match: {model: gpt-4o}}\n  - {http_503: {}}",
			"{http_500: {}} {name: openai-2024-12-04.edge, http_530: {}, at: spike + 1s, for: 400ms, match: {model: gpt-4o}} {name: openai-2024-12-04.stalls, slow_ttft: {by: 30s}, at: spike + 2.9s, for: 9s, probability: 0.45, match: {model: gpt-4o}} {http_503: {}}"},
		{"its bursts squeezed like all the rest", "  - {incident: 529-burst, at: spike, for: 64s}",
			"{name: \"529-burst.overloaded\", http_529: {}, at: spike, for: 1m4s, burst: {on: 1.5s, off: 9s}}"},
		{"twice, under two names", "  - {incident: silent-eof-0.17pct, name: a, for: 12s}\n  - {incident: silent-eof-0.17pct, name: b, at: 20s, for: 12s}",
			"{name: a.eof, eof_no_done: {after_tokens: 10}, at: 0s, for: 12s, probability: 0.0017} {name: b.eof, eof_no_done: {after_tokens: 10}, at: 20s, for: 12s, probability: 0.0017}"},
	} {
		var got []string
		for _, r := range loadText(t, withIncident(c.lines)).Faults {
			got = append(got, r.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, s, c.want)
		}
	}
}

// What is wrong with an include is told where it stands, and what stands behind
// it keeps its place.
func TestIncidentProblems(t *testing.T) {
	for _, c := range []struct{ name, lines, want string }{
		{"misspelt", "  - {incident: openai-2024-12-40}", `faults[0].incident: "openai-2024-12-40" is no incident: did you mean openai-2024-12-04?`},
		{"a key that an incident has not", "  - {incident: openai-2024-12-04, probability: 1}", "faults[0].probability: unknown key; known are incident, name, at, for, match"},
		{"no time at all", "  - {incident: openai-2024-12-04, for: 0s}", "faults[0].for: is 0s: give more than 0"},
		{"an unknown phase", "  - {incident: silent-eof-0.17pct, at: spik}", `incident silent-eof-0.17pct, plan.yaml line 9: faults[0].at: there is no phase "spik": one of warm, spike; did you mean spike?`},
		{"a rule behind it", "  - {incident: openai-2024-12-04}\n  - {http_500: {}, probability: 3}", "faults[1].probability: 3 is not between 0 and 1"},
	} {
		_, err := Load(Source{Bytes: []byte(withIncident(c.lines)), Name: "plan.yaml"}, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
	if _, err := ParseRules("--fault", "incident: openai-2024-12-04"); err == nil || !strings.Contains(err.Error(), "an incident has a timeline") {
		t.Errorf("on its own: %v", err)
	}
}
