package loadgen

import (
	"fmt"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// facts is all that the outcome of a request depends on.
type facts struct {
	dropped string // the reason for which it was not sent, "" if it was sent

	endBy     journal.EndBy
	err       string // what the transport said, for the reason
	headers   bool   // complete headers came
	status    int
	rejected  bool   // a response.rejected rule matched
	errorRule string // the response.error rule that matched, in words

	streamError string // the error that came inside an answer of status 200
	terminal    string // the declared terminal event, "" if it never came
	awaited     string // what that event would have been

	content  bool // anything but space and watermarks
	tools    int
	refusal  bool
	finish   string
	note     string // what is odd about the answer, e.g. a content type that was not asked for
	degraded string // kind of the first response.degraded rule that matched

	key    journal.Key
	tenant string
	model  string // that was asked for, "" if it cannot be compared with the provider's
	marks  []mark // in order of appearance
	labels []mark // attempts that are named in what is no text: they say nothing of it
	more   int    // attempts beyond those that are told apart
}

// mark is what the watermarks of one attempt in one answer say.
type mark struct {
	journal.MarkSeen
	found wire.Finding
}

// otherRun reports whether it is of an earlier run: key and tenant mean nothing
// here.
func (m mark) otherRun() bool { return m.found&wire.FoundOtherRun != 0 }

// judgement is the outcome with what led to it.
type judgement struct {
	outcome   journal.Outcome
	kind      string // of degradation
	disclosed bool   // the service said so
	reason    string
}

// judge returns the outcome of a request: the first that holds. The numbers
// are those of section 6 of the design; outcomes are only comparable between
// runs while this order stands.
func judge(f facts) judgement {
	// (1) Never sent.
	if f.dropped != "" {
		return judgement{reason: f.dropped}
	}
	for _, step := range [...]func(facts) (judgement, bool){judgeHeaders, judgeStatus, judgeEnd, judgeContent, judgeMarks, judgeDegraded} {
		if j, ok := step(f); ok {
			return j
		}
	}
	// (11)
	return judgement{outcome: journal.OutcomeFull, reason: f.note}
}

// judgeHeaders is (2): no complete headers came.
func judgeHeaders(f facts) (judgement, bool) {
	switch {
	case f.headers:
		return judgement{}, false
	case f.endBy == journal.EndClientTimeout:
		return judgement{outcome: journal.OutcomeTimeout, reason: "no answer before the client timeout"}, true
	case open(f):
		return judgement{reason: "still open when the run ended"}, true
	}
	return judgement{outcome: journal.OutcomeError, reason: withErr(map[journal.EndBy]string{
		journal.EndRefused: "no connection",
		journal.EndReset:   "connection reset before an answer",
		journal.EndEOF:     "connection closed before an answer",
	}[f.endBy], "no answer", f.err)}, true
}

// judgeStatus is (3): the status, or a rule about it, says that it failed.
func judgeStatus(f facts) (judgement, bool) {
	switch {
	case f.rejected:
		return judgement{outcome: journal.OutcomeRejected, reason: fmt.Sprintf("status %d, by a response.rejected rule", f.status)}, true
	case f.status == 429 || f.status == 503:
		return judgement{outcome: journal.OutcomeRejected, reason: fmt.Sprintf("status %d", f.status)}, true
	case f.status >= 300:
		return judgement{outcome: journal.OutcomeError, reason: fmt.Sprintf("status %d", f.status)}, true
	case f.errorRule != "":
		return judgement{outcome: journal.OutcomeError, reason: f.errorRule}, true
	}
	return judgement{}, false
}

// judgeEnd is (4), (5) and (6): the answer did not come to its end.
//
// What happens to a connection after the terminal event or an in-stream error
// changes nothing: the user has the answer, or knows that there is none.
func judgeEnd(f facts) (judgement, bool) {
	over := f.terminal != "" || f.streamError != ""
	switch {
	case !over && f.endBy == journal.EndClientTimeout:
		return judgement{outcome: journal.OutcomeTimeout, reason: "the answer was not complete before the client timeout"}, true
	case !over && open(f):
		return judgement{reason: "still open when the run ended"}, true
	case f.streamError != "":
		return judgement{outcome: journal.OutcomeError, reason: "error inside the answer: " + f.streamError}, true
	case f.terminal == "":
		return judgement{outcome: journal.OutcomeTruncated, reason: truncatedHow(f)}, true
	}
	if how := cutText(f.marks); how != "" {
		return judgement{outcome: journal.OutcomeTruncated, reason: how + ", though the answer ended with " + f.terminal}, true
	}
	return judgement{}, false
}

// cutText says how the text is cut without any other going on there: at its
// end, if the last mark of the last attempt never came, or at its beginning.
func cutText(marks []mark) string {
	if len(marks) == 0 {
		return ""
	}
	if m := marks[len(marks)-1]; m.found&wire.FoundCut != 0 && !m.Bad {
		return fmt.Sprintf("the text of attempt %d is cut", m.Attempt)
	}
	if m := marks[0]; m.found&^wire.FoundOtherRun == wire.FoundHeadless {
		return fmt.Sprintf("the text of attempt %d lacks its beginning", m.Attempt)
	}
	return ""
}

// truncatedHow says in what way the terminal event failed to come.
func truncatedHow(f facts) string {
	switch f.endBy {
	case journal.EndReset:
		return withErr("connection reset before "+f.awaited, "", f.err)
	case journal.EndEOF:
		return "connection closed before " + f.awaited
	case journal.EndClientHangup:
		return f.note
	}
	return "ended without " + f.awaited
}

// judgeContent is (7): there is nothing for the user.
func judgeContent(f facts) (judgement, bool) {
	if f.content || f.tools > 0 || f.refusal {
		return judgement{}, false
	}
	reason := "no content"
	if f.finish != "" {
		reason += ", finish reason " + f.finish
	}
	if f.note != "" {
		reason += "; " + f.note
	}
	return judgement{outcome: journal.OutcomeEmpty, reason: reason}, true
}

// judgeMarks is (8): the words are not an answer to this request. A text of
// which a part stands twice, elsewhere or not at all is a splice of itself: no
// model gave it.
func judgeMarks(f facts) (judgement, bool) {
	wrong := func(format string, args ...any) (judgement, bool) {
		return judgement{outcome: journal.OutcomeWrong, reason: fmt.Sprintf(format, args...)}, true
	}
	for _, m := range f.marks {
		if m.named() && m.Tenant != f.tenant {
			return wrong("text of tenant %s, from request %s, was given to tenant %s", m.Tenant, m.Key, f.tenant)
		}
	}
	for _, m := range f.marks {
		if changed := m.found & wire.FoundChanged; changed != 0 {
			return wrong("the text of attempt %d is not what it said: %s", m.Attempt, changedHow(changed))
		}
	}
	if f.more > 0 {
		return wrong("the text is of more than %d attempts: which of them is whole cannot be told", wire.AnswersMax)
	}
	for i := 1; i < len(f.marks); i++ {
		before, m := f.marks[i-1], f.marks[i]
		switch {
		case m.otherRun() != before.otherRun():
			return wrong("spliced: text of this run beside text of an earlier one")
		case m.named() && before.named() && m.Key != before.Key:
			return wrong("spliced: the text of request %s goes on with that of request %s", before.Key, m.Key)
		case !before.Whole || !m.Whole:
			// Two whole texts are an answer of several steps. A part of one
			// with another is a retry that went on where the first broke off.
			return wrong("spliced: the text of attempt %d goes on with that of attempt %d, and not both are whole", before.Attempt, m.Attempt)
		}
	}
	return judgement{}, false
}

// changedHow says in words what became of a text.
func changedHow(f wire.Finding) string {
	how := map[wire.Finding]string{
		wire.FoundDamaged:    "watermarks are damaged",
		wire.FoundMissing:    "a part in its middle is missing",
		wire.FoundDuplicated: "a part stands there twice",
		wire.FoundReordered:  "parts are out of order",
		wire.FoundEdited:     "words between two watermarks were lost, doubled or changed",
	}
	var parts []string
	for bit := wire.Finding(1); bit <= f; bit <<= 1 {
		if f&bit != 0 {
			parts = append(parts, how[bit])
		}
	}
	return strings.Join(parts, ", ")
}

// named reports whether m says for whom its text was made: not where it comes
// from another run, or the attempt carried no request id.
func (m mark) named() bool {
	return !m.otherRun() && !m.Key.None() && m.Key.Phase != journal.PhaseAnon
}

// judgeDegraded is (9) and (10): an answer, but not the one that was asked for.
func judgeDegraded(f facts) (judgement, bool) {
	if f.degraded != "" {
		return judgement{outcome: journal.OutcomeDegraded, kind: f.degraded, disclosed: true}, true
	}
	undisclosed := func(kind, format string, args ...any) (judgement, bool) {
		return judgement{outcome: journal.OutcomeDegraded, kind: kind, reason: fmt.Sprintf(format, args...)}, true
	}
	for _, m := range f.labels {
		if m.otherRun() {
			return undisclosed("cached", "it holds what was made in an earlier run")
		}
	}
	for _, m := range f.marks {
		switch {
		case m.otherRun():
			return undisclosed("cached", "the text was made in an earlier run")
		case m.named() && m.Key != f.key:
			return undisclosed("cached", "the text was made for request %s", m.Key)
		}
	}
	if f.model != "" && len(f.marks) > 0 && !answeredBy(f.marks, f.model) {
		return undisclosed("smaller_model", "asked for %s, the text is by %s", f.model, f.marks[0].Model)
	}
	return judgement{}, false
}

// answeredBy reports whether any part of the text is by the model: a service
// may put a small model's work beside the answer proper. A mark whose model is
// not known to both ends is no evidence of another model.
func answeredBy(marks []mark, model string) bool {
	for _, m := range marks {
		if m.Model == "" || m.Model == model {
			return true
		}
	}
	return false
}

// open reports whether the run ended before the request did: it has no
// outcome.
func open(f facts) bool { return f.endBy == journal.EndStopped || f.endBy == journal.EndRunEnd }

func withErr(reason, fallback, err string) string {
	if reason == "" {
		reason = fallback
	}
	if err != "" {
		reason += ": " + err
	}
	return reason
}
