package report

import (
	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/plans"
)

func f64(v float64) *float64 { return &v }

func q(v float64, unit, op string) *assertions.Quantity {
	return &assertions.Quantity{Value: &v, Unit: unit, Op: op}
}

// results are runs as literals, one for each way in which a run can end. Each
// call makes them anew.

// proxied is a run whose rules strike connections of a proxy; mixed: and calls.
func proxied(mixed bool) *plans.Result {
	r := passed()
	r.Faults = []assertions.FaultCounts{
		{Rule: "cache-far", Fault: "tcp_latency", Eligible: 12, Chosen: 12, Injected: 12, Asked: f64(1)},
		{Rule: "cache-cut", Fault: "tcp_cut", Eligible: 12, Chosen: 5, Injected: 3, Missed: 2, Asked: f64(0.5)},
		{Rule: "cache-gone", Fault: "tcp_refuse", Asked: f64(1)},
	}
	if mixed {
		r.Faults = append(r.Faults, assertions.FaultCounts{Rule: "storm", Fault: "rate_limit", Eligible: 2420, Chosen: 968, Injected: 968, Asked: f64(0.4)})
	}
	return r
}

func results() map[string]*plans.Result {
	return map[string]*plans.Result{
		"proxied": proxied(true), "proxied-alone": proxied(false),
		"pass": passed(), "fail": failed(), "inconclusive": inconclusive(), "vacuous": vacuous(), "error": unfit(),
		"interrupted": interrupted(), "harness": harnessFailed(), "tolerated": tolerated(), "hostile": hostile(),
		"alone": alone(), "barrier": unfilled(),
	}
}

// run is a run of 2,960 requests in which all went well.
func run(name, verdict string, exit int, findings ...assertions.Finding) *plans.Result {
	return &plans.Result{
		Schema: plans.ResultSchema, Seed: "42", Started: "2026-05-04T03:02:01.5Z", Duration: 41.9, Verdict: verdict, ExitCode: exit,
		Plan: plans.PlanInfo{Name: name, SHA256: "00ff", Description: "A 10x spike while the provider rate-limits 40 % of gpt-4o calls.", Target: "builtin:resilient", File: name + ".yaml"},
		Dir:  "chaos-results/latest",
		Judgement: &assertions.Judgement{
			Generator: assertions.GeneratorFigures{LagMs: assertions.Spread{P50: f64(0.04), P99: f64(0.3), Max: f64(2)}},
			Load:      assertions.LoadCounts{Planned: 2160, Due: 2160, Sent: 2160, Completed: 2160, Outcomes: map[string]int64{"full": 1612, "degraded:smaller_model": 540, "rejected": 6, "error": 2}},
			Phases: []assertions.PhaseFigures{
				{Name: "warm", ToS: 8, Requests: 160, Outcomes: map[string]int64{"full": 160}, LatencyMs: assertions.Quantiles{P50: f64(1803.2), P99: f64(1921)}, Goodput: f64(1), AttemptsPerStep: f64(1), CostUSD: 0.0321},
				{Name: "spike", FromS: 8, ToS: 18, Requests: 2000, Outcomes: map[string]int64{"full": 1452, "degraded:smaller_model": 540, "rejected": 6, "error": 1, "empty": 1}, LatencyMs: assertions.Quantiles{P50: f64(1830), P99: f64(5870)}, Goodput: f64(0.996), AttemptsPerStep: f64(1.21), CostUSD: 1.5},
			},
			Faults: []assertions.FaultCounts{
				{Rule: "storm", Fault: "rate_limit", Eligible: 2420, Chosen: 968, Injected: 968, Asked: f64(0.4)},
				{Rule: "cut", Fault: "eof_no_done", Eligible: 1738, Chosen: 60, Injected: 46, Masked: 13, Missed: 1, Asked: f64(0.03)},
				{Rule: "first-three", Fault: "empty_200"},
			},
			Join:       assertions.JoinFigures{Attempts: 9300, Attributed: 9299, Coverage: f64(0.999892)},
			Cost:       assertions.CostFigures{USD: 1.5321},
			Assertions: findings,
		},
	}
}

func passed() *plans.Result {
	return run("spike", "pass", 0,
		assertions.Finding{ID: "retries.attempts", Name: "retries.attempts", Verdict: assertions.Pass, Claim: "No call is tried more often than allowed.", Label: "tries of one call, worst",
			Measured: q(3, "attempts", ""), Threshold: q(3, "attempts", "<="), ThresholdSource: assertions.SourcePlan, Samples: 8400, Exposure: 502, Reason: "no call was tried more than 3 times"},
		assertions.Finding{ID: "retries.retry_after", Name: "retries.retry_after", Verdict: assertions.Pass, Label: "retries before the hint ran out",
			Measured: q(0, "count", ""), Threshold: q(0, "count", "<="), ThresholdSource: assertions.SourceStandard, SourceNote: "RFC 9110 10.2.3", Samples: 420, Exposure: 968, Reason: "none of 420 retries came early"},
		assertions.Finding{ID: "retries.jitter", Name: "the waits of the shop's checkout are spread", Verdict: assertions.Pass, Label: "spread of the waits, relative to their mean",
			Measured: q(0.1414, "share", ""), Threshold: q(0.05, "share", ">="), Samples: 299, Exposure: 299},
		assertions.Finding{ID: "degradation.available", Name: "degradation.available", During: "spike", Verdict: assertions.Pass, Label: "full or degraded",
			Measured: q(0.9965, "share", ""), Threshold: q(0.99, "share", ">="), Samples: 2000, Exposure: 2000, Interval: &assertions.Interval{Lo: f64(0.993449), Level: 0.95, Sided: "one"},
			Reason: "1,993 of 2,000 requests due were answered: at least 99.34 % at 95 % confidence"},
		assertions.Finding{ID: "budgets.cost", Name: "budgets.cost", Verdict: assertions.Pass, Label: "cost of the dearest request", Measured: q(0.001633, "usd", ""), Threshold: q(0.01, "usd", "<="), Samples: 2160, Exposure: 2160},
		assertions.Finding{ID: "collapse.recovers", Name: "collapse.recovers", Verdict: assertions.Pass, Label: "back at 95.0 % after spike, held 10s", Measured: q(0, "s", ""), Threshold: q(5, "s", "<="), Samples: 332, Exposure: 332},
		assertions.Finding{ID: "cache.no_leak", Name: "cache.no_leak", Verdict: assertions.NotApplicable, Claim: "No user gets an answer that was made for another tenant.", Reason: "there is only one tenant"},
	)
}

// storm is the timeline of a request whose service retries five times at once.
func storm() []assertions.Event {
	events := []assertions.Event{
		{TMs: 0.3, Lane: assertions.LaneClient, Event: "sent", Note: "gpt-4o"},
		{TMs: 0.9, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 1, Status: 200, Kind: "embed", Model: "text-embedding-3-small", Relation: "first", EndMs: f64(4.7)},
		{TMs: 4.9, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 2, Status: 200, Kind: "search", Model: "search", Relation: "first", EndMs: f64(8.7)},
		{TMs: 12.1, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 3, Status: 429, Kind: "chat", Model: "gpt-4o", Relation: "first", EndMs: f64(12.2), RetryAfterMs: f64(2000), Rule: "storm"},
	}
	for i := range 5 {
		at := 12.4 + 0.1*float64(i)
		events = append(events, assertions.Event{TMs: at, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 4 + i, Status: 429, Kind: "chat", Model: "gpt-4o", Relation: "retry", EndMs: f64(at), RetryAfterMs: f64(2000),
			Note: "waited 0.1 ms of 2,000 ms: 1,999.9 ms too early", Guilty: true})
	}
	return append(events, assertions.Event{TMs: 13, Lane: assertions.LaneClient, Event: "end", Status: 500, Note: "error, status 500"})
}

// hang is the timeline of a request whose call never got a byte.
func hang() []assertions.Event {
	return []assertions.Event{
		{TMs: 0, Lane: assertions.LaneClient, Event: "sent", Note: "gpt-4o"},
		{TMs: 12, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 1, Kind: "chat", Model: "gpt-4o", Relation: "first", EndMs: f64(20632), Rule: "hang", Note: "ended by stall"},
		{TMs: 6000, Lane: assertions.LaneProvider, Event: "skipped", Note: "2 more attempts"},
		{TMs: 6001, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 4, Status: 200, Kind: "chat", Model: "gpt-4o-mini", Relation: "fallback", EndMs: f64(6301)},
		{TMs: 6051, Lane: assertions.LaneClient, Event: "first", Note: "first content"},
		{TMs: 6302, Lane: assertions.LaneClient, Event: "end", Status: 200, Note: "truncated, the text of the answer is cut, though the answer ended with [DONE]"},
	}
}

func failed() *plans.Result {
	return run("spike-naive", "fail", 1,
		assertions.Finding{ID: "retries.retry_after", Name: "retries.retry_after", Verdict: assertions.Fail, Line: 41, Claim: "A retry waits at least as long as the provider's Retry-After says.", Label: "retries before the hint ran out",
			Measured: q(1264, "count", ""), Threshold: q(0, "count", "<="), ThresholdSource: assertions.SourceStandard, SourceNote: "RFC 9110 10.2.3", Samples: 1264, Exposure: 1514, Violations: 1264,
			Reason: "1,264 of 1,264 retries came early", Details: []string{"asked to wait p50 2,000 ms", "waited p50 0.1 ms, shortest 0.1 ms, longest 4.0 ms", "who retries: the service's own loop (x-stainless-retry-count is absent or 0)"},
			Sure: "fail: gaps are on the provider's own clock; queueing in the target can only lengthen them. A pass needs queueing that was measured and is small",
			Witnesses: []assertions.Witness{
				{Request: "spike/437", Tenant: "2", Phase: "spike", PhaseS: f64(2.219), What: "waited 0.1 ms of 2,000 ms: 1,999.9 ms too early", Timeline: storm()},
				{Request: "spike/611", What: "waited 0.1 ms of 2,000 ms: 1,999.9 ms too early"},
				{Request: "spike/947", What: "waited 0.1 ms of 2,000 ms: 1,999.9 ms too early"},
			}},
		assertions.Finding{ID: "budgets.latency", Name: "checkout is fast", During: "spike", Verdict: assertions.Fail, Line: 44, Claim: "Answers come within the latency budget, counted from the instant the request was due.", Label: "in time, from due to the end",
			Measured: q(0.98996, "share", ""), Threshold: q(0.99, "share", ">="), ThresholdSource: assertions.SourcePlan, Samples: 2000, Exposure: 2000, Interval: &assertions.Interval{Hi: f64(0.989972), Level: 0.95, Sided: "one"},
			Reason: "1,980 of 2,000 requests were in time: at most 98.99 % at 95 % confidence, 99.0 % asked", Sure: "fail: what the user waited is what was measured",
			Witnesses: []assertions.Witness{{Request: "spike/1129", Tenant: "1", Phase: "spike", PhaseS: f64(5.52), What: "took 10,001 ms, 8,000 ms allowed", Timeline: hang()}, {Request: "spike/757", What: "took 9,412 ms, 8,000 ms allowed"}}},
		assertions.Finding{ID: "degradation.disclosed", Name: "degradation.disclosed", Verdict: assertions.Vacuous, Line: 46, Claim: "A degraded answer says so.", Label: "degraded answers that hide it",
			Measured: q(0, "count", ""), Threshold: q(0, "count", "<="), ThresholdSource: assertions.SourceHeuristic, Reason: "there were no degraded answers", ToConclude: "- {http_500: {}, during: spike, probability: 0.2, per: step}"},
	)
}

// alone is a provider that was served without a load.
func alone() *plans.Result {
	r := run("mock", "fail", 1,
		assertions.Finding{ID: "retries.retry_after", Name: "retries.retry_after", Verdict: assertions.Fail, Claim: "A retry waits at least as long as the provider's Retry-After says.", Label: "retries before the hint ran out",
			Measured: q(2, "count", ""), Threshold: q(0, "count", "<="), ThresholdSource: assertions.SourceStandard, SourceNote: "RFC 9110 10.2.3", Samples: 2, Exposure: 2, Violations: 2, Reason: "2 of 2 retries came early",
			Witnesses: []assertions.Witness{{Request: "checkout/0", What: "waited 0.6 ms of 1,000 ms: 999 ms too early", Timeline: []assertions.Event{
				{Lane: assertions.LaneProvider, Event: "attempt", Attempt: 1, Status: 429, Kind: "chat", Model: "gpt-4o", Relation: "first", EndMs: f64(0.1), RetryAfterMs: f64(1000), Rule: "storm"},
				{TMs: 0.7, Lane: assertions.LaneProvider, Event: "attempt", Attempt: 2, Status: 200, Kind: "chat", Model: "gpt-4o", Relation: "retry", EndMs: f64(9), Guilty: true, Note: "waited 0.6 ms of 1,000 ms: 999 ms too early"},
			}}}},
		assertions.Finding{ID: "degradation.available", Name: "degradation.available", Verdict: assertions.Vacuous, Claim: "Users get a full or a degraded answer.", Reason: "it judges what users got, and here the provider was served on its own"},
		assertions.Finding{ID: "retries.jitter", Name: "retries.jitter", Verdict: assertions.NotApplicable, Reason: "2 retries; at least 100 are needed"},
	)
	r.Alone, r.Load, r.Phases, r.Generator, r.Plan.File = true, assertions.LoadCounts{}, nil, assertions.GeneratorFigures{}, ""
	r.Plan.Target, r.Plan.Description = "pytest -n 4", ""
	r.Join = assertions.JoinFigures{Attempts: 4, Attributed: 2, Coverage: f64(0.5)}
	r.Stopped = "interrupted while the command ran"
	return r
}

func inconclusive() *plans.Result {
	return run("short", "inconclusive", 3,
		assertions.Finding{ID: "degradation.available", Name: "degradation.available", During: "spike", Verdict: assertions.Inconclusive, Line: 12, Claim: "Users get a full or a degraded answer.", Label: "full or degraded",
			Measured: q(0.995, "share", ""), Threshold: q(0.99, "share", ">="), ThresholdSource: assertions.SourcePlan, Samples: 200, Exposure: 200, Interval: &assertions.Interval{Lo: f64(0.97649), Hi: f64(0.999744), Level: 0.9, Sided: "two"},
			Reason: "199 of 200 requests due were answered: between 97.6 % and 99.97 %, too few to tell whether it is 99.0 %; about 470 would tell", ToConclude: "for: 26s   # phase spike, was 10s"})
}

func vacuous() *plans.Result {
	r := run("nobody", "vacuous", 3,
		assertions.Finding{ID: "retries.retry_after", Name: "retries.retry_after", Verdict: assertions.Vacuous, Line: 9, Claim: "A retry waits at least as long as the provider's Retry-After says.", Label: "retries before the hint ran out",
			Measured: q(0, "count", ""), Threshold: q(0, "count", "<="), ThresholdSource: assertions.SourceStandard, SourceNote: "RFC 9110 10.2.3", Reason: "there were no answers with a Retry-After; no call matched fault storm", ToConclude: "- {rate_limit: {retry_after: 2s}, during: spike, probability: 0.2}"})
	r.Faults = []assertions.FaultCounts{{Rule: "storm", Fault: "rate_limit", Asked: f64(0.4)}}
	return r
}

// unfilled is a run in which a barrier gathered too few, and another one enough.
func unfilled() *plans.Result {
	r := passed()
	r.Plan.Name, r.Verdict, r.ExitCode = "together", "inconclusive", 3
	r.Assertions = append(r.Assertions[:1], assertions.Finding{ID: assertions.BarrierID, Name: "barrier of storm", Verdict: assertions.Inconclusive, Claim: "At least 20 calls that fault storm chose fail at one instant.",
		Label: "calls that failed at one instant, at most", Measured: q(13, "attempts", ""), Threshold: q(20, "attempts", ">="), ThresholdSource: assertions.SourcePlan, Samples: 2, Exposure: 20, Exposed: "calls that the rule chose",
		Reason:     "13 calls at most failed at one instant, and the barrier is for 20; it opened 2 times as the patience of the first of them ended (20 calls)",
		ToConclude: "wait: 13   # of its barrier; or more load, or a longer patience"})
	r.Faults[0].Barrier = &assertions.BarrierCounts{Wait: 20, Most: 13, Opened: []assertions.Opening{{Why: "patience", Times: 2, Calls: 20}}}
	r.Faults[1].Barrier = &assertions.BarrierCounts{Wait: 20, Most: 20, Opened: []assertions.Opening{{Why: "full", Times: 2, Calls: 40}, {Why: "window", Times: 1, Calls: 6}}}
	return r
}

func unfit() *plans.Result {
	r := run("laggard", "error", 4,
		assertions.Finding{ID: "budgets.latency", Name: "budgets.latency", Verdict: assertions.Error, Line: 20, Claim: "Answers come within the latency budget, counted from the instant the request was due.", Label: "in time, from due to the end",
			Measured: q(0.995, "share", ""), Threshold: q(0.99, "share", ">="), ThresholdSource: assertions.SourcePlan, Samples: 2000, Exposure: 2000, Reason: "the generator lagged: p99 700 ms behind due, allowed 400 ms (5 % of 8,000 ms)"})
	r.Generator.LagMs.P99 = f64(700)
	r.Load.Sent, r.Load.Dropped = 2100, map[string]int64{"max_in_flight": 60}
	r.Provider.UnknownModels = []string{"gpt-5-codex"}
	return r
}

func interrupted() *plans.Result {
	r := run("cut", "inconclusive", 130,
		assertions.Finding{ID: "collapse.goodput", Name: "collapse.goodput", Verdict: assertions.Inconclusive, Claim: "Under overload the share of good answers stays near that of quiet times.", Label: "goodput, relative to the first phase",
			Threshold: q(0.95, "share", ">="), ThresholdSource: assertions.SourcePlan, Reason: "run cut at 17.3 s", ToConclude: "run it again, to the end"})
	r.Stopped, r.Phases, r.Faults = "interrupted", r.Phases[:1], nil
	r.Load = assertions.LoadCounts{Planned: 2160, Due: 163, NotDue: 1997, Sent: 163, Completed: 160, Open: 3}
	r.Dir = "out of the way/run 1"
	return r
}

func harnessFailed() *plans.Result {
	return &plans.Result{
		Seed: "1", Started: "2026-05-04T03:02:01Z", Verdict: "vacuous", ExitCode: 4, Error: "cannot listen on 127.0.0.1:4010: address already in use\n  end what uses the port, or choose another",
		Plan: plans.PlanInfo{Name: "taken", Target: "http://127.0.0.1:8080/v1/chat/completions"}, Judgement: &assertions.Judgement{},
	}
}

func tolerated() *plans.Result {
	r := failed()
	r.Plan.Name, r.Verdict, r.ExitCode = "tolerated", "pass", 0
	r.Plan.Set = []string{"load.client.timeout=5s", "description=it's new"}
	r.Assertions = r.Assertions[:2]
	r.Assertions[0].AllowFail = &assertions.Allowed{Until: "2026-12-31", Reason: "SHOP-77, the new retry loop", Active: true}
	r.Assertions[1].AllowFail = &assertions.Allowed{Until: "2026-01-31", Reason: "SHOP-12", Active: false}
	return r
}

// bad is what a service could answer to spoil a terminal, a table, an XML file.
const bad = "\x1b[2J\x1b]0;owned\x07`a`|b<script>&\"'*_]]>\x00\u202e\u200b\xff\r\nPASS"

func hostile() *plans.Result {
	r := failed()
	r.Plan.Name, r.Plan.Description, r.Plan.Target, r.Plan.File = bad, bad, bad, bad
	r.Stopped, r.Error = bad, bad
	r.Phases[0].Name = bad
	r.Faults[0].Rule = bad
	r.Provider.UnknownModels = []string{bad}
	f := &r.Assertions[0]
	f.Name, f.Label, f.Reason, f.Claim, f.Sure, f.ToConclude, f.Details = bad, bad, bad, bad, bad, bad, []string{bad}
	w := &f.Witnesses[0]
	w.Request, w.Tenant, w.Phase, w.What = bad, bad, bad, bad
	for i := range w.Timeline {
		e := &w.Timeline[i]
		e.Note, e.Kind, e.Model, e.Rule = bad, bad, bad, bad
	}
	return r
}

// oneRequest is what `run --once` found.
func oneRequest() *plans.OnceResult {
	return &plans.OnceResult{
		Target: "http://127.0.0.1:8080/chat", Joined: 2, Called: true, Unknown: []string{"gpt-5"},
		Request: journal.Request{Outcome: journal.OutcomeDegraded, DegradedKind: "cached", OutcomeReason: "header x-cache", Excerpt: "{\"answer\":\"" + bad + "\"}", ContentBytes: 2320, Chunks: 21, Marks: []journal.MarkSeen{{}}},
		Attempts: []journal.Attempt{
			{Kind: "embed", ModelAsked: "text-embedding-3-small", CarriersSeen: journal.CarrierHeader | journal.CarrierTraceparent},
			{Kind: "chat", ModelAsked: "gpt-5", CarriersSeen: journal.CarrierHeader | journal.CarrierMarker},
		},
		Story: assertions.Witness{Request: "trial/0", Tenant: "1", What: "degraded:cached", Timeline: hang()},
	}
}
