package mockmodel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

const second = int64(time.Second)

// How each family counts, in examples. A step is a call and what becomes of it:
// 0 is let in, a time is when it is told to come back, -1 is never.
func TestHowFamiliesCount(t *testing.T) {
	type step struct {
		at   time.Duration
		u    use
		wait time.Duration
	}
	never := time.Duration(-1)
	claude := "anthropic.claude-sonnet-4-20250514-v1:0"
	for _, c := range []struct {
		name   string
		twin   *twin
		limits Limits
		steps  []step
		settle bool // what is let in ends at once, with u.out
	}{
		{name: "openai: max_tokens counts, whatever is said", twin: &twinOpenAI, limits: Limits{TokensPerMinute: 60}, settle: true, steps: []step{
			{0, use{in: 10, outMax: 40, out: 1}, 0}, {0, use{in: 10, outMax: 40}, 20 * time.Second}, {20 * time.Second, use{in: 10, outMax: 40}, 0}}},
		{name: "openai: a call above the limit never succeeds", twin: &twinOpenAI, limits: Limits{TokensPerMinute: 60}, steps: []step{{0, use{in: 61}, never}}},
		{name: "openai: who is refused for tokens is told when the request that it cost is back", twin: &twinOpenAI, limits: Limits{RequestsPerMinute: 2, TokensPerMinute: 600}, steps: []step{
			{0, use{in: 300}, 0}, {0, use{in: 310}, 30 * time.Second}, {30 * time.Second, use{in: 310}, 0}}},
		{name: "openai: who is refused for requests does not push the hint back", twin: &twinOpenAI, limits: Limits{RequestsPerMinute: 1}, steps: []step{
			{0, use{}, 0}, {20 * time.Second, use{}, 40 * time.Second}, {50 * time.Second, use{}, 10 * time.Second}, {60 * time.Second, use{}, 0}}},
		{name: "openai: a request a day", twin: &twinOpenAI, limits: Limits{RequestsPerDay: 1}, steps: []step{
			{0, use{}, 0}, {time.Hour, use{}, 23 * time.Hour}, {24 * time.Hour, use{}, 0}}},
		{name: "azure: the sixth call of a second", twin: &twinAzure, limits: Limits{RequestsPerMinute: 300}, steps: []step{
			{0, use{}, 0}, {0, use{}, 0}, {0, use{}, 0}, {0, use{}, 0}, {0, use{}, 0}, {0, use{}, time.Second},
			{300 * time.Millisecond, use{}, 700 * time.Millisecond}, {time.Second, use{}, 0}}},
		{name: "azure: the second call of 10 s", twin: &twinAzure, limits: Limits{RequestsPerMinute: 6}, steps: []step{
			{0, use{}, 0}, {2 * time.Second, use{}, 8 * time.Second}, {10 * time.Second, use{}, 0}}},
		{name: "azure: text and max_tokens, until the minute is over", twin: &twinAzure, limits: Limits{TokensPerMinute: 100}, settle: true, steps: []step{
			{0, use{in: 30, outMax: 30, out: 1}, 0}, {time.Second, use{in: 30, outMax: 30}, 59 * time.Second}, {time.Minute, use{in: 30, outMax: 30}, 0}, {time.Minute, use{in: 90, outMax: 30}, never}}},
		{name: "anthropic: max_tokens does not count, what is said does", twin: &twinAnthropic, limits: Limits{OutputTokensPerMinute: 60}, settle: true, steps: []step{
			{0, use{in: 5, outMax: 1000, out: 70}, 0}, {0, use{in: 5, outMax: 1}, 11 * time.Second}, {11 * time.Second, use{in: 5, outMax: 1}, 0}}},
		{name: "anthropic: what a cache held does not count", twin: &twinAnthropic, limits: Limits{InputTokensPerMinute: 60}, settle: true, steps: []step{
			{0, use{in: 50, cached: 40}, 0}, {0, use{in: 51}, time.Second}}},
		{name: "anthropic: more input than a minute has", twin: &twinAnthropic, limits: Limits{InputTokensPerMinute: 60}, steps: []step{{0, use{in: 61}, never}}},
		{name: "gemini: until the minute is over", twin: &twinGemini, limits: Limits{RequestsPerMinute: 2}, steps: []step{
			{59 * time.Second, use{}, 0}, {59 * time.Second, use{}, 0}, {59 * time.Second, use{}, time.Second}, {60 * time.Second, use{}, 0}}},
		{name: "gemini: until the day is over", twin: &twinGemini, limits: Limits{RequestsPerMinute: 2, RequestsPerDay: 1}, steps: []step{
			{time.Hour, use{}, 0}, {2 * time.Hour, use{}, 22 * time.Hour}, {24 * time.Hour, use{}, 0}}},
		{name: "gemini: output does not count", twin: &twinGemini, limits: Limits{TokensPerMinute: 60}, settle: true, steps: []step{{0, use{in: 30, out: 1000}, 0}, {0, use{in: 30}, 0}}},
		{name: "bedrock: max_tokens is reserved while the call lasts", twin: &twinBedrock, limits: Limits{TokensPerMinute: 600}, steps: []step{
			{0, use{in: 100, outMax: 400}, 0}, {0, use{in: 100, outMax: 400}, 40 * time.Second}}},
		{name: "bedrock: what is not said is given back", twin: &twinBedrock, limits: Limits{TokensPerMinute: 600}, settle: true, steps: []step{
			{0, use{in: 100, outMax: 400, out: 10}, 0}, {0, use{in: 90, outMax: 400}, 0}}},
		{name: "bedrock: a token of output of Claude 4 counts five times in the end", twin: &twinBedrock, limits: Limits{TokensPerMinute: 600}, settle: true, steps: []step{
			{0, use{model: claude, in: 100, outMax: 400, out: 20}, 0}, {0, use{in: 401, outMax: 10}, 1100 * time.Millisecond}}},
		{name: "bedrock: without max_tokens the most is reserved", twin: &twinBedrock, limits: Limits{TokensPerMinute: 4095}, steps: []step{{0, use{in: 1}, never}}},
		{name: "everybody: credit is spent for good", twin: &twinPlain, limits: Limits{CreditUSD: 0.000001}, settle: true, steps: []step{
			{0, use{costNanoUSD: 999}, 0}, {0, use{costNanoUSD: 1}, 0}, {0, use{}, never}, {240 * time.Hour, use{}, never}}},
	} {
		l := newLimiter(c.twin, c.limits)
		for i, s := range c.steps {
			_, r := l.admit(s.u, int64(s.at))
			got := time.Duration(0)
			if r != nil {
				got = time.Duration(r.waitNs)
			}
			if (r == nil) != (s.wait == 0) || got != s.wait {
				t.Errorf("%s: call %d: wait %v, want %v", c.name, i+1, got, s.wait)
			}
			if r == nil && c.settle {
				l.settle(s.u, int64(s.at))
			}
		}
	}
}

// What a token of output counts for at Bedrock.
func TestBedrockRate(t *testing.T) {
	for model, want := range map[string]int64{
		"anthropic.claude-v2:1": 1, "anthropic.claude-instant-v1": 1, "anthropic.claude-3-haiku-20240307-v1:0": 1, "anthropic.claude-3-5-sonnet-20241022-v2:0": 1,
		"us.anthropic.claude-3-7-sonnet-20250219-v1:0": 5, "anthropic.claude-opus-4-1-20250805-v1:0": 5, "amazon.nova-pro-v1:0": 1, "": 1,
	} {
		if got := bedrockRate(model); got != want {
			t.Errorf("%q: %d, want %d", model, got, want)
		}
	}
}

// What the families say, word for word.
func TestWordsOfLimits(t *testing.T) {
	q := quotas{}
	for m := range meters {
		q[m] = quota{limit: 30_000, remaining: 1000}
	}
	over := func(of meter, wait int64, more ...meter) refused {
		r := refused{of: of, asked: 2000, waitNs: wait}
		for _, m := range append(more, of) {
			r.over[m] = true
		}
		return r
	}
	c := &call{model: "m"}
	azure := func(r refused, told time.Duration) refusal {
		return azureLimited("ChatCompletions_Create", "2024-10-21", r, told)
	}
	for _, x := range []struct {
		name string
		r    refusal
		want string // status, code or type, and part of the message
	}{
		{"openai tokens", openAILimited(c, q, over(tokensMinute, second), time.Second), "429 rate_limit_exceeded on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 1s."},
		{"openai requests a day", openAILimited(c, q, over(requestsDay, 8640*ms), 8640*time.Millisecond), "429 rate_limit_exceeded on requests per day (RPD): Limit 30000, Used 29000, Requested 2000. Please try again in 8.64s."},
		{"openai, too large", openAILimited(c, q, over(tokensMinute, -1), 0), "429 rate_limit_exceeded Request too large for m in organization org-chaos on tokens per min (TPM): Limit 30000, Requested 2000. The input or output tokens must be reduced"},
		{"openai, no credit", openAILimited(c, q, over(credit, -1), 0), "429 credit_balance_exhausted You exceeded your current quota"},
		{"azure tokens", azure(over(tokensMinute, 33*second-1), 33*time.Second-1), "429 429 Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 33 seconds."},
		{"azure requests", azure(over(requestsMinute, second), time.Second), "429 429 have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 1 seconds."},
		{"azure, too large", azure(over(tokensMinute, -1), 0), "429 429 pricing tier. Please go here"},
		{"anthropic input", anthropicLimited(c, q, over(inputMinute, second), 0), "429 rate_limit_error rate limit of 30,000 input tokens per minute (org: " + anthropicOrganization + ", model: m)"},
		{"anthropic output", anthropicLimited(c, q, over(outputMinute, second), 0), "429 rate_limit_error rate limit of 30,000 output tokens per minute"},
		{"anthropic, no credit", anthropicLimited(c, q, over(credit, -1), 0), "400 invalid_request_error Your credit balance is too low"},
		{"gemini requests", geminiLimited(c, q, over(requestsMinute, second), 0), "429 RESOURCE_EXHAUSTED \n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_requests_per_model, limit: 30000, model: m"},
		{"gemini, no credit", geminiLimited(c, q, over(credit, -1), 0), "429 RESOURCE_EXHAUSTED You exceeded your current quota"},
		{"bedrock tokens", bedrockLimited(c, q, over(tokensMinute, second), 0), "429 ThrottlingException Too many tokens, please wait before trying again."},
		{"bedrock tokens a day", bedrockLimited(c, q, over(tokensDay, second), 0), "429 ThrottlingException Too many tokens per day, please wait before trying again."},
		{"bedrock requests", bedrockLimited(c, q, over(requestsMinute, second), 0), "429 ThrottlingException Too many requests, please wait before trying again."},
		{"bedrock, no credit", bedrockLimited(c, q, over(credit, -1), 0), "403 AccessDeniedException INVALID_PAYMENT_INSTRUMENT"},
		{"cohere requests", cohereLimited(c, q, over(requestsMinute, second), 0), "429  You are limited to 30000 API calls / minute."},
		{"cohere, no credit", cohereLimited(c, q, over(credit, -1), 0), "402  payment method"},
	} {
		status, rest, _ := strings.Cut(x.want, " ")
		name, part, _ := strings.Cut(rest, " ")
		if fmt.Sprint(x.r.status) != status || x.r.name() != name || !strings.Contains(x.r.message, part) {
			t.Errorf("%s: %+v", x.name, x.r)
		}
	}
}

// Gemini's details are JSON that names every limit in the way, and carries the
// hint: there is no header.
func TestGeminiDetails(t *testing.T) {
	l := newLimiter(&twinGemini, Limits{RequestsPerMinute: 1, TokensPerMinute: 50, RequestsPerDay: 1000})
	l.admit(use{in: 20}, 0)
	q, refused := l.admit(use{in: 40}, 6_983_657_776)
	for _, c := range []struct {
		name  string
		hint  func(a *attempt) hint
		delay string // in RetryInfo; "" is none
		told  string // in the message
		wait  int64
	}{
		{"a natural limit", func(a *attempt) hint { return a.waitHint(time.Duration(refused.waitNs), false) }, "53.016342224s", "\nPlease retry in 53.016342224s.", 53_016_342_224},
		{"of whole seconds", func(a *attempt) hint { return a.waitHint(53*time.Second, false) }, "53s", "\nPlease retry in 53s.", 53 * second},
		{"a fault's 1.5s", hintOf(faults.Hint{Kind: faults.HintSeconds, For: 1500 * time.Millisecond}), "1.5s", "\nPlease retry in 1.5s.", 1500 * ms},
		{"a fault's -1s", hintOf(faults.Hint{Kind: faults.HintSeconds, For: -time.Second}), "-1s", "", journal.Never},
		{"a fault's date", hintOf(faults.Hint{Kind: faults.HintDate, For: 2 * time.Second}), "2s", "\nPlease retry in 2s.", 2 * second},
		{"a fault's soon", hintOf(faults.Hint{Kind: faults.HintText}), "soon", "", journal.Never},
		{"none", hintOf(faults.Hint{}), "", "", journal.Never},
	} {
		w := httptest.NewRecorder()
		a := &attempt{desk: new(desk), w: w, route: &route{vendor: &vendor{hint: geminiHint}}, rec: journal.NewAttempt()}
		r := geminiLimited(&call{model: "gemini-2.5-flash"}, q, *refused, 0)
		a.tell(&r, c.hint(a))
		var details []struct {
			Type       string `json:"@type"`
			Violations []struct {
				QuotaID, QuotaValue string
				QuotaDimensions     struct{ Model string }
			}
			RetryDelay string
		}
		if err := json.Unmarshal([]byte("["+r.details+"]"), &details); err != nil {
			t.Fatalf("%s: %v in %s", c.name, err, r.details)
		}
		v := details[1].Violations
		if len(v) != 2 || v[0].QuotaID != "GenerateRequestsPerMinutePerProjectPerModel" || v[0].QuotaValue != "1" ||
			v[1].QuotaID != "GenerateContentPaidTierInputTokensPerModelPerMinute" || v[1].QuotaDimensions.Model != "gemini-2.5-flash" {
			t.Errorf("%s: %s", c.name, r.details)
		}
		if last := details[len(details)-1]; last.RetryDelay != c.delay || (c.delay != "") != (last.Type == "type.googleapis.com/google.rpc.RetryInfo") {
			t.Errorf("%s: %s", c.name, r.details)
		}
		if len(w.Header()) > 0 || a.rec.HintRaw != c.delay || a.rec.RetryAfterNs != c.wait || strings.Contains(r.message, "Please retry") != (c.told != "") || !strings.HasSuffix(r.message, c.told) {
			t.Errorf("%s: headers %v, on record %q %d, message %q", c.name, w.Header(), a.rec.HintRaw, a.rec.RetryAfterNs, r.message)
		}
	}
}

// hintOf is the hint of a fault.
func hintOf(h faults.Hint) func(a *attempt) hint {
	return func(a *attempt) hint {
		return a.newHint(&faults.Status{RetryAfter: h}, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	}
}

// A hint of an error without details of its own stands in them alone.
func TestGeminiHintAlone(t *testing.T) {
	r := refusal{status: http.StatusServiceUnavailable}
	a := &attempt{desk: new(desk), w: httptest.NewRecorder(), route: &route{vendor: &vendor{hint: geminiHint}}}
	a.tell(&r, a.waitHint(time.Second, false))
	if want := `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}`; r.details != want || len(a.w.Header()) > 0 {
		t.Errorf("%s, want %s; headers %v", r.details, want, a.w.Header())
	}
	asked := faults.Status{RetryAfter: faults.Hint{Kind: faults.HintSeconds, For: time.Second}, RetryAfterMS: ptr(true)}
	a.tell(&r, a.newHint(&asked, time.Now()))
	if got := a.w.Header().Get("Retry-After-Ms"); got != "1000" || len(a.w.Header()) != 1 {
		t.Errorf("a plan that asks for retry-after-ms gets it: %v", a.w.Header())
	}
}

// Bedrock names no time, and its true one is on record.
func TestASilentProvider(t *testing.T) {
	if !twinBedrock.silent || twinGemini.silent {
		t.Error("Bedrock alone says no time")
	}
	for _, silent := range []bool{true, false} {
		v := searcher
		twin := twinPlain
		twin.silent = silent
		v.twin = &twin
		m := instant("m", 1)
		m.Limits = Limits{RequestsPerMinute: 1}
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			at := g.s.endpoints[0]
			st := at.station("m")
			a := &attempt{desk: new(desk), s: g.s, at: at, w: httptest.NewRecorder(), route: &route{vendor: &v}, station: st, rec: journal.NewAttempt()}
			if !a.passLimits() {
				t.Fatal("the first call is let in")
			}
			now := int64(g.elapsed())
			w := httptest.NewRecorder()
			b := &attempt{desk: new(desk), s: g.s, at: at, w: w, r: httptest.NewRequest("POST", "/", nil), route: a.route, station: st, rec: journal.NewAttempt()}
			b.ctx = b.r.Context()
			b.passLimits()
			if said := w.Header().Get("Retry-After") != ""; said == silent || b.rec.EarliestNs != now+int64(time.Minute) || (b.rec.RetryAfterNs == journal.Never) != silent {
				t.Errorf("silent %v: headers %v, record %+v", silent, w.Header(), b.rec)
			}
		})
	}
}

// A crowd that knocks at several times the limit, and never waits, gets the
// limit's worth in every family: no more, and refusals take nothing from it.
func TestACrowdGetsTheLimitsWorth(t *testing.T) {
	const minutes, limit = 20, 120
	for _, f := range families {
		for _, rate := range []int64{2 * limit, 7 * limit} {
			l := newLimiter(f.twin, Limits{RequestsPerMinute: limit})
			let := 0
			for i := range minutes * rate {
				if _, r := l.admit(one, i*aMinute/rate); r == nil {
					let++
				}
			}
			// A bucket is full in the beginning and so has a minute's worth more.
			if let < minutes*limit*98/100 || let > (minutes+1)*limit {
				t.Errorf("%s, %d calls a minute: %d let in within %d minutes of %d", f.name, rate, let, minutes, limit)
			}
		}
	}
}
