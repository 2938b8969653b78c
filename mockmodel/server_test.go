package mockmodel

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// Invalid calls are refused in the provider's words.
func TestInvalidCalls(t *testing.T) {
	msg := func(more string) string {
		return `{"model":"m","messages":[{"role":"user","content":"x"}]` + more + `}`
	}
	for _, c := range []struct {
		path, body string
		status     int
		want       string // in the body
	}{
		{chatPath, `{"model":"m"`, 400, "We could not parse the JSON body"},
		{chatPath, ``, 400, "We could not parse the JSON body"},
		{chatPath, `[]`, 400, "We could not parse the JSON body"},
		{chatPath, `{}`, 400, `"message":"you must provide a model parameter"`},
		{chatPath, `{"model":""}`, 400, "you must provide a model parameter"},
		{chatPath, `{"model":7}`, 400, `"message":"Invalid type for 'model': expected a string, but got an integer instead.","type":"invalid_request_error","param":"model","code":"invalid_type"`},
		{chatPath, `{"model":"m"}`, 400, `"message":"Missing required parameter: 'messages'.","type":"invalid_request_error","param":"messages","code":"missing_required_parameter"`},
		{chatPath, `{"model":"m","messages":"x"}`, 400, `"param":"messages","code":"invalid_type"`},
		{chatPath, `{"model":"m","messages":[]}`, 400, `"param":"messages","code":"empty_array"`},
		{chatPath, `{"model":"m","messages":["x"]}`, 400, `"param":"messages[0]"`},
		{chatPath, `{"model":"m","messages":[{"content":"x"}]}`, 400, `"param":"messages[0].role"`},
		{chatPath, msg(`,"max_tokens":0`), 400, `"code":"integer_below_min_value"`},
		{chatPath, msg(`,"max_tokens":"5"`), 400, `"param":"max_tokens","code":"invalid_type"`},
		{chatPath, msg(`,"stream":"yes"`), 400, `"param":"stream"`},
		{chatPath, msg(`,"stream_options":{"include_usage":true}`), 400, "only allowed when 'stream' is enabled"},
		{chatPath, msg(`,"n":129`), 400, `Expected a value <= 128, but got 129`},
		{chatPath, msg(`,"stop":["a","b","c","d","e"]`), 400, `maximum length 4, but got an array with length 5`},
		{chatPath, msg(`,"temperature":2.5`), 400, `"code":"decimal_above_max_value"`},
		{chatPath, msg(`,"tools":[]`), 400, `"code":"empty_array"`},
		{chatPath, msg(`,"tools":[{"type":"function","function":{"name":"a b"}}]`), 400, `'^[a-zA-Z0-9_-]+$'`},
		{chatPath, msg(`,"tool_choice":"auto"`), 400, `only allowed when 'tools' are specified`},
		{chatPath, msg(`,"response_format":{"type":"json_object"}`), 400, `must contain the word 'json'`},
		{chatPath, msg(`,"response_format":{"type":"json_schema","json_schema":{"name":"x"}}`), 400, `response_format.json_schema.schema`},
		{chatPath, msg(`,"top_logprobs":2`), 400, `only allowed when 'logprobs' is enabled`},
		{chatPath, msg(`,"logprobs":true,"top_logprobs":21`), 400, `Expected a value <= 20, but got 21`},
		{chatPath, msg(`,"reasoning_effort":"huge"`), 400, `"param":"reasoning_effort","code":"invalid_value"`},
		{chatPath, msg(`,"functions":[]`), 400, `not built in the chaos mock model yet`},
		{chatPath, msg(`,"max_tokens":null,"stream":null,"stream_options":null,"n":null`), 200, "chat.completion"},
		{chatPath, strings.Repeat("[", 100_000), 400, "We could not parse"},
		{"/v1/embeddings", `{"model":"m"}`, 400, `"param":"input"`},
		{"/v1/embeddings", `{"model":"m","input":[]}`, 400, `"param":"input"`},
		{"/v1/embeddings", `{"model":"m","input":""}`, 400, `"param":"input"`},
		{"/v1/embeddings", `{"model":"m","input":{}}`, 400, `"param":"input"`},
		{"/v1/embeddings", `{"model":"m","input":"x","encoding_format":"hex"}`, 400, `"param":"encoding_format"`},
		{"/v1/embeddings", `{"model":"m","input":"x","dimensions":-1}`, 400, `"param":"dimensions"`},
		{"/v1/embeddings", `{"model":"m","input":"x","dimensions":1e9}`, 400, `"param":"dimensions"`},
		{"/v1/embeddings", `{"model":"m","dimensions":65536,"input":["x"` + strings.Repeat(`,"x"`, 96) + `]}`, 400, "97 inputs of 65536 dimensions"},
		{messagesPath, `{`, 400, `{"type":"error","error":{"type":"invalid_request_error","message":"The request body is not valid JSON."},"request_id":"req_011`},
		{messagesPath, `[]`, 400, "Input should be an object"},
		{messagesPath, `{"messages":[]}`, 400, "model: Field required"},
		{messagesPath, `{"model":5}`, 400, "model: Input should be a valid string"},
		{messagesPath, msg(``), 400, "max_tokens: Field required"},
		{messagesPath, msg(`,"max_tokens":1.5`), 400, "max_tokens: Input should be a valid integer"},
		{messagesPath, msg(`,"max_tokens":0`), 400, "max_tokens: Input should be greater than or equal to 1"},
		{messagesPath, msg(`,"max_tokens":5,"stream":"yes"`), 400, "stream: Input should be a valid boolean"},
		{messagesPath, `{"model":"m","max_tokens":5}`, 400, "messages: Field required"},
		{messagesPath, `{"model":"m","max_tokens":5,"messages":{}}`, 400, "messages: Input should be a valid list"},
		{messagesPath, `{"model":"m","max_tokens":5,"messages":[]}`, 400, "messages: at least one message is required"},
		{messagesPath, `{"model":"m","max_tokens":5,"messages":[1]}`, 400, "messages.0: Input should be an object"},
		{messagesPath, `{"model":"m","max_tokens":5,"messages":[{"role":"system","content":"x"}]}`, 400, "messages.0.role: Input should be 'user' or 'assistant'"},
		{messagesPath, `{"model":"m","max_tokens":5,"messages":[{"role":"user"}]}`, 400, "messages.0.content: Field required"},
		{"/v1/rerank", `{"documents":["x"]}`, 400, "query is required"},
		{"/v1/rerank", `{"query":"x"}`, 400, "documents is required"},
		{"/v2/rerank", `{"model":"m","query":"x","documents":[]}`, 400, "list of documents must not be empty"},
		{"/v1/rerank", `{"query":"x","documents":["y"],"top_n":0}`, 400, "top_n must be"},
		{"/v1/rerank", `"x"`, 400, "not a JSON object"},
		{"/v1/search", `{}`, 400, "is required"},
		{"/v1/search", `{"query_vector":[]}`, 400, "not empty"},
		{"/v1/search", `{"query_vector":["x"]}`, 400, "numbers"},
		{"/v1/search", `{"query":"x","top_k":"y"}`, 400, `"param":"top_k"`},
		{"/v1/search", `{"query_vector":[0,0,0]}`, 200, `"documents":[{"id":"doc-1"`},
		{"/v1/search", `{"query_vector":[1e308,1e308]}`, 200, `"documents":[`},
	} {
		virtual(t, Config{Models: []Model{instant("m", 1)}}, nil, func(g *rig) {
			r := g.send(ask{path: c.path, body: c.body})
			rec := g.last()
			if r.status != c.status || !strings.Contains(r.body, c.want) || !json.Valid([]byte(r.body)) {
				t.Errorf("%s %.80s: %d %s; want %d and %s", c.path, c.body, r.status, r.body, c.status, c.want)
			}
			if c.status == 400 && (rec.Cause != journal.CauseValidation || rec.Status != 400 || rec.CostNanoUSD != 0 || rec.AdmittedNs != journal.Never || rec.Code == "" && rec.Dialect != "cohere") {
				t.Errorf("record: %+v", rec)
			}
		})
	}
}

func TestAnthropicWantsItsVersion(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		r := g.request(context.Background(), ask{path: messagesPath, body: chat("m", `,"max_tokens":1`)})
		r.Header.Del("Anthropic-Version")
		resp, err := g.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := replyOf(resp); got.status != 400 || !strings.Contains(got.body, "anthropic-version: header is required") {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

// Rubbish takes nothing down.
func TestRubbish(t *testing.T) {
	onSocket(t, Config{}, nil, func(g *rig) {
		for _, send := range []string{
			"\x16\x03\x01\x02\x00\x01", "GET / HTTP/9.9\r\n\r\n", "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
			"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		} {
			raw, err := g.dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(raw, send)
			raw.(interface{ CloseWrite() error }).CloseWrite()
			if _, err := io.Copy(io.Discard, raw); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Error(err)
			}
			raw.Close()
		}
		if r := g.send(ask{path: chatPath, body: chat("m", `,"max_tokens":1`)}); r.status != 200 {
			t.Errorf("%d %v", r.status, r.err)
		}
	})
}

// Embeddings: base64 is little-endian float32 and says the same as the list of
// numbers; one text has one vector of length 1; like texts are nearer.
func TestEmbeddings(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		var recs []journal.Attempt
		vectors := func(format, input string) (out [][]float32) {
			r := g.send(ask{path: "/v1/embeddings", body: `{"model":"e","input":` + input + `,"encoding_format":"` + format + `"}`})
			recs = append(recs, g.last())
			for d := range doc(r.body).get("data").items {
				var v []float32
				if format == "base64" {
					raw, err := base64.StdEncoding.DecodeString(d.get("embedding").text())
					if err != nil {
						t.Fatal(err)
					}
					v = make([]float32, len(raw)/4)
					if _, err := binary.Decode(raw, binary.LittleEndian, v); err != nil {
						t.Fatal(err)
					}
				} else if err := json.Unmarshal([]byte(d.get("embedding")), &v); err != nil {
					t.Fatal(err)
				}
				out = append(out, v)
			}
			return out
		}
		input := `["How do I return an item?","How can I return items?","The weather is fine."]`
		a, b := vectors("float", input), vectors("base64", input)
		if len(a) != 3 || len(a[0]) != defaultDimensions || !alike(a, b) || fmt.Sprint(a) == fmt.Sprint(b) {
			t.Fatalf("%d vectors of %d", len(a), len(a[0]))
		}
		for i, list := range [][][]float32{a, b} {
			for _, v := range list {
				if m, ok := codec.FindVectorMark(v); !ok || m.Attempt != recs[i].ID || recs[i].MarkID != m.Attempt {
					t.Errorf("a vector of attempt %d says %+v, %v", recs[i].ID, m, ok)
				}
			}
		}
		if c := vectors("float", `"How do I return an item?[chaos:`+wire.ID{Run: codec.Run, Phase: "warm", Tenant: "t1"}.String()+`]"`); !alike(c[:1], a[:1]) {
			t.Error("a marker changes the vector")
		}
		var square float64
		for _, x := range a[0] {
			square += float64(x) * float64(x)
		}
		if math.Abs(square-1) > 1e-5 || likeness(a[0], a[1]) <= likeness(a[0], a[2]) {
			t.Errorf("length %v, likeness %v and %v", square, likeness(a[0], a[1]), likeness(a[0], a[2]))
		}
		for _, tokens := range []string{`[1,2,3]`, `[[1,2,3],[4]]`} {
			if v := vectors("float", tokens); len(v) != strings.Count(tokens, "]")-strings.Count(tokens, "]]") {
				t.Errorf("%s: %d vectors", tokens, len(v))
			}
		}
	})
}

// alike reports whether vectors are the same but for their watermarks, and so
// near that no cache tells them apart.
func alike(a, b [][]float32) bool {
	for i := range a {
		for j := range a[i] {
			if len(a) != len(b) || len(a[i]) != len(b[i]) || wire.MaskVector(a[i][j]) != wire.MaskVector(b[i][j]) {
				return false
			}
		}
		if math.Abs(1-likeness(a[i], b[i])) > 1e-5 {
			return false
		}
	}
	return true
}

// Rerank scores say which attempt made them, in their last digits, and fall.
func TestRerankScoresAreMarked(t *testing.T) {
	for _, c := range []Config{{}, {Watermark: "off"}} {
		virtual(t, c, nil, func(g *rig) {
			r := g.send(ask{path: "/v1/rerank", body: `{"query":"refund to my card","documents":["a parcel is lost","Refunds go to the card","gift cards","gift cards"]}`})
			var scores []float64
			for d := range doc(r.body).get("results").items {
				x, err := strconv.ParseFloat(string(d.get("relevance_score")), 64)
				if err != nil {
					t.Fatal(err)
				}
				scores = append(scores, x)
			}
			rec := g.last()
			m, ok := codec.FindScoreMark(scores)
			if on := c.Watermark != "off"; len(scores) != 4 || ok != on || on && (m.Attempt != rec.ID || scores[2] <= scores[3]) || (rec.MarkID != 0) != on {
				t.Errorf("watermark %q: %v say %+v, %v; mark id %d", c.Watermark, scores, m, ok, rec.MarkID)
			}
		})
	}
}

// With watermark: off there is none anywhere.
func TestNoWatermarks(t *testing.T) {
	virtual(t, Config{Watermark: "off"}, nil, func(g *rig) {
		for _, q := range []ask{
			{path: chatPath, body: chat("m", "")}, {path: chatPath, body: chat("m", streamed)},
			{path: "/v1/embeddings", body: `{"model":"e","input":"x","dimensions":64}`},
		} {
			r := g.send(q)
			if rec := g.last(); r.status != 200 || len(codec.FindMarks([]byte(r.body))) > 0 || rec.MarkID != 0 {
				t.Errorf("%s: %d, mark id %d, %s", q.path, r.status, rec.MarkID, r.body)
			}
			var v []float32
			for d := range doc(r.body).get("data").items {
				if err := json.Unmarshal([]byte(d.get("embedding")), &v); err != nil {
					t.Fatal(err)
				}
				if m, ok := codec.FindVectorMark(v); ok {
					t.Errorf("a vector says %+v", m)
				}
			}
		}
	})
}

func TestUnknownModelsAreServedAndNamed(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("m", 1)}}, nil, func(g *rig) {
		for _, name := range []string{"m", "new-1", "new-2", "new-1"} {
			if r := g.send(ask{path: chatPath, body: chat(name, "")}); r.status != 200 {
				t.Errorf("%s: %d", name, r.status)
			}
		}
		g.send(ask{path: "/v1/search", body: `{"query":"x"}`})
		g.send(ask{path: "/v1/rerank", body: `{"query":"x","documents":["y"]}`}) // nor does it name one
		for i := range stationsMax + 50 {
			g.send(ask{path: "/v1/rerank", body: fmt.Sprintf(`{"model":"r%d","query":"x","documents":["y"]}`, i)})
		}
		if got := fmt.Sprint(g.s.UnknownModels()); !strings.HasPrefix(got, "[new-1 new-2 r0 ") || len(g.s.UnknownModels()) != namesMax {
			t.Error(got)
		}
		if n := len(g.s.endpoints[0].stations); n > stationsMax+2 {
			t.Errorf("%d models in memory", n)
		}
		if n := g.s.Calls(); n != 4+2+stationsMax+50 {
			t.Errorf("%d calls", n)
		}
	})
}

// The configured answers: the first that matches, word for word, unmarked.
func TestAnswers(t *testing.T) {
	c := Config{Models: []Model{instant("m", 1), instant("n", 1)}, Answers: []Answer{
		{When: When{SystemContains: "JSON", Contains: "refund"}, JSON: map[string]any{"b": 1, "a": []any{true, nil}}},
		{When: When{Model: "n"}, Text: "from n"},
		{When: When{Contains: "é"}, Text: "oui"},
	}}
	for _, x := range []struct{ system, user, model, want string }{
		{"Reply with JSON", "a refund", "m", `{"a":[true,null],"b":1}`},
		{"Reply with JSON", "a refund", "n", `{"a":[true,null],"b":1}`},
		{"refund", "Reply with JSON", "n", "from n"},
		{"", "caf\u00e9", "m", "oui"},
		{"é", "x", "m", ""},
	} {
		for _, stream := range []bool{false, true} {
			virtual(t, c, nil, func(g *rig) {
				body, _ := json.Marshal(map[string]any{"model": x.model, "stream": stream, "messages": []any{map[string]string{"role": "system", "content": x.system}, map[string]string{"role": "user", "content": x.user}}})
				text := textOf(t, g.send(ask{path: chatPath, body: string(body)}).body, stream)
				rec := g.last()
				if x.want != "" && (text != x.want || rec.MarkID != 0 || rec.TokensEmitted != wire.Tokens(x.want)) || x.want == "" && rec.MarkID == 0 {
					t.Errorf("%+v: %q, %+v", x, text, rec)
				}
			})
		}
	}
}
