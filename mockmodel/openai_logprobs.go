package mockmodel

import (
	"strconv"
	"unicode/utf8"

	"github.com/chaoskit/chaos/internal/wire"
)

// logprobs is how probable the tokens of a chat are to be told: the parameters
// logprobs and top_logprobs.
type logprobs struct {
	on  bool
	top int
}

// topLogprobsMax is the API reference's.
const topLogprobsMax = 20

// logprobsText bounds the text of which the numbers are told, in bytes: 16,384
// tokens, the longest answer of gpt-4o. With 20 alternatives each that is 25 MB.
const logprobsText = 16_384 * tokenBytes

// check reads top_logprobs, once logprobs is known.
func (l *logprobs) check(top doc) *refusal {
	if !top.present() {
		return nil
	}
	n, ok := top.integer()
	switch {
	case !ok:
		return openAIWrongType("top_logprobs", "an integer", top)
	case n < 0 || n > topLogprobsMax:
		return openAIOutside("top_logprobs", "integer", strconv.Itoa(n), n > topLogprobsMax, "0", strconv.Itoa(topLogprobsMax))
	case !l.on:
		return &refusal{status: 400, kind: "invalid_request_error", param: "top_logprobs", message: "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."}
	}
	l.top = n
	return nil
}

// appendTo writes the member logprobs of a choice, or of a piece of one:
// ChatCompletionTokenLogprob of openai/openai-python. The numbers belong to the
// tokens: one token is always as probable as it was.
func (l logprobs) appendTo(dst []byte, text string) []byte {
	if !l.on {
		return append(dst, `,"logprobs":null`...)
	}
	text = text[:min(len(text), logprobsText)]
	dst = append(dst, `,"logprobs":{"content":[`...)
	for first := true; text != ""; first = false {
		if !first {
			dst = append(dst, ',')
		}
		n := min(tokenBytes, len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n++
		}
		token := text[:n]
		text = text[n:]
		dst = appendLogprob(dst, token, 0)
		dst = append(dst, `,"top_logprobs":[`...)
		for i := range l.top {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendLogprob(dst, otherToken(token, i), i), '}')
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, `],"refusal":null}`...)
}

// appendLogprob writes a token of a rank, 0 the most probable, up to what else
// may stand in its object.
func appendLogprob(dst []byte, token string, rank int) []byte {
	dst = append(dst, `{"token":`...)
	dst = appendString(dst, token)
	dst = append(dst, `,"logprob":`...)
	dst = appendFloat(dst, -float64(rank)*3-float64(1+wire.Fold64([]byte(token))%999)/1e3)
	dst = append(dst, `,"bytes":[`...)
	for i := range len(token) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(token[i]), 10)
	}
	return append(dst, ']')
}

// otherToken is what might have been said in place of a token.
func otherToken(token string, rank int) string {
	if rank == 0 {
		return token
	}
	return " alt" + strconv.Itoa(rank)
}
