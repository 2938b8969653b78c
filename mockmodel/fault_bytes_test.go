package mockmodel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

// faultWire is a form of a dialect in which a fault is looked at: what is asked, and the
// name of the file that holds what comes back.
type faultWire struct {
	file, dialect, kind string
	stream              bool
	ask                 ask
	more                string // members before the last brace that give the model tools
}

const (
	givenOpenAITools    = `,"tools":[{"type":"function","function":{"name":"search_orders","parameters":{"type":"object"}}},{"type":"function","function":{"name":"now"}}]`
	givenResponsesTools = `,"tools":[{"type":"function","name":"search_orders","parameters":{"type":"object"}},{"type":"function","name":"now"}]`
	givenAnthropicTools = `,"tools":[{"name":"search_orders","input_schema":{"type":"object"}},{"name":"now","input_schema":{"type":"object"}}]`
	givenGeminiTools    = `,"tools":[{"functionDeclarations":[{"name":"search_orders"},{"name":"now"}]}]`
	givenBedrockTools   = `,"toolConfig":{"tools":[{"toolSpec":{"name":"search_orders","inputSchema":{"json":{"type":"object"}}}},{"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object"}}}}]}`
)

// faultWires are the forms, the main one of each dialect first. A fault is
// looked at in those of its dialects and steps; where it does not name steps,
// those that are but another step of a dialect are left out.
var faultWires = []faultWire{
	{"openai", "openai", "chat", false, ask{path: chatPath, body: chat("gpt-4o", "")}, givenOpenAITools},
	{"openai-stream", "openai", "chat", true, ask{path: chatPath, body: chat("gpt-4o", streamed+`,"stream_options":{"include_usage":true}`)}, givenOpenAITools},
	{"openai-responses", "openai", "chat", false, ask{path: "/v1/responses", body: respond("gpt-4o", "")}, givenResponsesTools},
	{"openai-responses-stream", "openai", "chat", true, ask{path: "/v1/responses", body: respond("gpt-4o", streamed)}, givenResponsesTools},
	{"openai-realtime", "openai", "chat", true, ask{path: realtimePath, body: asksNow}, ""},
	{"azure", "azure", "chat", false, ask{path: azureChat + azureDated, body: azureAsked + "}"}, givenOpenAITools},
	{"azure-stream", "azure", "chat", true, ask{path: azureChat + azureDated, body: azureStreams}, givenOpenAITools},
	{"anthropic", "anthropic", "chat", false, ask{path: messagesPath, body: chat("claude-sonnet-4-5", `,"max_tokens":100`)}, givenAnthropicTools},
	{"anthropic-stream", "anthropic", "chat", true, ask{path: messagesPath, body: chat("claude-sonnet-4-5", `,"max_tokens":100`+streamed)}, givenAnthropicTools},
	{"gemini", "gemini", "chat", false, ask{path: geminiPath, body: geminiAsk("")}, givenGeminiTools},
	{"gemini-stream", "gemini", "chat", true, ask{path: geminiEvents, body: geminiAsk("")}, givenGeminiTools},
	{"gemini-array", "gemini", "chat", true, ask{path: geminiList, body: geminiAsk("")}, givenGeminiTools},
	{"ollama", "ollama", "chat", false, ask{path: "/api/chat", body: ollamaAsk(`,"stream":false`)}, givenOpenAITools},
	{"ollama-stream", "ollama", "chat", true, ask{path: "/api/chat", body: ollamaAsk("")}, givenOpenAITools},
	{"bedrock", "bedrock", "chat", false, ask{path: bedrockPath, body: bedrockAsk("")}, givenBedrockTools},
	{"bedrock-stream", "bedrock", "chat", true, ask{path: bedrockStream, body: bedrockAsk("")}, givenBedrockTools},
	{"cohere", "cohere", "rerank", false, ask{path: "/v2/rerank", body: `{"model":"rerank-v3.5",` + rerankDocuments + `}`}, ""},
	{"jina", "jina", "rerank", false, ask{path: "/jina/v1/rerank", body: `{"model":"jina-reranker-v2-base-multilingual",` + rerankDocuments + `}`}, ""},
	{"voyage", "voyage", "rerank", false, ask{path: "/voyage/v1/rerank", body: `{"model":"rerank-2.5",` + rerankDocuments + `}`}, ""},
	{"search", "search", "search", false, ask{path: "/v1/search", body: `{"query":"refund to my card","top_k":2}`}, ""},
	{"qdrant", "qdrant", "search", false, ask{path: qdrantPath + "query", body: `{"query":[0.5,-0.5,0.5,0.5],"limit":2,"with_payload":true}`}, ""},
	{"http", httpDialect, "tool", false, ask{path: "/tool", body: `{"order":7}`}, ""},
	{"openai-embed", "openai", "embed", false, ask{path: "/v1/embeddings", body: `{"model":"text-embedding-3-small","input":["How do I return an item?","x","y"],"dimensions":4}`}, ""},
	{"openai-embed-base64", "openai", "embed", false, ask{path: "/v1/embeddings", body: `{"model":"text-embedding-3-small","input":["How do I return an item?","x","y"],"dimensions":4,"encoding_format":"base64"}`}, ""},
	{"openai-moderation", "openai", moderationStep, false, ask{path: moderationsPath, body: `{"input":"x"}`}, ""},
	{"azure-embed", "azure", "embed", false, ask{path: "/openai/deployments/text-embedding-3-small/embeddings" + azureDated, body: `{"input":["How do I return an item?","x","y"],"dimensions":4}`}, ""},
	{"gemini-embed", "gemini", "embed", false, ask{path: "/v1beta/models/gemini-embedding-001:batchEmbedContents", body: `{"requests":[{"model":"models/gemini-embedding-001","outputDimensionality":4,"content":{"parts":[{"text":"a"}]}},{"model":"models/gemini-embedding-001","outputDimensionality":4,"content":{"parts":[{"text":"b"}]}},{"model":"models/gemini-embedding-001","outputDimensionality":4,"content":{"parts":[{"text":"c"}]}}]}`}, ""},
	{"ollama-embed", "ollama", "embed", false, ask{path: "/api/embed", body: `{"model":"nomic-embed-text","input":["How do I return an item?","x","y"],"dimensions":4}`}, ""},
}

// faultParameters are the parameters of the faults that need some, or whose
// own would make the test wait.
var faultParameters = map[string]func(faults.Fault){
	"tool_args_malformed": func(f faults.Fault) { f.(*faults.ToolArgsMalformed).Kind = "wrong_type" }, // in all dialects
	"wrong_model":         func(f faults.Fault) { f.(*faults.WrongModel).Model = "other" },
	"slow_ttft":           func(f faults.Fault) { f.(*faults.SlowTTFT).By = 5 * time.Millisecond },
	"trickle":             func(f faults.Fault) { f.(*faults.Trickle).Interval = 50 * time.Millisecond },
	"brownout":            func(f faults.Fault) { f.(*faults.Brownout).From = 0 },
	"slow_headers":        func(f faults.Fault) { f.(*faults.SlowHeaders).By = 5 * time.Millisecond },
	"late_success":        func(f faults.Fault) { f.(*faults.LateSuccess).After = 5 * time.Millisecond },
	"ping_only":           func(f faults.Fault) { f.(*faults.PingOnly).Every = time.Minute },
	"conn_refuse":         func(f faults.Fault) { f.(*faults.ConnRefuse).For = time.Millisecond },
	"reasoning_burn":      func(f faults.Fault) { f.(*faults.ReasoningBurn).Tokens = 20 },
	"content_filter":      func(f faults.Fault) { f.(*faults.ContentFilter).AfterTokens = 5 },
	"length_cut":          func(f faults.Fault) { f.(*faults.LengthCut).AfterTokens = 5 },
	"cut":                 func(f faults.Fault) { f.(*faults.AnyCut).AfterBytes = ptr(7) }, // elsewhere: TestEveryCutOfAStream
	"huge_output":         runsOn, "loop": runsOn, "runaway": runsOn,

	"usage_wrong":      func(f faults.Fault) { f.(*faults.UsageWrong).Kind = "inflated" },
	"frame_coalesce":   func(f faults.Fault) { f.(*faults.FrameCoalesce).Events = 3 },
	"utf8_split":       func(f faults.Fault) { f.(*faults.UTF8Split).AfterTokens = ptr(4) },
	"utf8_token_split": func(f faults.Fault) { f.(*faults.UTF8TokenSplit).AfterTokens = ptr(4) },

	"chunk_duplicate": chunkFifth, "chunk_lost": chunkFifth, "chunk_reorder": chunkFifth,
}

// runsOn lets an answer be longer than it should, by a little.
func runsOn(f faults.Fault) { f.(*faults.Runaway).Tokens = 40 }

// chunkFifth hits the piece of the fifth token, which others follow.
func chunkFifth(f faults.Fault) { c := f.(*faults.Chunk); c.AfterTokens, c.Every = ptr(4), 3 }

// faultConfig is the provider that is looked at: a few tokens, at once.
func faultConfig() Config {
	c := Config{
		Endpoints: []Endpoint{{Name: "crm", Dialect: httpDialect, Models: []Model{instant(routeModel, 0)}, Routes: []Route{{Path: "/tool", JSON: map[string]any{"state": "shipped", "words": "It left our house on Monday."}}}}},
		Answers: []Answer{
			{When: When{HasTool: "search_orders"}, Text: "Let me look.", ToolCalls: []ToolCall{{Name: "search_orders", Arguments: map[string]any{"id": 7, "by": "customer"}}, {Name: "now"}}},
		},
	}
	for _, name := range []string{"gpt-4o", "claude-sonnet-4-5", "gemini-2.5-flash", "llama3.2", "gpt-realtime", claudeOnBedrock, "other"} {
		c.Models = append(c.Models, instant(name, 12))
	}
	for _, name := range []string{"rerank-v3.5", "jina-reranker-v2-base-multilingual", "rerank-2.5", "text-embedding-3-small", "gemini-embedding-001", "nomic-embed-text", "omni-moderation-latest"} {
		c.Models = append(c.Models, instant(name, 0))
	}
	return c
}

// wiresOf returns the forms in which a fault exists.
func wiresOf(e faults.Entry, f faults.Fault) (out []faultWire) {
	only, _ := f.(interface{ StreamOnly() bool })
	main := map[string]string{} // the first step of a dialect
	for _, w := range faultWires {
		main[w.dialect] = cmp.Or(main[w.dialect], w.kind)
		switch {
		case e.Dialects != nil && !slices.Contains(e.Dialects, w.dialect):
		case e.Steps != nil && !slices.Contains(e.Steps, w.kind):
		case e.Steps == nil && w.kind != main[w.dialect]:
		case e.Sockets == faults.SocketNever && w.ask.path == realtimePath, e.Sockets == faults.SocketOnly && w.ask.path != realtimePath:
		case only != nil && only.StreamOnly() && !w.stream:
		default:
			out = append(out, w)
		}
	}
	return out
}

// TestFaultBytes holds the bytes of every fault of the catalogue in every
// dialect in which it exists, as a client without a library reads them off a
// socket, and how the connection ends for it. A new fault gets its files with
// -update: read them. In each of its dialects it has to strike in one form at
// least.
func TestFaultBytes(t *testing.T) {
	held := map[string]bool{}
	for _, e := range faults.Catalogue() {
		f := e.New()
		if set := faultParameters[e.Name]; set != nil {
			set(f)
		}
		if problems := f.Validate(); len(problems) > 0 {
			t.Errorf("%s: %v: give it parameters in faultParameters", e.Name, problems)
			continue
		}
		wires := wiresOf(e, f)
		if len(wires) == 0 {
			t.Errorf("%s exists nowhere: dialects %v, steps %v", e.Name, e.Dialects, e.Steps)
		}
		forms, missed := map[string]int{}, map[string]int{}
		for _, w := range wires {
			name := "faults/" + e.Name + "/" + w.file + ".txt"
			held[filepath.Join("testdata", filepath.FromSlash(name))] = true
			forms[w.dialect]++
			t.Run(e.Name+"/"+w.file, func(t *testing.T) {
				onSocket(t, faultConfig(), []faults.Rule{{Fault: f}}, func(g *rig) {
					if w.dialect == httpDialect {
						g.toEndpoint("crm")
					}
					got := g.bytesOf(e, w)
					golden.Check(t, name, got)
					if !strings.Contains(got, ":injected(") {
						missed[w.dialect]++
						if w.ask.path == realtimePath {
							t.Errorf("%s never strikes in the Realtime API: give its entry Sockets: SocketNever", e.Name)
						}
					}
				})
			})
		}
		for _, w := range wires {
			if missed[w.dialect] == forms[w.dialect] {
				t.Errorf("%s never strikes in %s, where it says that it exists: give it other parameters or dialects", e.Name, w.dialect)
				missed[w.dialect] = -1 // once
			}
		}
	}
	noFileBut(t, held)
}

// noFileBut fails for files of no fault and dialect.
func noFileBut(t *testing.T, held map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("testdata/faults/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		switch {
		case held[file]:
		case golden.Updating():
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s is of no fault and dialect (-update removes it)", file)
		}
	}
}

// bytesOf makes the call and tells what came back, how it ended and what the
// provider says of the rule.
func (g *rig) bytesOf(e faults.Entry, w faultWire) string {
	q := w.ask
	q.id = wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 12}
	if e.Slots == faults.SlotPace {
		q.id.OutputTokens = 3 // each takes its time
	}
	if other := map[string]string{"stale_answer": "t1", "cross_answer": "t2"}[e.Name]; other != "" {
		before := q // whose answer it gets
		before.id = wire.ID{Phase: "warm", Index: 3, Tenant: other, OutputTokens: 8}
		if w.ask.path == realtimePath {
			g.talkRaw(before, false, false)
		} else {
			g.readRaw(before)
			g.last()
		}
	}
	if strings.HasPrefix(e.Name, "tool_") {
		q.body = strings.TrimSuffix(q.body, "}") + w.more + "}"
	}
	if w.ask.path == realtimePath {
		return g.talkRaw(q, strings.HasPrefix(e.Name, "tool_"), e.Name == "invalid_json")
	}
	r := g.readRaw(q)
	text := r.legible(e.Slots == faults.SlotPace)
	return text + "\nend: " + r.end + "\nrule: " + states(g.last()) + "\n"
}

// toEndpoint lets the calls go to a socket of that endpoint.
func (g *rig) toEndpoint(name string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	go g.s.ServeEndpoint(name, l)
	g.dial = func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}
}

// talkRaw asks for a response of the Realtime API, some event of which may be
// broken, and tells what came of it.
func (g *rig) talkRaw(q ask, tools, broken bool) string {
	dial := g.dial
	g.dial = func(ctx context.Context) (net.Conn, error) {
		c, err := dial(ctx)
		return patient{c}, err
	}
	k := g.talk(q.path, q.id)
	k.broken = broken
	defer k.close()
	if tools {
		k.send(`{"type":"session.update","session":{"type":"realtime","tools":[{"type":"function","name":"search_orders","parameters":{"type":"object"}},{"type":"function","name":"now"}]}}`)
		k.until("session.updated")
	}
	k.send(saysHello)
	k.until("conversation.item.done")
	k.said.Reset()
	k.send(q.body)
	end := ""
	for end == "" {
		e, err := k.next()
		var closed *websocket.CloseError
		switch kind := e.get("type").text(); {
		case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
			end = fmt.Sprintf("closed with %d %q", closed.Code, closed.Text)
		case err != nil:
			end = ending(err)
		case kind == "response.done", kind == "error":
			end = "complete"
		}
	}
	k.close()
	said, _, _ := strings.Cut(string(masked(unminted([]byte(k.said.String())))), "< closed: ")
	return said + "\nend: " + end + "\nrule: " + states(g.last()) + "\n"
}
