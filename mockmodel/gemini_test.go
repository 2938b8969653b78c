package mockmodel

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

const (
	geminiPath   = "/v1beta/models/gemini-2.5-flash:generateContent"
	geminiEvents = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
	geminiList   = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
	vertexPath   = "/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent"
)

// geminiAsk is the body of a call; more are members, each with a leading comma.
func geminiAsk(more string) string {
	return `{"contents":[{"role":"user","parts":[{"text":"How do I return an item?"}]}]` + more + `}`
}

// spoken is the provider of the golden answers of a dialect with models of
// these names.
func spoken(names ...string) Config {
	c := Config{Answers: []Answer{
		{When: When{SystemContains: "Reply with JSON"}, JSON: map[string]any{"intent": "refund", "quote": "\"é\""}},
		{When: When{Contains: "in words"}, Text: "Zwölf Boxkämpfer \"jagen\" Viktor."},
		{When: When{HasTool: "search_orders", Turn: 1}, Text: "Let me look.", ToolCalls: []ToolCall{{Name: "search_orders", Arguments: map[string]any{"id": 7, "by": "é\""}}, {Name: "now"}}},
	}}
	for _, name := range names {
		m := instant(name, 6)
		m.Limits = Limits{RequestsPerMinute: 600}
		c.Models = append(c.Models, m)
	}
	return c
}

// golds sends each ask in virtual time and compares the answer with its file.
func golds(t *testing.T, config Config, cases []gold) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, c.rules, func(g *rig) {
				<-time.After(c.after)
				golden.Check(t, c.name+".golden", dump(g.send(c.ask)))
			})
		})
	}
}

type gold struct {
	name  string
	rules []faults.Rule
	ask   ask
	after time.Duration
}

// statuses are the status faults of a path, by name.
func statuses(t *testing.T, dialect string, q ask) (out []gold) {
	for _, status := range []string{"400", "401", "403", "404", "408", "409", "413", "422", "500", "502", "503", "504", "529"} {
		out = append(out, gold{name: dialect + "_http_" + status, rules: []faults.Rule{plain(t, "http_"+status)}, ask: q})
	}
	return out
}

func TestGoldenGemini(t *testing.T) {
	config := spoken("gemini-2.5-flash")
	thinker := instant("gemini-3-pro", 6)
	thinker.ReasoningTokens = 9
	config.Models = append(config.Models, thinker, instant("gemini-embedding-001", 0), instant("plain", 6))
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	tools := `,"tools":[{"functionDeclarations":[{"name":"search_orders","parameters":{"type":"OBJECT","properties":{"id":{"type":"INTEGER"}}}},{"name":"now"}]}]`
	thinks := `,"generationConfig":{"thinkingConfig":{"includeThoughts":true,"thinkingBudget":1024}}`
	system := `,"system_instruction":{"parts":{"text":"Reply with JSON."}},"generation_config":{"response_mime_type":"application/json"}`
	inError := []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens = ptr(2) })}
	limited := []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens, f.Type = ptr(2), "rate_limit" })}
	eof := []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}
	pro := func(path string) string { return strings.Replace(path, "2.5-flash", "3-pro", 1) }
	golds(t, config, append([]gold{
		{name: "gemini", ask: ask{path: geminiPath, body: geminiAsk(""), id: spike}},
		{name: "gemini_vertex", ask: ask{path: vertexPath, body: geminiAsk(""), id: spike}},
		{name: "gemini_cut", ask: ask{path: geminiPath, body: geminiAsk(`,"generationConfig":{"maxOutputTokens":3}`), id: spike}},
		{name: "gemini_choices", ask: ask{path: geminiPath, body: geminiAsk(`,"generationConfig":{"candidateCount":2}`), id: spike}},
		{name: "gemini_json_answer", ask: ask{path: geminiPath, body: geminiAsk(system)}},
		{name: "gemini_tools", ask: ask{path: geminiPath, body: geminiAsk(tools), id: spike}},
		{name: "gemini_thinking", ask: ask{path: pro(geminiPath), body: geminiAsk(thinks), id: spike}},
		{name: "gemini_thinking_hidden", ask: ask{path: pro(geminiPath), body: geminiAsk(""), id: spike}},
		{name: "gemini_thinking_only", ask: ask{path: pro(geminiPath), body: geminiAsk(`,"generationConfig":{"maxOutputTokens":5}`), id: spike}},
		{name: "gemini_sse", ask: ask{path: geminiEvents, body: geminiAsk(""), id: spike}},
		{name: "gemini_sse_tools", ask: ask{path: geminiEvents, body: geminiAsk(tools), id: spike}},
		{name: "gemini_sse_thinking", ask: ask{path: pro(geminiEvents), body: geminiAsk(thinks), id: spike}},
		{name: "gemini_sse_choices", ask: ask{path: geminiEvents, body: geminiAsk(`,"generationConfig":{"candidateCount":2}`), id: spike}},
		{name: "gemini_sse_error", rules: inError, ask: ask{path: geminiEvents, body: geminiAsk(""), id: spike}},
		{name: "gemini_sse_rate_limit", rules: limited, ask: ask{path: geminiEvents, body: geminiAsk(""), id: spike}},
		{name: "gemini_sse_eof", rules: eof, ask: ask{path: geminiEvents, body: geminiAsk(""), id: spike}},
		{name: "gemini_array", ask: ask{path: geminiList, body: geminiAsk(""), id: spike}},
		{name: "gemini_array_error", rules: inError, ask: ask{path: geminiList, body: geminiAsk(""), id: spike}},
		{name: "gemini_array_eof", rules: eof, ask: ask{path: geminiList, body: geminiAsk(""), id: spike}},
		{name: "gemini_array_http_503", rules: []faults.Rule{plain(t, "http_503")}, ask: ask{path: geminiList, body: geminiAsk("")}},
		{name: "gemini_empty_200", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: geminiPath, body: geminiAsk("")}},
		{name: "gemini_empty_200_sse", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: geminiEvents, body: geminiAsk("")}},
		{name: "gemini_empty_200_array", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: geminiList, body: geminiAsk("")}},
		{name: "gemini_rate_limit", rules: []faults.Rule{plain(t, "rate_limit")}, ask: ask{path: geminiPath, body: geminiAsk("")}},
		{name: "gemini_embed", ask: ask{path: "/v1beta/models/gemini-embedding-001:embedContent", body: `{"content":{"parts":[{"text":"How do I return an item?"}]},"outputDimensionality":4}`}},
		{name: "gemini_batch", ask: ask{path: "/v1beta/models/gemini-embedding-001:batchEmbedContents", body: `{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"x"}]},"output_dimensionality":4},{"content":{"parts":[{"text":"y"}]},"outputDimensionality":2}]}`}},
		{name: "gemini_predict", ask: ask{path: "/v1/projects/p/locations/l/publishers/google/models/gemini-embedding-001:predict", body: `{"instances":[{"content":"x"},{"content":"y","task_type":"RETRIEVAL_QUERY"}],"parameters":{"outputDimensionality":4}}`}},
		{name: "gemini_unknown_name", ask: ask{path: geminiPath, body: geminiAsk(`,"foo":1,"generationConfig":{"bar":2}`)}},
		{name: "gemini_count", ask: ask{path: "/v1beta/models/gemini-2.5-flash:countTokens", body: geminiAsk("")}},
	}, statuses(t, "gemini", ask{path: "/v1beta/models/plain:generateContent", body: geminiAsk("")})...))
}

func TestGeminiPages(t *testing.T) {
	for _, c := range []struct{ name, path, key, want string }{
		{"the list", "/v1beta/models", "", `"name":"models/gemini-2.5-flash"`},
		{"a model", "/v1beta/models/gemini-x", "", `{"name":"models/gemini-x"`},
		{"v1 with Google's key", "/v1/models", "secret", `"models":[`},
		{"v1 without it is OpenAI's", "/v1/models", "", `"object":"list"`},
		{"the dialect named first", "/gemini/v1/models", "", `"models":[`},
	} {
		virtual(t, Config{Models: []Model{instant("gemini-2.5-flash", 6)}}, nil, func(g *rig) {
			r, _ := http.NewRequest("GET", "http://mock"+c.path, nil)
			if c.key != "" {
				r.Header.Set("X-Goog-Api-Key", c.key)
			}
			resp, err := g.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); got.status != 200 || !strings.Contains(got.body, c.want) || !json.Valid([]byte(got.body)) {
				t.Errorf("%s: %d %s", c.name, got.status, got.body)
			}
		})
	}
}

// The provider's own 400s, in its words.
func TestGeminiRefuses(t *testing.T) {
	fn := func(more string) string { return `,"tools":[{"functionDeclarations":[{"name":"f"` + more + `}]}]` }
	turns := func(contents string) string { return `{"contents":[` + contents + `]}` }
	const (
		user   = `{"role":"user","parts":[{"text":"x"}]}`
		calls  = `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}`
		result = `{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}`
	)
	for _, c := range []struct{ name, body, want string }{
		{"no JSON", `{"contents":`, "Invalid JSON payload received."},
		{"no object", `[]`, "Root element must be a message."},
		{"no contents", `{}`, "* GenerateContentRequest.contents: contents is not specified\n"},
		{"empty contents", `{"contents":[]}`, "* GenerateContentRequest.contents: contents is not specified\n"},
		{"contents are text", `{"contents":"x"}`, `Invalid value at 'contents' (type.googleapis.com/google.ai.generativelanguage.v1beta.Content), "x"`},
		{"a content is text", `{"contents":["x"]}`, `Invalid value at 'contents' (type.googleapis.com/google.ai.generativelanguage.v1beta.Content), "x"`},
		{"no parts", turns(`{"role":"user"}`), "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n"},
		{"a part without data", turns(`{"parts":[{"text":"x"},{}]}`), "* GenerateContentRequest.contents[0].parts[1].data: required oneof field 'data' must have one initialized field\n"},
		{"an empty part of the system", geminiAsk(`,"systemInstruction":{"parts":[{}]}`), "* GenerateContentRequest.system_instruction.parts[0].data: required oneof field 'data' must have one initialized field\n"},
		{"a role of OpenAI", turns(`{"role":"assistant","parts":[{"text":"x"}]}`), "Please use a valid role: user, model."},
		{"a name of OpenAI", geminiAsk(`,"max_tokens":5`), `Invalid JSON payload received. Unknown name "max_tokens": Cannot find field.`},
		{"an unknown member of a part", turns(`{"parts":[{"text":"x","cache_control":{}}]}`), `Unknown name "cache_control" at 'contents[0].parts[0]': Cannot find field.`},
		{"JSON Schema in parameters", geminiAsk(fn(`,"parameters":{"type":"object","properties":{"a":{"any_of":[{"const":1}]}}}`)), `Unknown name "const" at 'tools[0].function_declarations[0].parameters.properties[0].value.any_of[0]': Cannot find field.`},
		{"additionalProperties in a schema", geminiAsk(`,"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","additionalProperties":false}}`), `Unknown name "additionalProperties" at 'generation_config.response_schema': Cannot find field.`},
		{"a number is a word", geminiAsk(`,"generationConfig":{"maxOutputTokens":"many"}`), `Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), "many"`},
		{"a number beyond 32 bits", geminiAsk(`,"generationConfig":{"maxOutputTokens":4294967296}`), `Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32), 4294967296`},
		{"no output", geminiAsk(`,"generationConfig":{"maxOutputTokens":0}`), "max_output_tokens must be positive."},
		{"too many candidates", geminiAsk(`,"generationConfig":{"candidateCount":9}`), "candidate_count must be in the range [1, 8], inclusive."},
		{"too hot", geminiAsk(`,"generationConfig":{"temperature":2.5}`), "temperature must be in the range [0.0, 2.0]."},
		{"too many stop sequences", geminiAsk(`,"generationConfig":{"stopSequences":["a","b","c","d","e","f"]}`), "at most 5 stop sequences"},
		{"a schema without its type of media", geminiAsk(`,"generationConfig":{"responseSchema":{"type":"STRING"}}`), "response_schema is only allowed with"},
		{"an unknown type of media", geminiAsk(`,"generationConfig":{"responseMimeType":"text/html"}`), "allowed mimetypes are"},
		{"a budget too large", geminiAsk(`,"generationConfig":{"thinkingConfig":{"thinkingBudget":99999}}`), "The thinking budget 99999 is invalid."},
		{"audio", geminiAsk(`,"generationConfig":{"responseModalities":["AUDIO"]}`), "generation_config.response_modalities is not built"},
		{"a search of the web", geminiAsk(`,"tools":[{"googleSearch":{}}]`), "tools[0].google_search is not built"},
		{"a name with a space", geminiAsk(`,"tools":[{"functionDeclarations":[{"name":"a b"}]}]`), "* GenerateContentRequest.tools[0].function_declarations[0].name: Invalid function name. Must start with a letter or an underscore."},
		{"a name twice", geminiAsk(`,"tools":[{"functionDeclarations":[{"name":"f"},{"name":"f"}]}]`), "Duplicate function declaration found: f"},
		{"parameters that are no object", geminiAsk(fn(`,"parameters":{"type":"STRING"}`)), "should be of type OBJECT"},
		{"a mode without functions", geminiAsk(`,"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`), "Function calling config is set without function_declarations."},
		{"an unknown mode", geminiAsk(fn("") + `,"toolConfig":{"functionCallingConfig":{"mode":"MUST"}}`), `Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), "MUST"`},
		{"names that are allowed in vain", geminiAsk(fn("") + `,"toolConfig":{"functionCallingConfig":{"mode":"AUTO","allowedFunctionNames":["f"]}}`), "should be set only when the mode is ANY"},
		{"an allowed name that is not declared", geminiAsk(fn("") + `,"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}`), "function g is not declared."},
		{"a call without its response", turns(user + "," + calls + "," + user), "number of function response parts is equal to the number of function call parts"},
		{"a response without its call", turns(user + "," + result), "function response turn comes immediately after a function call turn."},
		{"a call before the user spoke", turns(calls + "," + result), "function call turn comes immediately after a user turn"},
		{"a call without a name", turns(user + `,{"role":"model","parts":[{"functionCall":{}}]}`), "function_call.name: Name cannot be empty."},
		{"cached content", geminiAsk(`,"cachedContent":"x"`), "cached_content is not built"},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			got := g.send(ask{path: geminiPath, body: c.body})
			e := doc(got.body).get("error")
			if got.status != 400 || !json.Valid([]byte(got.body)) || e.get("status").text() != "INVALID_ARGUMENT" || !strings.Contains(e.get("message").text(), c.want) {
				t.Errorf("%s: %d %s", c.name, got.status, got.body)
			}
		})
	}
}

// Embeddings are refused in the words of the API that they are asked of.
func TestGeminiEmbedRefuses(t *testing.T) {
	const one, batch, vertex = "/v1beta/models/m:embedContent", "/v1beta/models/m:batchEmbedContents", "/v1/projects/p/locations/l/publishers/google/models/m:predict"
	many := strings.Repeat(`{"content":{"parts":[{"text":"x"}]}},`, 100) + `{"content":{"parts":[{"text":"x"}]}}`
	for _, c := range []struct{ name, path, body, want string }{
		{"no content", one, `{}`, "* EmbedContentRequest.content: content is not specified\n"},
		{"no parts", one, `{"content":{}}`, "* EmbedContentRequest.content.parts: contents.parts must not be empty.\n"},
		{"no dimensions", one, `{"content":{"parts":[{"text":"x"}]},"outputDimensionality":0}`, "output_dimensionality must be in the range"},
		{"an unknown name", one, `{"input":"x"}`, `Unknown name "input": Cannot find field.`},
		{"no requests", batch, `{}`, "* BatchEmbedContentsRequest.requests: requests is not specified\n"},
		{"too many requests", batch, `{"requests":[` + many + `]}`, "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n"},
		{"no instances", vertex, `{"instances":[]}`, "Empty instances."},
		{"an instance without text", vertex, `{"instances":[{}]}`, "The text content is empty."},
		{"no object", batch, `[]`, "Root element must be a message."},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			got := g.send(ask{path: c.path, body: c.body})
			if got.status != 400 || !strings.Contains(doc(got.body).get("error").get("message").text(), c.want) {
				t.Errorf("%s: %d %s", c.name, got.status, got.body)
			}
		})
	}
}

// What the API takes although its reference shows it otherwise.
func TestGeminiAccepts(t *testing.T) {
	for _, c := range []struct{ name, path, body string }{
		{"a content in place of a list", geminiPath, `{"contents":{"parts":{"text":"x"}}}`},
		{"names with underscores", geminiPath, geminiAsk(`,"generation_config":{"max_output_tokens":"3","top_p":0.5},"safety_settings":[]`)},
		{"an image", geminiPath, `{"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":""}}]}]}`},
		{"null for what is left out", geminiPath, geminiAsk(`,"tools":null,"toolConfig":null,"systemInstruction":null,"generationConfig":null`)},
		{"results of two calls", geminiPath, `{"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"a"}},{"functionCall":{"name":"b"}}]},{"role":"user","parts":[{"functionResponse":{"name":"a","response":{}}},{"functionResponse":{"name":"b","response":{}}}]}]}`},
		{"the role of responses in older SDKs", geminiPath, `{"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"a"}}]},{"role":"function","parts":[{"functionResponse":{"name":"a","response":{}}}]}]}`},
		{"JSON Schema where it belongs", geminiPath, geminiAsk(`,"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","additionalProperties":false}}]}]`)},
		{"express mode", "/v1beta1/publishers/google/models/m:generateContent", geminiAsk("")},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			if got := g.send(ask{path: c.path, body: c.body}); got.status != 200 {
				t.Errorf("%s: %d %s", c.name, got.status, got.body)
			}
		})
	}
	virtual(t, Config{}, nil, func(g *rig) {
		got := g.send(ask{path: vertexPath, body: `{"contents":[{"parts":[{"text":"x"}]}]}`})
		if got.status != 400 || !strings.Contains(got.body, "Please use a valid role") {
			t.Errorf("Vertex AI without a role: %d %s", got.status, got.body)
		}
	})
}

// A schema of the API becomes one of JSON Schema.
func TestGeminiSchema(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"types in lower case", `{"type":"STRING","format":"enum","enum":["a"]}`, `{"format":"enum","enum":["a"],"type":"string"}`},
		{"nullable", `{"type":"integer","nullable":true}`, `{"type":["integer","null"]}`},
		{"numbers in quotes", `{"type":"ARRAY","items":{"type":"NUMBER"},"minItems":"2","max_items":3}`, `{"items":{"type":"number"},"minItems":2,"maxItems":3,"type":"array"}`},
		{"an object", `{"type":"OBJECT","properties":{"a":{"anyOf":[{"type":"STRING"},{"type":"BOOLEAN"}]},"b":{}},"required":["a"],"propertyOrdering":["a"]}`, `{"properties":{"a":{"anyOf":[{"type":"string"},{"type":"boolean"}]},"b":{}},"required":["a"],"type":"object"}`},
	} {
		g := &geminiReader{c: &call{}}
		if got := string(g.schema(nil, doc(c.schema))); got != c.want || g.refusal() != nil {
			t.Errorf("%s: %s, want %s; %v", c.name, got, c.want, g.refusal())
		}
	}
}

// The key is in a header or in the query, and on no record; the choice of a
// function reaches the call.
func TestGeminiCall(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		g.send(ask{path: geminiPath + "?key=secret-key", body: geminiAsk("")})
		rec := g.last() // the rig looks for the word
		if rec.Dialect != "gemini" || rec.Kind != "chat" || rec.ModelAsked != "gemini-2.5-flash" || rec.Stream {
			t.Errorf("%+v", rec)
		}
		step := rec.StepHash
		g.send(ask{path: geminiEvents, body: geminiAsk("")})
		if rec = g.last(); !rec.Stream || rec.StepHash != step {
			t.Errorf("the stream is another step: %+v", rec)
		}
	})
	c := &call{at: "m"}
	tools := `,"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g","parameters":{"type":"OBJECT"}}]}],"toolConfig":{"functionCallingConfig":{"mode":"any","allowed_function_names":["g"]}}`
	if r := readGemini(doc(geminiAsk(tools)), c); r != nil || c.toolChoice != toolMust || c.toolName != "g" || len(c.tools) != 2 || c.tools[1].params != `{"type":"object"}` || c.tools[0].params != "" {
		t.Errorf("%+v %v", c, r)
	}
}

// A stream says what an answer in one piece says, whatever its framing.
func TestStreamsSayTheSame(t *testing.T) {
	config := spoken("gemini-2.5-flash", "llama3.2")
	const say = `Say it in words`
	geminiText := func(d doc) string {
		return contentText(geminiGet(d, "candidates").first().get("content").get("parts"))
	}
	ollamaText := func(d doc) string { return d.get("message").get("content").text() + d.get("response").text() }
	for _, c := range []struct {
		name, path, body, media string
		text                    func(doc) string
	}{
		{"events", geminiEvents, `{"contents":{"parts":{"text":"` + say + `"}}}`, "text/event-stream", geminiText},
		{"an array", geminiList, `{"contents":{"parts":{"text":"` + say + `"}}}`, "application/json; charset=UTF-8", geminiText},
		{"lines", "/api/chat", `{"model":"llama3.2","messages":[{"role":"user","content":"` + say + `"}]}`, "application/x-ndjson", ollamaText},
		{"lines of generate", "/api/generate", `{"model":"llama3.2","prompt":"` + say + `"}`, "application/x-ndjson", ollamaText},
	} {
		virtual(t, config, nil, func(g *rig) {
			got := g.send(ask{path: c.path, body: c.body})
			var text strings.Builder
			for _, f := range framesOf(c.media, got.body) {
				if d := doc(strings.TrimSpace(f)); d.kind() == '[' {
					for e := range d.items {
						text.WriteString(c.text(e))
					}
				} else {
					text.WriteString(c.text(d))
				}
			}
			if want := `Zwölf Boxkämpfer "jagen" Viktor.`; got.header.Get("Content-Type") != c.media || text.String() != want {
				t.Errorf("%s: %q in %s, want %q\n%s", c.name, text.String(), got.header.Get("Content-Type"), want, got.body)
			}
		})
	}
}

// A page reads no more than any other call.
func TestPagesAreBounded(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		got := g.send(ask{path: "/v1beta/models/m:countTokens", body: geminiAsk(`,"x":"` + strings.Repeat("x", int(gemini.bodyMax)) + `"`)})
		if got.status != 413 || !strings.Contains(got.body, "Request payload size exceeds the limit") {
			t.Errorf("%d %.200s %v", got.status, got.body, got.err)
		}
	})
}
