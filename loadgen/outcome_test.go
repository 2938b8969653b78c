package loadgen

import (
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// own is the request of the cases below.
var own = journal.Key{Phase: "spike", Index: 7}

// good is an answer with which nothing is wrong; cases change one thing or two.
func good() facts {
	return facts{
		endBy: journal.EndServer, headers: true, status: 200, terminal: "[DONE]", awaited: "[DONE]",
		content: true, finish: "stop", key: own, tenant: "t1", model: "gpt-4o",
	}
}

// whole is the mark of a whole text that was made for this request.
func whole(attempt uint64) mark {
	return mark{MarkSeen: journal.MarkSeen{Attempt: attempt, Key: own, Tenant: "t1", Model: "gpt-4o", Whole: true}}
}

// with changes a mark.
func with(m mark, change func(*mark)) mark {
	change(&m)
	return m
}

// found changes what was found of a mark.
func found(f wire.Finding) func(*mark) {
	return func(m *mark) {
		m.found |= f
		m.Whole, m.Bad = m.found&^wire.FoundOtherRun == 0, m.found&wire.FoundChanged != 0
	}
}

func cut(m *mark)      { found(wire.FoundCut)(m) }
func mini(m *mark)     { m.Model = "gpt-4o-mini" }
func nameless(m *mark) { m.Model = "" }
func anon(m *mark)     { m.Key, m.Tenant = journal.Key{Phase: journal.PhaseAnon}, "" }
func earlier(m *mark)  { m.Key.Index = 3 }
func stranger(m *mark) { m.Key.Index, m.Tenant = 3, "t2" }
func lastRun(m *mark) {
	m.Key, m.Tenant, m.Model = journal.Key{}, "", ""
	found(wire.FoundOtherRun)(m)
}

func TestOutcome(t *testing.T) {
	tests := []struct {
		words  string
		change func(*facts)
		want   string // outcome, or outcome:kind, with ! where it was disclosed
	}{
		// 1
		{"a request that was never sent has no outcome", func(f *facts) { *f = facts{dropped: "max_in_flight"} }, ""},
		// 2
		{"no headers before the client timeout", func(f *facts) { f.headers, f.endBy = false, journal.EndClientTimeout }, "timeout"},
		{"nobody listens", func(f *facts) { f.headers, f.endBy = false, journal.EndRefused }, "error"},
		{"the connection is reset before the headers", func(f *facts) { f.headers, f.endBy = false, journal.EndReset }, "error"},
		{"the connection ends before the headers", func(f *facts) { f.headers, f.endBy = false, journal.EndEOF }, "error"},
		{"no TLS, or no HTTP", func(f *facts) { f.headers, f.endBy = false, journal.EndServer }, "error"},
		{"the run is stopped before the headers: still open, so none", func(f *facts) { f.headers, f.endBy = false, journal.EndStopped }, ""},
		// 3
		{"too many requests", func(f *facts) { f.status = 429 }, "rejected"},
		{"service unavailable", func(f *facts) { f.status = 503 }, "rejected"},
		{"a status that the plan calls a rejection", func(f *facts) { f.status, f.rejected = 402, true }, "rejected"},
		{"a rejection with status 200", func(f *facts) { f.rejected = true }, "rejected"},
		{"an internal error", func(f *facts) { f.status = 500 }, "error"},
		{"a redirect is not followed", func(f *facts) { f.status = 302 }, "error"},
		{"a 200 that the plan calls an error", func(f *facts) { f.errorRule = "$.error: boom" }, "error"},
		{"the rule for a rejection goes before the rule for an error", func(f *facts) { f.status, f.rejected, f.errorRule = 500, true, "by status" }, "rejected"},
		{"429 stays rejected where the plan calls it an error", func(f *facts) { f.status, f.errorRule = 429, "by status" }, "rejected"},
		{"the status counts, not that its body timed out", func(f *facts) { f.status, f.terminal, f.endBy = 500, "", journal.EndClientTimeout }, "error"},
		{"a status that is an error, with text that looks degraded", func(f *facts) { f.status, f.degraded = 500, "message" }, "error"},
		// 4
		{"the client timeout in the middle of the answer", func(f *facts) { f.terminal, f.endBy = "", journal.EndClientTimeout }, "timeout"},
		{"the client timeout before any content", func(f *facts) { f.terminal, f.content, f.endBy = "", false, journal.EndClientTimeout }, "timeout"},
		{"the client timeout after the terminal event: the user has it all", func(f *facts) { f.endBy = journal.EndClientTimeout }, "full"},
		{"the client timeout goes before a cut watermark", func(f *facts) {
			f.terminal, f.endBy, f.marks = "", journal.EndClientTimeout, []mark{with(whole(1), cut)}
		}, "timeout"},
		{"the run ends in the middle of the answer", func(f *facts) { f.terminal, f.endBy = "", journal.EndRunEnd }, ""},
		{"the run ends after the terminal event", func(f *facts) { f.endBy = journal.EndRunEnd }, "full"},
		// 5
		{"an error inside the stream", func(f *facts) { f.terminal, f.streamError = "", "overloaded" }, "error"},
		{"an error inside the stream, then silence until the timeout", func(f *facts) { f.terminal, f.streamError, f.endBy = "", "overloaded", journal.EndClientTimeout }, "error"},
		{"an error inside the stream, then a reset", func(f *facts) { f.terminal, f.streamError, f.endBy = "", "overloaded", journal.EndReset }, "error"},
		{"an error inside the stream, then [DONE]", func(f *facts) { f.streamError = "overloaded" }, "error"},
		// 6
		{"a stream that just ends", func(f *facts) { f.terminal = "" }, "truncated"},
		{"a stream that just ends, before any content", func(f *facts) { f.terminal, f.content = "", false }, "truncated"},
		{"a reset in the middle of the answer", func(f *facts) { f.terminal, f.endBy = "", journal.EndReset }, "truncated"},
		{"an end of the connection in the middle of the answer", func(f *facts) { f.terminal, f.endBy = "", journal.EndEOF }, "truncated"},
		{"a reset after the terminal event: the user has it all", func(f *facts) { f.endBy = journal.EndReset }, "full"},
		{"more than the client reads", func(f *facts) { f.terminal, f.endBy, f.note = "", journal.EndClientHangup, "too long" }, "truncated"},
		{"the end came, but the text is cut", func(f *facts) { f.marks = []mark{with(whole(1), cut)} }, "truncated"},
		{"the end came, but the text lacks its beginning", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundHeadless))} }, "truncated"},
		{"a whole text of one step, a cut one of the next", func(f *facts) { f.marks = []mark{whole(1), with(whole(2), cut)} }, "truncated"},
		{"a cut text goes before the tenant that it was made for", func(f *facts) { f.marks = []mark{with(with(whole(1), cut), stranger)} }, "truncated"},
		{"a cut text goes before a disclosed degradation", func(f *facts) { f.degraded, f.marks = "cached", []mark{with(whole(1), cut)} }, "truncated"},
		// 7
		{"no content", func(f *facts) { f.content = false }, "empty"},
		{"no content, and the service says that it is degraded", func(f *facts) { f.content, f.degraded = false, "message" }, "empty"},
		{"no content, but a tool call", func(f *facts) { f.content, f.tools = false, 1 }, "full"},
		{"no content, but a refusal", func(f *facts) { f.content, f.refusal = false, true }, "full"},
		// 8
		{"another tenant's text", func(f *facts) { f.marks = []mark{with(whole(1), stranger)} }, "wrong"},
		{"another tenant's text beside the own", func(f *facts) { f.marks = []mark{whole(1), with(whole(2), stranger)} }, "wrong"},
		{"another tenant's text, disclosed as cached", func(f *facts) { f.degraded, f.marks = "cached", []mark{with(whole(1), stranger)} }, "wrong"},
		{"texts of two requests of one tenant", func(f *facts) { f.marks = []mark{with(whole(1), earlier), whole(2)} }, "wrong"},
		{"texts of this run and of an earlier one", func(f *facts) { f.marks = []mark{with(whole(1), lastRun), whole(2)} }, "wrong"},
		{"a retry that goes on where the first attempt broke off", func(f *facts) { f.marks = []mark{with(whole(1), cut), whole(2)} }, "wrong"},
		{"the same without request ids", func(f *facts) { f.marks = []mark{with(with(whole(1), cut), anon), with(whole(2), anon)} }, "wrong"},
		{"a damaged mark", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundDamaged))} }, "wrong"},
		{"a part in the middle is missing: the text does not break off", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundMissing))} }, "wrong"},
		{"a part stands there twice", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundDuplicated))} }, "wrong"},
		{"parts out of order", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundReordered))} }, "wrong"},
		{"other words between two marks", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundEdited))} }, "wrong"},
		{"a part twice, and then cut: what is there is wrong already", func(f *facts) { f.marks = []mark{with(whole(1), found(wire.FoundDuplicated|wire.FoundCut))} }, "wrong"},
		{"two woven texts", func(f *facts) {
			f.marks = []mark{with(whole(1), found(wire.FoundSpliced)), with(whole(2), found(wire.FoundSpliced))}
		}, "wrong"},
		{"the end of one text behind another", func(f *facts) {
			f.marks = []mark{with(whole(1), found(wire.FoundSpliced)), with(whole(2), found(wire.FoundSpliced|wire.FoundHeadless))}
		}, "wrong"},
		{"the end of one text before another", func(f *facts) {
			f.marks = []mark{with(whole(1), found(wire.FoundSpliced|wire.FoundHeadless)), with(whole(2), found(wire.FoundSpliced))}
		}, "wrong"},
		{"more attempts than can be told apart", func(f *facts) { f.marks, f.more = []mark{whole(1), whole(2)}, 1 }, "wrong"},
		{"two whole texts of one request: an answer of two steps", func(f *facts) { f.marks = []mark{whole(1), whole(2)} }, "full"},
		// 9
		{"the service says that a smaller model answered", func(f *facts) { f.degraded = "smaller_model" }, "degraded:smaller_model!"},
		{"what the service says goes before what the watermark shows", func(f *facts) { f.degraded, f.marks = "cached", []mark{with(whole(1), mini)} }, "degraded:cached!"},
		// 10
		{"another model's text, and no word about it", func(f *facts) { f.marks = []mark{with(whole(1), mini)} }, "degraded:smaller_model"},
		{"an older request's text, and no word about it", func(f *facts) { f.marks = []mark{with(whole(1), earlier)} }, "degraded:cached"},
		{"an older request's text by another model", func(f *facts) { f.marks = []mark{with(with(whole(1), earlier), mini)} }, "degraded:cached"},
		{"text of an earlier run", func(f *facts) { f.marks = []mark{with(whole(1), lastRun)} }, "degraded:cached"},
		{"the mix asks for no model, so any will do", func(f *facts) { f.model, f.marks = "", []mark{with(whole(1), mini)} }, "full"},
		{"a model that the run does not know is no evidence", func(f *facts) { f.marks = []mark{with(whole(1), nameless)} }, "full"},
		{"a small model's step beside the answer proper", func(f *facts) { f.marks = []mark{with(whole(1), mini), whole(2)} }, "full"},
		{"a tool call of an earlier run", func(f *facts) { f.labels = []mark{with(whole(1), lastRun)} }, "degraded:cached"},
		// 11
		{"a tool call that names another attempt says nothing of the text", func(f *facts) {
			f.marks, f.labels = []mark{whole(1)}, []mark{with(with(whole(2), anon), found(wire.FoundShort))}
		}, "full"},
		{"nothing is wrong", func(*facts) {}, "full"},
		{"nothing is wrong, and the watermark proves it", func(f *facts) { f.marks = []mark{whole(1)} }, "full"},
		{"an attempt without request id says nothing about tenants", func(f *facts) { f.marks = []mark{with(whole(1), anon)} }, "full"},
	}
	for _, test := range tests {
		f := good()
		test.change(&f)
		j := judge(f)
		got := string(j.outcome)
		if j.kind != "" {
			got += ":" + j.kind
		}
		if j.disclosed {
			got += "!"
		}
		if got != test.want {
			t.Errorf("%s: %q (%s), want %q", test.words, got, j.reason, test.want)
		}
		if j.reason == "" && j.outcome != journal.OutcomeFull && !j.disclosed {
			t.Errorf("%s: %q without a reason", test.words, got)
		}
	}
}
