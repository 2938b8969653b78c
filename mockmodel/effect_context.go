package mockmodel

import (
	"fmt"
	"net/http"
)

// tooLong is the refusal of a call that does not fit into a context. The count
// that it names is above the window, whatever was asked: the fault is a lie.
func (a *attempt) tooLong(window int) refusal {
	v, tokens := a.route.vendor, window+max(1, min(a.call.tokensIn, usageMax))
	if v.tooLong == nil {
		return v.words(http.StatusBadRequest, &a.call)
	}
	return v.tooLong(&a.call, tokens, window)
}

// openAIOverlong is OpenAI's and Azure's. The Responses API does not count: its
// words are quoted in dyad #1672, from a stream, where it says them in an event.
// Their status outside of one is not published; it is that of the code here.
func openAIOverlong(c *call, tokens, window int) refusal {
	r := refusal{status: http.StatusBadRequest, kind: "invalid_request_error", code: "context_length_exceeded", param: "messages",
		message: fmt.Sprintf("This model's maximum context length is %d tokens. However, your messages resulted in %d tokens. Please reduce the length of the messages.", window, tokens)}
	if _, chat := c.form.(*openAIChat); !chat {
		r.param, r.message = "input", "Your input exceeds the context window of this model. Please adjust your input and try again."
	}
	return r
}

// anthropicTooLong is as quoted in exe.dev #62.
func anthropicTooLong(_ *call, tokens, window int) refusal {
	return *anthropicInvalid(fmt.Sprintf("prompt is too long: %d tokens > %d maximum", tokens, window))
}

// geminiTooLong is as quoted in gemini-cli #4231.
func geminiTooLong(_ *call, tokens, window int) refusal {
	return *geminiInvalid(fmt.Sprintf("The input token count (%d) exceeds the maximum number of tokens allowed (%d).", tokens, window))
}

// bedrockTooLong is what a model of Anthropic's says there: goose #7442.
func bedrockTooLong(_ *call, tokens, window int) refusal {
	return *bedrockInvalid(fmt.Sprintf("The model returned the following errors: prompt is too long: %d tokens > %d maximum", tokens, window))
}
