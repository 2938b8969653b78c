package mockmodel

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/faults"
)

// What a fault changes of the form of an answer: what it is called, whether it is a
// stream, and whether there is a choice in it.

var plainType = []string{"text/plain; charset=utf-8"}

// mediaTold returns the media type that the answer is called by.
func (a *attempt) mediaTold(stream bool, status int) []string {
	right := a.media(stream)
	m := a.effect.Mutation
	if m == nil || m.Kind != faults.MutationMedia || a.inSocket() || status >= http.StatusMultipleChoices {
		return right
	}
	told := right
	switch {
	case m.Form == "plain":
		told = plainType
	case m.Form == "json" && stream:
		told = jsonType
	}
	if sameMedia(told[0], right[0]) {
		return right
	}
	a.ans.bent = true
	return told
}

// sameMedia compares media types without their parameters.
func sameMedia(a, b string) bool {
	a, _, _ = strings.Cut(a, ";")
	b, _, _ = strings.Cut(b, ";")
	return strings.EqualFold(a, b)
}

// unstreamed reports whether a fault has a call for a stream get an answer in one
// piece. Where another one wants an end that only a stream has, that comes first.
func (a *attempt) unstreamed() bool {
	m := a.effect.Mutation
	if m == nil || m.Kind != faults.MutationMedia || m.Form != "whole" || a.inSocket() || a.replaying != nil {
		return false
	}
	if e := a.effect.Ending; e != nil {
		ofAny := []faults.EndingKind{faults.EndingReset, faults.EndingStall, faults.EndingHalfOpen, faults.EndingClose}
		if e.After.In == faults.Events || !slices.Contains(ofAny, e.Kind) {
			return false
		}
	}
	a.ans.bent = true
	return true
}

// composeNothing makes the answer one without a choice, or with one that has no
// content. false: no fault wants that.
func (a *attempt) composeNothing() bool {
	m := a.ans.bend
	if m == nil || m.Kind != faults.MutationNoChoices || m.Form == "chunk" {
		return false
	}
	a.ans.bent = true
	if m.Form == "none" {
		a.ans.choices = 0
	} else {
		a.ans.stop = stopUnsaid
	}
	return true
}

// choicesOf are where a dialect's answers have their choices.
var choicesOf = map[string]string{"openai": "choices", "azure": "choices", "gemini": "candidates"}

// withoutChoices returns a frame like that one, to come behind it, that has no
// choice. false: that one has none.
func (a *attempt) withoutChoices(frame []byte) (out []byte, ok bool) {
	from, to := payload(frame)
	if to == 0 || bytes.HasSuffix(frame, []byte("\n]\n")) { // nothing comes behind the end of an array
		return nil, false
	}
	name := choicesOf[a.route.vendor.name]
	splices := splicesOf(doc(frame[from:to]), func(path string, v doc) (fate, string) {
		switch {
		case path != name || v == "[]":
			return keep, ""
		case name == "candidates": // lists of nothing are left out there
			return drop, ""
		}
		return replace, "[]"
	})
	if len(splices) == 0 {
		return nil, false
	}
	out = reframe(nil, frame, from, to, apply(nil, frame[from:to], splices))
	if out[0] == '[' {
		out = append([]byte(",\r\n"), out[1:]...)
	}
	return out, true
}
