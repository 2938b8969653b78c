package conformance

// The SDKs of npm: what they are asked stands in npm/NAME.mjs.

// named returns asks that a driver knows by their names.
func named(names ...string) []ask {
	var out []ask
	for _, n := range names {
		out = append(out, ask{name: n})
	}
	return out
}

var openAINode = sdk{
	name: "openai-node", pkg: "openai", language: "js", dialect: "openai",
	asks: named("chat", "stream", "tool", "tool stream", "structured", "structured stream", "embed", "three", "response", "response stream", "response tool", "response tool stream", "response structured"),
}

// openAINodeRealtime is its Realtime client, which speaks TLS alone.
var openAINodeRealtime = sdk{
	name: "openai-node Realtime", adapter: "openai-realtime", pkg: "openai", language: "js", dialect: "openai", tls: true,
	asks: named("realtime", "realtime tool"),
}

var anthropicNode = sdk{
	name: "anthropic-node", pkg: "@anthropic-ai/sdk", language: "js", dialect: "anthropic",
	asks: named("chat", "stream", "tool", "tool stream", "structured", "structured stream"),
}

// The AI SDK has retries of its own around every provider.
var vercel = sdk{
	name: "vercel-ai", pkg: "ai", language: "js", dialect: "openai",
	asks: named("chat", "stream", "tool", "tool stream", "structured", "structured stream", "embed", "three", "response", "response stream", "response tool", "response tool stream", "response structured"),
}

// vercelText is the AI SDK as its documentation reads a stream first: by
// textStream, which has no part for an error.
var vercelText = sdk{name: "vercel-ai textStream", adapter: "vercel-ai", pkg: "ai", language: "js", dialect: "openai", asks: named("text stream")}

// LangChain switches the retries of the SDK below it off, and has its own.
var langChain = sdk{
	name: "langchain-js", pkg: "@langchain/openai", language: "js", dialect: "openai",
	asks: named("chat", "stream", "tool", "tool stream", "structured", "embed", "three", "response", "response stream"),
}

var genAINode = sdk{
	name: "genai-node", pkg: "@google/genai", language: "js", dialect: "gemini",
	asks: named("chat", "stream", "tool", "tool stream", "structured", "structured stream", "embed", "three"),
}
