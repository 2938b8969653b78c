package mockmodel

import "github.com/chaoskit/chaos/faults"

// What a content filter does to an answer: it ends it, or it refuses the prompt.

// filters returns what a fault lets a content filter do to the answer; nil: nothing.
func (a *attempt) filters(where string) *faults.Mutation {
	if m := a.effect.Mutation; m != nil && m.Kind == faults.MutationFiltered && m.Where == where {
		return m
	}
	return nil
}

// filter ends a choice where the filter steps in. One that ends before is none of
// its business.
func (a *attempt) filter(choice int) {
	m := a.filters("answer")
	if m == nil {
		return
	}
	parts := a.ans.of(choice)
	left := m.N
	for i := range parts {
		s := &parts[i].script
		if s.tokens <= left {
			left -= s.tokens
			continue
		}
		kept := i
		if left > 0 {
			s.tokens, kept = left, i+1
		}
		a.ans.parts = a.ans.parts[:len(a.ans.parts)-(len(parts)-kept)]
		a.ans.stop, a.ans.bent = stopFiltered, true
		return
	}
}

// composeBlocked makes the answer what a filter leaves of one to a prompt: nothing,
// or the words of whoever guards the model.
func (a *attempt) composeBlocked() {
	ans := &a.ans
	ans.blocked, ans.bent = true, true
	if words := a.route.vendor.guarded; words != "" {
		a.add(0, partText, a.plain(words)).stop = stopFiltered
		ans.empty, ans.tokensIn = true, 0 // the model is not asked
	}
	ans.stop = stopFiltered
}

// refuseBlocked refuses a prompt, in the dialects that have an error for that.
func (a *attempt) refuseBlocked(t *timing) {
	if !a.readPrompt(t) {
		return
	}
	came := a.waitDue(waitStatus, t.token(0))
	a.met(t, a.now(), 0)
	if !came {
		return
	}
	r := a.route.vendor.blocked()
	if a.refuse(&r) {
		a.show(faults.SlotMutation)
	}
}

// withheld reports whether a choice that has ended has no content to show: a filter
// holds it back, though it was generated, or there is none.
func (a *answer) withheld(choice int) bool {
	why := a.ended(choice)
	return why == stopFiltered || why == stopUnsaid
}

// What a filter says of what it has found: of one kind in all dialects.
const (
	azureViolent = `{"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":true,"severity":"medium"}}`

	// Members and categories: RefusalStopDetails of anthropics/anthropic-sdk-go.
	anthropicRefused = `{"type":"refusal","category":"general_harms","explanation":"This request was declined because the answer could do harm."}`

	// As quoted in CherryHQ/cherry-studio #664: the one that blocks says so.
	geminiRatings = `"safetyRatings":[{"category":"HARM_CATEGORY_HATE_SPEECH","probability":"NEGLIGIBLE"},{"category":"HARM_CATEGORY_DANGEROUS_CONTENT","probability":"HIGH","blocked":true},{"category":"HARM_CATEGORY_HARASSMENT","probability":"NEGLIGIBLE"},{"category":"HARM_CATEGORY_SEXUALLY_EXPLICIT","probability":"NEGLIGIBLE"}]`

	// geminiBlocked begins an answer to a prompt that was blocked: its members are those
	// of GenerateContentResponsePromptFeedback of googleapis/go-genai.
	geminiBlocked = `{"promptFeedback":{"blockReason":"SAFETY",` + geminiRatings + `}`

	// What a guardrail of Bedrock says where its owner has not written other words.
	bedrockGuarded = "Sorry, the model cannot answer this question."
)

// openAIFlagged is the error for a prompt that may be against the policy: quoted in
// alan-turing-institute/t0-1 #69 and BeehiveInnovations/pal-mcp-server #178.
func openAIFlagged() refusal {
	return refusal{status: 400, kind: "invalid_request_error", code: "invalid_prompt",
		message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting"}
}
