package assertions

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every entry says all that `chaos explain` prints, and every argument its
// default: the tag that documents it and the value that New gives agree.
func TestCatalogueIsDocumented(t *testing.T) {
	for _, e := range Catalogue() {
		if e.Claim == "" || e.Doc == "" || e.Source == "" || e.SoundSide == "" || e.Exposed == "" || e.Number == "" || len(e.Confounders) == 0 {
			t.Errorf("%s is not documented: %+v", e.ID, e)
		}
		if e.Source != SourcePlan && e.SourceNote == "" {
			t.Errorf("%s does not say where its default is from", e.ID)
		}
		if e.FedBy != nil && strings.Count(e.Provoke, "%s") != 1 {
			t.Errorf("%s has no rule that provokes it", e.ID)
		}
		v := reflect.ValueOf(e.New()).Elem()
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.Tag.Get("yaml") == "" || field.Tag.Get("doc") == "" {
				t.Errorf("%s: argument %s has no name or no doc", e.ID, field.Name)
			}
			if want, has := field.Tag.Lookup("default"); has && textOf(v.Field(i).Interface()) != want {
				t.Errorf("%s: default of %s is %s, its tag says %s", e.ID, field.Name, textOf(v.Field(i).Interface()), want)
			} else if !has && !v.Field(i).IsZero() {
				t.Errorf("%s: default of %s has no tag", e.ID, field.Name)
			}
		}
	}
}

// textOf prints a default as a plan writes it.
func textOf(v any) string {
	switch v := v.(type) {
	case time.Duration:
		s := v.String()
		return s
	case []float64:
		var parts []string
		for _, x := range v {
			parts = append(parts, fmt.Sprint(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// properties.md counts 72 checks; each is built or refused by name.
func TestEveryKnownCheckHasAName(t *testing.T) {
	all := append(IDs(), Unbuilt()...)
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != 72 || len(all) != 72 {
		t.Errorf("%d names, %d different ones, want 72", len(all), n)
	}
}

func TestSpecValidate(t *testing.T) {
	tests := []struct {
		name string
		spec Spec
		want []string // path: part of the message
	}{
		{"a bare name", Spec{ID: "retries.attempts"}, nil},
		{"a known check that is not built", Spec{ID: "retries.budget"}, []string{": known but not built yet"}},
		{"a slip", Spec{ID: "retries.atempts"}, []string{": did you mean retries.attempts?"}},
		{"the short name", Spec{ID: "backoff"}, []string{": did you mean retries.backoff?"}},
		{"nothing like it", Spec{ID: "quarterly.revenue"}, []string{": chaos list assertions"}},
		{"an impossible argument", Spec{ID: "retries.attempts", Args: &RetryAttempts{}}, []string{"max: at least 1"}},
		{"a budget that must be given", Spec{ID: "budgets.tokens"}, []string{"max: give the budget"}},
		{"a hundred per cent", Spec{ID: "degradation.available", Args: &Available{Min: 1}}, []string{"min: no number of requests"}},
		{"steps of a check of requests", Spec{ID: "degradation.available", For: For{Step: "chat", Endpoint: "x"}}, []string{"for.endpoint: leave endpoint out", "for.step: leave step out"}},
		{"an unknown step", Spec{ID: "retries.attempts", For: For{Step: "chats"}}, []string{"for.step: unknown kind"}},
		{"a tolerated failure without day and reason", Spec{ID: "retries.attempts", AllowFail: &AllowFail{Until: "soon"}}, []string{"allow_fail.until: 2026-12-31", "allow_fail.reason: reason"}},
		{"recovery with during", Spec{ID: "collapse.recovers", During: "spike"}, []string{"during: after"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.spec.Validate()
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i, p := range got {
				path, part, _ := strings.Cut(tt.want[i], ": ")
				if p.Path != path || !strings.Contains(p.Msg, strings.TrimPrefix(part, ": ")) {
					t.Errorf("got %+v, want %s", p, tt.want[i])
				}
			}
		})
	}
}

func TestSpecFits(t *testing.T) {
	setup := Setup{Phases: talePhases}
	recovers := func(within, hold time.Duration) Spec {
		return Spec{ID: "collapse.recovers", Args: &Recovers{To: 0.95, Within: within, Hold: hold, After: "spike"}}
	}
	if ps := recovers(5*time.Second, 10*time.Second).Fits(setup); len(ps) != 0 {
		t.Errorf("15 s fit into 20 s: %v", ps)
	}
	if ps := recovers(15*time.Second, 10*time.Second).Fits(setup); len(ps) != 1 || ps[0].Path != "within" {
		t.Errorf("25 s do not fit into 20 s: %v", ps)
	}
}

// A comparison with itself always holds, so it is refused before the run.
func TestGoodputIsComparedWithAnotherPhase(t *testing.T) {
	tests := []struct {
		name   string
		phases []Window
		during string
		want   string
	}{
		{"the spike", talePhases, "spike", ""},
		{"the phase that is found", talePhases, "", ""},
		{"the first phase", talePhases, "warm", "during: collapse.goodput compares with phase warm: name another one"},
		{"the only phase", talePhases[:1], "", ": collapse.goodput compares a phase with the first one, and there is only warm: add a phase after it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range during(Spec{ID: "collapse.goodput"}, tt.during).Fits(Setup{Phases: tt.phases}) {
				got = append(got, p.Path+": "+p.Msg)
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestShareText(t *testing.T) {
	for text, want := range map[string]Share{"99%": 0.99, " 99.5 % ": 0.995, "0.95": 0.95, "1": 1, "0": 0} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s < want-1e-12 || s > want+1e-12 {
			t.Errorf("%q: %v, %v", text, s, err)
		}
		var back Share
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%q printed as %q reads as %v", text, s, back)
		}
	}
	for _, text := range []string{"99", "101%", "-1%", "", "much", "NaN"} {
		if err := new(Share).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// The bundle judges what the plan has a subject for, and says why not the rest.
func TestStandardBundle(t *testing.T) {
	tale := newTale()
	tale.setup.Rules, tale.setup.Shared = nil, 0.2
	tale.users(400, "spike", func(u *user) { u.r.PromptHash = 1; u.calls(200).gets("full").marked(u.r.Key, u.r.Tenant, "gpt") })
	got := map[string]Verdict{}
	for _, f := range Judge(tale.end(), tale.setup, nil).Assertions {
		got[f.ID] = f.Verdict
		if f.Verdict == NotApplicable && f.Reason == "" {
			t.Errorf("%s does not say why", f.ID)
		}
	}
	want := map[string]Verdict{
		"retries.attempts": NotApplicable, "retries.retry_after": NotApplicable, "budgets.tokens": NotApplicable, "budgets.cost": NotApplicable,
		"budgets.latency": Pass, "degradation.available": Pass, "cache.no_leak": Pass, "collapse.goodput": Pass, "collapse.recovers": NotApplicable,
	}
	for id, v := range want {
		if got[id] != v {
			t.Errorf("%s: %s, want %s", id, got[id], v)
		}
	}
	if len(got) != len(Catalogue()) {
		t.Errorf("%d of %d checks judged", len(got), len(Catalogue()))
	}
}

// A rule whose answers say how long to wait gives nothing to the checks of waits
// that the service chose itself, and the other way round.
func TestBundleFollowsTheHint(t *testing.T) {
	tests := []struct {
		name string
		rule RuleInfo
		want map[string]bool // applicable
	}{
		{"a limit with a hint", RuleInfo{Fault: "rate_limit", Hint: Hinted}, map[string]bool{"retries.retry_after": true, "retries.backoff": false, "retries.first_delay": false, "retries.jitter": false, "retries.attempts": true}},
		{"a limit without", RuleInfo{Fault: "rate_limit"}, map[string]bool{"retries.retry_after": false, "retries.backoff": true, "retries.first_delay": true, "retries.jitter": true, "retries.attempts": true}},
		{"a limit with a hint that nobody understands", RuleInfo{Fault: "rate_limit", Hint: Unusable}, map[string]bool{"retries.retry_after": false, "retries.first_delay": false, "retries.attempts": true}},
		{"an outage with a hint", RuleInfo{Fault: "http_503", Hint: Hinted}, map[string]bool{"retries.retry_after": true, "retries.backoff": false, "retries.only_retryable": false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale := newTale()
			tt.rule.Name, tt.rule.Probability, tt.rule.FromNs, tt.rule.ToNs = "storm", 1, 10e9, 20e9
			tale.setup.Rules = []RuleInfo{tt.rule}
			for _, f := range Judge(tale.end(), tale.setup, nil).Assertions {
				if want, ok := tt.want[f.ID]; ok && want == (f.Verdict == NotApplicable) {
					t.Errorf("%s: %s: %s", f.ID, f.Verdict, f.Reason)
				}
			}
		})
	}
}

func TestThresholdSource(t *testing.T) {
	tests := []struct {
		name string
		spec Spec
		want Source
	}{
		{"the default", Spec{ID: "retries.attempts"}, SourceLiterature},
		{"another number is the plan's", Spec{ID: "retries.attempts", Args: &RetryAttempts{Max: 5}}, SourcePlan},
		{"the same number, written down, too", Spec{ID: "retries.attempts", Args: &RetryAttempts{Max: 3}, Given: []string{"max"}}, SourcePlan},
		{"nothing was written", Spec{ID: "retries.attempts", Args: &RetryAttempts{Max: 3}, Given: []string{}}, SourceLiterature},
		{"a standard", Spec{ID: "retries.retry_after"}, SourceStandard},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f := newTale().judge(tt.spec); f.ThresholdSource != tt.want {
				t.Errorf("got %s, want %s", f.ThresholdSource, tt.want)
			}
		})
	}
}

func TestPreview(t *testing.T) {
	setup := Setup{Phases: slices.Clone(talePhases), Tenants: 2, Rules: []RuleInfo{{Name: "storm", Fault: "rate_limit", Hint: Hinted, Probability: 0.25, FromNs: 10e9, ToNs: 20e9}}}
	setup.Phases[1].Planned = 200
	setup.Phases[0].Planned = 100
	specs := []Spec{
		{ID: "retries.retry_after"}, {ID: "retries.retry_after", During: "warm"}, {ID: "retries.only_retryable"},
		{ID: "degradation.available", During: "spike"}, {ID: "degradation.available", During: "spike", Args: &Available{Min: 0.98}},
		{ID: "retries.first_delay"}, {ID: "collapse.recovers"},
	}
	want := []Forecast{{Expected: 50, Needed: 30, CanConclude: true}, {Needed: 30}, {Needed: 30}, {Expected: 200, Needed: 299}, {Expected: 200, Needed: 149, CanConclude: true}, {Needed: 30}, {Needed: 100}}
	for i, f := range Preview(setup, specs) {
		if f.Expected != want[i].Expected || f.Needed != want[i].Needed || f.CanConclude != want[i].CanConclude {
			t.Errorf("%s: %+v, want %+v", f.ID, f, want[i])
		}
		if !f.CanConclude && f.Note == "" {
			t.Errorf("%s does not say why", f.ID)
		}
	}
	if n := len(Preview(setup, nil)); n != len(Catalogue()) {
		t.Errorf("%d forecasts for the bundle", n)
	}
}
