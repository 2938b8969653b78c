package mockmodel

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDefaultsAgreeWithTags(t *testing.T) {
	m := Config{Models: []Model{{Name: "m"}}}.WithDefaults().Models[0]
	for name, got := range map[string]any{
		"TokensPerSecond": *m.TokensPerSecond, "OutputTokens": m.OutputTokens, "Slots": m.Slots, "Queue": *m.Queue, "Dimensions": m.Dimensions,
	} {
		f, _ := reflect.TypeFor[Model]().FieldByName(name)
		if want := f.Tag.Get("default"); want == "" || strings.TrimSuffix(strings.TrimRight(sprint(got), "0"), ".") != strings.TrimRight(want, "0") {
			t.Errorf("%s: WithDefaults gives %v, the tag says %q", name, got, want)
		}
	}
	limited := Model{Name: "m", Limits: Limits{RequestsPerDay: 1}}.withDefaults()
	if f, _ := reflect.TypeFor[Limits]().FieldByName("Per"); limited.Limits.Per != f.Tag.Get("default") || m.Limits != (Limits{}) {
		t.Errorf("limits per %q, and %+v where there are none", limited.Limits.Per, m.Limits)
	}
	if m.TTFT != nil {
		t.Error("ttft has one default for chat and one for the rest, so it must stay unset")
	}
}

func TestDefaultsDoNotOverride(t *testing.T) {
	zero, none, instant := time.Duration(0), 0, 0.0
	in := Config{Watermark: "off", Models: []Model{{Name: "m", TTFT: &zero, TokensPerSecond: &instant, OutputTokens: 7, Slots: 1, Queue: &none, Dimensions: 3}}}
	if got := in.WithDefaults(); !reflect.DeepEqual(got, in) {
		t.Errorf("WithDefaults changed what was set: %+v", got)
	}
	if !(Config{}).Watermarks() || in.Watermarks() || len((Config{Watermark: "no"}).Validate()) != 1 {
		t.Error("watermark is on unless it is off")
	}
	if in.Models[0].OutputTokens = 0; in.WithDefaults().Models[0].OutputTokens != 120 || in.Models[0].OutputTokens != 0 {
		t.Error("WithDefaults must return a copy")
	}
}

func TestValidate(t *testing.T) {
	long, negative, slow, queue := 2*time.Hour, -time.Second, 1e-9, -1
	for _, c := range []struct {
		name  string
		in    Config
		paths string
	}{
		{"nothing given is fine", Config{}, ""},
		{"a full one is fine", Config{Listen: "127.0.0.1:4010", Models: []Model{{Name: "gpt-4o", Price: Price{Input: 2.5, Output: 10}, Limits: Limits{RequestsPerMinute: 30000, TokensPerMinute: 20000000, CreditUSD: 0.5}}}, Answers: []Answer{{Text: "x"}}}, ""},
		{"no port", Config{Listen: "localhost"}, "listen"},
		{"port out of range", Config{Listen: "127.0.0.1:99999"}, "listen"},
		{"times", Config{Models: []Model{{Name: "a", TTFT: &long}, {Name: "b", TTFT: &negative}, {Name: "c", TokensPerSecond: &slow}}}, "models.a.ttft models.b.ttft models.c.tokens_per_second"},
		{"counts", Config{Models: []Model{{Name: "a", OutputTokens: -1, Slots: -1, Queue: &queue, Dimensions: 1 << 20}}}, "models.a.output_tokens models.a.slots models.a.queue models.a.dimensions"},
		{"prices and limits", Config{Models: []Model{{Name: "a", Price: Price{Input: -1, Output: 1e9}, Limits: Limits{RequestsPerMinute: -1, TokensPerMinute: 1e12, OutputTokensPerMinute: 1e12, RequestsPerDay: -1}}}}, "models.a.price.input models.a.price.output models.a.limits.requests_per_minute models.a.limits.tokens_per_minute models.a.limits.output_tokens_per_minute models.a.limits.requests_per_day"},
		{"credit that is none", Config{Models: []Model{{Name: "a", Price: Price{Input: 1, Output: 1}, Limits: Limits{CreditUSD: -1}}, {Name: "b", Price: Price{Input: 1, Output: 1}, Limits: Limits{CreditUSD: math.NaN()}}, {Name: "c", Price: Price{Input: 1, Output: 1}, Limits: Limits{CreditUSD: 1e-9}}}}, "models.a.limits.credit_usd models.b.limits.credit_usd models.c.limits.credit_usd"},
		{"credit that nothing uses up", Config{Models: []Model{{Name: "a", Limits: Limits{CreditUSD: 1}}}}, "models.a.limits.credit_usd"},
		{"names", Config{Models: []Model{{Name: "a"}, {Name: "a"}, {}}}, "models.a models"},
		{"answers", Config{Answers: []Answer{{}, {Text: "x", JSON: 1}, {Text: "x", When: When{Step: "embed"}}, {JSON: func() {}}}}, "answers[0] answers[1].json answers[2].vector answers[3].json"},
	} {
		var paths []string
		for _, p := range c.in.Validate() {
			paths = append(paths, p.Path)
			if p.Msg == "" || p.Msg[0] >= 'A' && p.Msg[0] <= 'Z' {
				t.Errorf("%s: %s: message %q", c.name, p.Path, p.Msg)
			}
		}
		if got := strings.Join(paths, " "); got != c.paths {
			t.Errorf("%s: got %q, want %q", c.name, got, c.paths)
		}
	}
}
