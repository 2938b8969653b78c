package mockmodel

import "bytes"

// usage is what an answer says it cost, in tokens.
type usage struct {
	in, cached     int // cached are some of in
	out, reasoning int // reasoning are some of out
}

// usageMax bounds what is believed of an answer, so that sums of it are what
// they look like.
const usageMax = 1 << 30

// usageIn reads the tokens that an answer, or an event of one, says it cost. The
// names are those of OpenAI, Anthropic, Gemini, Ollama and Bedrock. Anthropic and
// Bedrock count what a cache held or took beside the input (anthropic-sdk-go
// Usage, bedrockruntime TokenUsage), Gemini its thoughts beside the answer
// (go-genai GenerateContentResponseUsageMetadata); the others within.
func usageIn(data []byte) (u usage, ok bool) {
	from := bytes.IndexByte(data, '{')
	if from < 0 || !bytes.Contains(data, []byte("oken")) && !bytes.Contains(data, []byte("_eval_count")) {
		return usage{}, false
	}
	end := bytes.LastIndexByte(data, '}')
	if end < from || !valid(data[from:end+1]) {
		return usage{}, false
	}
	d := doc(data[from : end+1])
	for _, of := range []doc{d, d.get("usage"), d.get("usageMetadata"), d.get("message").get("usage"), d.get("response").get("usage")} {
		if x, has := usageOf(of); has {
			u.in, u.cached = max(u.in, x.in), max(u.cached, x.cached)
			u.out, u.reasoning = max(u.out, x.out), max(u.reasoning, x.reasoning)
			ok = true
		}
	}
	return u, ok
}

// usageOf reads one object that says what an answer cost.
func usageOf(d doc) (u usage, ok bool) {
	for key, v := range d.fields {
		n, number := v.integer()
		n = min(max(n, 0), usageMax)
		switch key {
		case "prompt_tokens_details", "input_tokens_details":
			n, number = v.get("cached_tokens").integer()
			u.cached = max(u.cached, min(n, usageMax))
		case "completion_tokens_details", "output_tokens_details":
			n, number = v.get("reasoning_tokens").integer()
			u.reasoning = max(u.reasoning, min(n, usageMax))
		case "prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens", "prompt_eval_count":
			u.in += n
		case "cache_read_input_tokens", "cacheReadInputTokens":
			u.in, u.cached = u.in+n, u.cached+n
		case "cache_creation_input_tokens", "cacheWriteInputTokens":
			u.in += n
		case "cachedContentTokenCount":
			u.cached = n
		case "completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens", "eval_count":
			u.out += n
		case "thoughtsTokenCount":
			u.out, u.reasoning = u.out+n, n
		default:
			continue
		}
		ok = ok || number
	}
	return u, ok
}
