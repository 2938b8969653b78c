package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func ptr[T any](v T) *T { return &v }

// load is the load of the design's example, after a trial of half a second:
// warm 0-8 s, ramp 8-12 s, spike 12-22 s, recovery 22-40 s.
var load = []PhaseWindow{
	{"warm", sec(0.5), sec(8.5)}, {"ramp", sec(8.5), sec(12.5)}, {"spike", sec(12.5), sec(22.5)}, {"recovery", sec(22.5), sec(40.5)},
}

func sec(s float64) int64 { return int64(s * 1e9) }

// What a rule prints is the YAML that a plan reads back.
func TestRuleString(t *testing.T) {
	s := func(n int) *time.Duration { return ptr(time.Duration(n) * time.Second) }
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{Rule{Fault: newFault("hang_before_headers"), At: &At{"spike", 2 * time.Second}, For: s(5), Probability: ptr(Share(0.05))},
			"{hang_before_headers: {}, at: spike + 2s, for: 5s, probability: 0.05}"},
		{Rule{Name: "storm", Fault: newFault("rate_limit"), During: "spike", Probability: ptr(Share(0.4)), Match: Match{Model: "gpt-4o"}},
			"{name: storm, rate_limit: {}, during: spike, probability: 0.4, match: {model: gpt-4o}}"},
		{Rule{Fault: &RateLimit{RetryAfter: Hint{Kind: HintNone}, Scope: "step", ShouldRetry: ptr(false), RetryAfterMS: ptr(true)}},
			"{rate_limit: {retry_after: none, retry_after_ms: true, should_retry: false, honest: false}}"},
		{Rule{Fault: &RateLimit{RetryAfter: Hint{HintDate, -time.Hour}, Honest: true, Lie: 90 * time.Second, Scope: "step"}},
			"{rate_limit: {retry_after: date - 1h, lie: 1m30s}}"},
		{Rule{Fault: &Cut{name: "eof_no_done", kind: EndingEOF, AfterTokens: ptr(10)}, During: "spike", Requests: 3},
			"{eof_no_done: {after_tokens: 10}, during: spike, requests: 3}"},
		{Rule{Fault: &Cut{name: "stall_mid_stream", kind: EndingStall, AfterTokens: ptr(0)}, From: s(0), To: s(120), Per: PerTenant, Every: 7},
			"{stall_mid_stream: {after_tokens: 0}, from: 0s, to: 2m, per: tenant, every: 7}"},
		{Rule{Fault: newFault("http_503"), Times: 2, Match: Match{Tenant: "7", Dialect: "anthropic", Step: "chat", Attempt: 1}},
			`{http_503: {}, times: 2, match: {tenant: "7", dialect: anthropic, step: chat, attempt: 1}}`},
		{Rule{Fault: &HTTPStatus{code: 529, RetryAfter: Hint{HintSeconds, 1500 * time.Millisecond}}}, "{http_529: {retry_after: 1.5s}}"},
		{Rule{Fault: &SlowTTFT{By: 5 * time.Second, Factor: 1.5, Jitter: 0.2}}, "{slow_ttft: {by: 5s, factor: 1.5, jitter: 0.2}}"},
		{Rule{Fault: &Trickle{TokensPerSecond: 1}}, "{trickle: {tokens_per_second: 1}}"},
		{Rule{Fault: newFault("brownout"), Probability: ptr(Share(0))}, "{brownout: {}, probability: 0}"},
		{Rule{Fault: &Brownout{From: 0, PerRequest: time.Millisecond, Max: 10 * time.Second, Stretch: 0.02, StretchMax: 10}},
			"{brownout: {from: 0, per_request: 1ms, stretch: 0.02}}"},
		{Rule{Fault: &InStreamError{Type: "server_error", AfterEvents: ptr(2)}}, "{in_stream_error: {after_events: 2, type: server_error}}"},
		{Rule{Fault: &WrongModel{Model: "org/mini: 4, \"x\""}}, `{wrong_model: {model: "org/mini: 4, \"x\"", declared: false}}`},
		{Rule{Fault: newFault("http_503"), Match: Match{Header: []HeaderMatch{{"X-Tier", "gold"}, {"x-n", "7"}, {"x-any", "*"}}}},
			`{http_503: {}, match: {header: {X-Tier: gold, x-n: "7", x-any: "*"}}}`},
		{Rule{Fault: newFault("http_503"), During: "warm,5,null"}, `{http_503: {}, during: [warm, "5", "null"]}`},
		{Rule{Fault: newFault("http_503"), Burst: &Burst{5 * time.Second, 90 * time.Second}}, `{http_503: {}, burst: {on: 5s, off: 1m30s}}`},
		{Rule{Fault: newFault("http_500"), Probability: ptr(Share(0.5)), Barrier: &Barrier{20, &At{"spike", 2 * time.Second}, ptr(5 * time.Second)}},
			`{http_500: {}, probability: 0.5, barrier: {wait: 20, at: spike + 2s, patience: 5s}}`},
		{Rule{Fault: newFault("http_500"), Barrier: &Barrier{At: &At{Offset: 90 * time.Second}}}, `{http_500: {}, barrier: {at: 1m30s}}`},
		{Rule{Fault: &WrongModel{Model: "null", Declared: true}}, `{wrong_model: {model: "null"}}`},
	} {
		if got := c.rule.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// refusal is a list of rules and all that is wrong with it: "path: message",
// one a line; "" for nothing.
type refusal struct {
	rules []Rule
	want  string
}

// Every message says what is wrong and what to do.
func checkRefusals(t *testing.T, refusals []refusal) {
	t.Helper()
	for _, c := range refusals {
		var got []string
		for _, p := range Validate(c.rules, load) {
			got = append(got, p.Path+": "+p.Msg)
		}
		if text := strings.Join(got, "\n"); text != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.rules, text, c.want)
		}
	}
}

// hang is a rule that is right, but for what change does to it.
func hang(change func(*Rule)) []Rule {
	r := Rule{Fault: newFault("hang_before_headers")}
	change(&r)
	return []Rule{r}
}

func dur(s string) *time.Duration {
	v, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return &v
}

func TestValidateWindows(t *testing.T) {
	checkRefusals(t, []refusal{
		{hang(func(r *Rule) {}), ""},
		{hang(func(r *Rule) { r.During = "spike" }), ""},
		{hang(func(r *Rule) { r.At, r.For = &At{"spike", time.Second}, dur("5s") }), ""},
		{hang(func(r *Rule) { r.At, r.For = &At{"", time.Second}, dur("5s") }), ""},
		{hang(func(r *Rule) { r.From = dur("39s") }), ""},
		{hang(func(r *Rule) { r.Probability, r.Times, r.Requests, r.Per = ptr(Share(1)), 3, 3, PerRequest }), ""},
		{hang(func(r *Rule) { r.During = "spik" }), `[0].during: there is no phase "spik": one of warm, ramp, spike, recovery; did you mean spike?`},
		{hang(func(r *Rule) { r.At, r.For = &At{"night", 0}, dur("5s") }), `[0].at: there is no phase "night": one of warm, ramp, spike, recovery`},
		{hang(func(r *Rule) { r.At, r.For = &At{"spike", 30 * time.Second}, dur("5s") }),
			"[0].at: the rule applies from 42s to 47s, but the load lasts from 0s to 40s: it would hit nothing"},
		{hang(func(r *Rule) { r.At, r.For = &At{"warm", -10 * time.Second}, dur("5s") }),
			"[0].at: the rule applies from -10s to -5s, but the load lasts from 0s to 40s: it would hit nothing"},
		{hang(func(r *Rule) { r.From = dur("40s") }), "[0].from: the rule applies from 40s to the end, but the load lasts from 0s to 40s: it would hit nothing"},
		{hang(func(r *Rule) { r.To = dur("0s") }), "[0].to: is before the load starts, so the rule would never apply: times count from its start"},
	})
}

func TestValidateSelectors(t *testing.T) {
	checkRefusals(t, []refusal{
		{hang(func(r *Rule) { r.At = &At{"spike", 0} }), "[0].at: says when the rule starts but not how long it lasts: add for, such as for: 5s"},
		{hang(func(r *Rule) { r.For = dur("5s") }), "[0].for: says how long the rule lasts but not when it starts: add at, such as at: spike + 2s"},
		{hang(func(r *Rule) { r.For, r.At = dur("0s"), &At{"spike", 0} }), "[0].for: is 0s, so the rule would never apply: give a duration above 0"},
		{hang(func(r *Rule) { r.During, r.At, r.For = "spike", &At{"spike", 0}, dur("5s") }),
			"[0].at: contradicts during, which is a whole phase: keep one; for a part of a phase write at: spike + 2s, for: 5s"},
		{hang(func(r *Rule) { r.During, r.For = "spike", dur("5s") }),
			"[0].for: contradicts during, which is a whole phase: for a part of it write at: spike, for: 5s"},
		{hang(func(r *Rule) { r.During, r.From, r.To = "spike", dur("1s"), dur("2s") }),
			"[0].from: contradicts during: give either a phase, an instant with for, or from and to\n" +
				"[0].to: contradicts during: give either a phase, an instant with for, or from and to"},
		{hang(func(r *Rule) { r.At, r.For, r.To = &At{"spike", 0}, dur("5s"), dur("20s") }),
			"[0].to: contradicts at: give either a phase, an instant with for, or from and to"},
		{hang(func(r *Rule) { r.From, r.To = dur("5s"), dur("5s") }), "[0].to: is not after from, so the rule would never apply: from is 5s, to is 5s"},
		{hang(func(r *Rule) { r.From = dur("-5s") }), "[0].from: is before the load starts: times count from its start, so give 0s or more"},
		{hang(func(r *Rule) { r.Trace = "failing" }), `[0].trace: "failing" is unknown: failed, for the requests whose row of the trace had failed`},
		{hang(func(r *Rule) { r.Trace, r.Requests = "failed", 3 }),
			"[0].trace: contradicts requests: the rows that had failed and the first 3 requests are different choices; keep one"},
		{hang(func(r *Rule) { r.Requests, r.Every = 3, 10 }),
			"[0].every: contradicts requests: the first 3 requests and one in 10 of all are different choices; keep one"},
		{hang(func(r *Rule) { r.Times, r.Match.Attempt = 2, 3 }), "[0].match.attempt: is 3, but times: 2 stops before it, so the rule would never apply"},
	})
}

func TestValidateValues(t *testing.T) {
	checkRefusals(t, []refusal{
		{hang(func(r *Rule) { r.Probability = ptr(Share(40)) }), "[0].probability: 40 is not between 0 and 1: did you mean 40%?"},
		{hang(func(r *Rule) { r.Probability = ptr(Share(-0.1)) }), "[0].probability: -0.1 is not between 0 and 1: give a share such as 0.4 or 40%"},
		{hang(func(r *Rule) { r.Per = "call" }), `[0].per: "call" is unknown: one of attempt, step, request, tenant`},
		{hang(func(r *Rule) { r.Times = -1 }), "[0].times: is -1: give at least 1, or leave it out for no limit"},
		{hang(func(r *Rule) { r.Match.Step = "chats" }), `[0].match.step: "chats" is no kind of step: one of chat, embed, rerank, search, moderation, tool`},
		{hang(func(r *Rule) { r.Name = "a b" }), `[0].name: "a b" is no name for a rule: use up to 64 letters, digits, '_', '-' and '.', the first a letter or digit`},
		{[]Rule{{}}, "[0]: names no fault: give it exactly one, such as rate_limit: {retry_after: 2s}"},
		{[]Rule{{Fault: newFault("eof_no_done"), Match: Match{Dialect: "cohere"}}},
			`[0].match.dialect: eof_no_done does not exist in "cohere", only in openai, azure, anthropic, gemini, ollama, bedrock`},
		{[]Rule{{Fault: &Trickle{Interval: time.Second}, Match: Match{Step: "embed"}}},
			`[0].match.step: trickle does not exist in embed calls, only in chat: the rule would hit nothing`},
	})
}

func TestValidateNames(t *testing.T) {
	checkRefusals(t, []refusal{
		{[]Rule{{Fault: newFault("empty_200")}, {Fault: newFault("http_500")}, {Fault: newFault("empty_200")}},
			"[2]: is a second rule of empty_200 and has no name: add name, such as name: empty_200_2"},
		{[]Rule{{Fault: newFault("empty_200")}, {Name: "b", Fault: newFault("empty_200")}}, ""},
		{[]Rule{{Name: "b", Fault: newFault("http_500")}, {Name: "b", Fault: newFault("empty_200")}},
			`[1].name: "b" is already the name of rule 1: names must differ, give this one another`},
		{[]Rule{{Name: "empty_200", Fault: newFault("http_500")}, {Fault: newFault("empty_200")}},
			`[1]: "empty_200" is already the name of rule 1: names must differ, give this one another`},
	})
}

func TestValidateNumber(t *testing.T) {
	rules := make([]Rule, RulesMax+1)
	for i := range rules {
		rules[i] = Rule{Name: fmt.Sprintf("r%d", i), Fault: newFault("empty_200")}
	}
	checkRefusals(t, []refusal{
		{rules[:RulesMax], ""},
		{rules, "[64]: is rule 65 of 65: a plan has at most 64, so split it"},
	})
}

func TestValidateParameters(t *testing.T) {
	with := func(f Fault) []Rule { return []Rule{{Fault: f}} }
	checkRefusals(t, []refusal{
		{with(&Cut{name: "conn_reset_mid", AfterTokens: ptr(1), AfterEvents: ptr(2)}),
			"[0].conn_reset_mid.after_events: contradicts after_tokens: an answer is cut at one position, keep one of them"},
		{with(&InStreamError{Type: "oops", AfterBytes: ptr(-1)}),
			"[0].in_stream_error.after_bytes: is -1: give 0 or more\n" + `[0].in_stream_error.type: "oops" is unknown: one of overloaded, server_error, rate_limit, model_error, invalid_request`},
		{with(&WrongModel{}), "[0].wrong_model.model: is missing: name the model that answers instead, such as model: gpt-4o-mini"},
		{with(&SlowTTFT{}), "[0].slow_ttft: does not say how slow: give by, such as by: 5s, or factor, such as factor: 10"},
		{with(&SlowTTFT{Factor: 0.5, Jitter: 2}), "[0].slow_ttft.factor: is 0.5: give a factor from 1 to 1000000, such as 10\n" +
			"[0].slow_ttft.jitter: 2 is not between 0 and 1: give a share such as 20%"},
		{with(&Trickle{}), "[0].trickle: does not say how slow: give tokens_per_second, such as tokens_per_second: 1, or interval, such as interval: 2s"},
		{with(&Trickle{TokensPerSecond: 1, Interval: time.Second}), "[0].trickle.interval: contradicts tokens_per_second: keep one of them"},
		{with(&Brownout{Max: time.Second, StretchMax: 1}), "[0].brownout: does not grow with load: give per_request, such as 20ms, or stretch, such as 2%"},
		{with(&RateLimit{RetryAfter: Hint{HintSeconds, time.Second}, Scope: "step", Lie: time.Second}),
			"[0].rate_limit.lie: contradicts honest: false, which holds nobody back at all: drop one of them"},
		{with(&RateLimit{Honest: true, Scope: "model", Lie: time.Second}),
			"[0].rate_limit.lie: needs a retry_after that names a time ahead, and none does not\n" +
				"[0].rate_limit.scope: model is not built yet: leave it out, a limit holds back the retries of its step"},
	})
}

// Without a load (chaos mock) there are no phases to name.
func TestValidateWithoutLoad(t *testing.T) {
	if got := Validate([]Rule{{Fault: newFault("empty_200"), From: ptr(time.Second)}}, nil); got != nil {
		t.Errorf("a rule in run time: %v", got)
	}
	got := Validate([]Rule{{Fault: newFault("empty_200"), During: "spike"}}, nil)
	if len(got) != 1 || got[0].Path != "[0].during" || !strings.Contains(got[0].Msg, "there is no load") {
		t.Errorf("a rule in a phase: %v", got)
	}
}
