package mockmodel

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

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
		{chatPath, msg(`,"n":2`), 400, `"param":"n"`},
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
		{"/v2/rerank", `{"query":"x","documents":[]}`, 400, "got 0"},
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

// Bodies are bounded, whether their length is told or not.
func TestBodyTooLarge(t *testing.T) {
	huge := int64(32<<20 + 1)
	for _, told := range []bool{true, false} {
		onSocket(t, Config{}, nil, func(g *rig) {
			r := g.request(context.Background(), ask{path: chatPath, id: wire.ID{Phase: "warm", Index: 3, Tenant: "t1"}})
			r.Body = io.NopCloser(io.LimitReader(neverEnding('x'), huge))
			if r.ContentLength = -1; told {
				r.ContentLength = huge
			}
			resp, err := g.client.Do(r)
			if err == nil { // else the connection was closed while the body was being sent
				if got := replyOf(resp); got.status != 413 || len(got.header.Get("X-Request-Id")) != len("req_")+24 {
					t.Errorf("%d %s", got.status, got.body)
				}
			}
			if rec := g.last(); rec.Status != 413 || rec.Cause != journal.CauseValidation || rec.Key.String() != "warm/3" {
				t.Errorf("%+v", rec)
			}
		})
	}
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

// A caller that dribbles its headers or its body is cut off.
func TestSlowCallers(t *testing.T) {
	for _, c := range []struct {
		name, send string
		gone       time.Duration
		status     string
	}{
		{"headers", "POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\n", headerTimeout, ""},
		{"body", "POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Length: 100\r\n\r\n{", bodyTimeout, "HTTP/1.1 408"},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			raw, err := g.dial(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			fmt.Fprint(raw, c.send)
			got, _ := io.ReadAll(raw)
			if g.elapsed() != c.gone || !strings.HasPrefix(string(got), c.status) {
				t.Errorf("%s: cut off at %v with %q", c.name, g.elapsed(), got)
			}
		})
	}
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

// A caller that closes its sending side has hung up: nothing is sent to it
// that it could take for an answer.
func TestHalfClosedCallerGetsNoFalseAnswer(t *testing.T) {
	virtual(t, Config{Models: []Model{model("m", time.Hour, 1, 1)}}, nil, func(g *rig) {
		raw, err := g.dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		body := chat("m", "")
		fmt.Fprintf(raw, "POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		<-time.After(time.Second)
		raw.(interface{ CloseWrite() error }).CloseWrite()
		if got, _ := io.ReadAll(bufio.NewReader(raw)); len(got) != 0 || g.elapsed() != time.Second {
			t.Errorf("at %v: %q", g.elapsed(), got)
		}
		if rec := g.last(); rec.End != journal.AttemptPeerClosed || rec.PeerClosedNs != int64(time.Second) {
			t.Errorf("%+v", rec)
		}
	})
}

// The record of a call says all that the provider knew of it.
func TestRecord(t *testing.T) {
	m := instant("gpt-4o", 5)
	m.Price = Price{2.5, 10}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		q := ask{path: chatPath, body: chat("gpt-4o", streamed+`,"max_tokens":9`), id: wire.ID{Phase: "spike", Index: 12, Tenant: "t2", OutputTokens: 6}, header: http.Header{
			"X-Stainless-Retry-Count": {"1"}, "X-Stainless-Read-Timeout": {"600"}, "X-Envoy-Attempt-Count": {"2"},
		}}
		<-time.After(time.Second)
		g.send(q)
		g.last()
		g.send(q)
		rec := g.last()
		if rec.BodyHash == 0 || rec.StepHash == 0 || rec.TraceHash == 0 || rec.Source == "" || rec.Conn != 1 {
			t.Errorf("%+v", rec)
		}
		rec.BodyHash, rec.StepHash, rec.TraceHash, rec.Source = 0, 0, 0, ""
		want := journal.NewAttempt()
		want.ID, want.Key, want.Tenant = 2, journal.Key{Phase: "spike", Index: 12}, "t2"
		want.Carrier, want.CarriersSeen = journal.CarrierHeader, journal.CarrierHeader|journal.CarrierGateway|journal.CarrierTraceparent
		want.Conn, want.ConnSeq, want.Endpoint, want.Dialect, want.Kind = 1, 2, "provider", "openai", "chat"
		want.ModelAsked, want.ModelServed, want.Stream, want.MaxTokens, want.Ordinal = "gpt-4o", "gpt-4o", true, 9, 2
		want.BodyBytes, want.Messages = len(q.body), 1
		at := int64(time.Second)
		want.ArrivedNs, want.BodyNs, want.AdmittedNs, want.HeaderNs, want.FirstNs, want.LastNs, want.EndNs = at, at, at, at, at, at, at
		want.LateMaxNs, want.QueueNs, want.End, want.Status = 0, 0, journal.AttemptComplete, 200
		want.TokensIn, want.TokensPlanned, want.TokensEmitted, want.CostNanoUSD, want.MarkID = 6, 6, 6, 6*2500+6*10000, 2
		want.Emitted = []journal.Point{{TNs: at, Tokens: 6}}
		want.SDK, want.SDKRetry, want.SDKTimeoutNs, want.ProxyAttempt = "test/1", 1, int64(600*time.Second), 2
		if got, want := fmt.Sprintf("%+v", rec), fmt.Sprintf("%+v", want); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// Whose call it is: by the carriers in their order; a stale id names nobody.
func TestIdentity(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		id := wire.ID{Run: codec.Run, Phase: "warm", Index: 5, Tenant: "t1", OutputTokens: 3}
		old := id
		old.Run = "otherrun"
		body := func(text string) string {
			b, _ := json.Marshal(map[string]any{"model": "m", "messages": []any{map[string]any{"role": "user", "content": []any{map[string]any{"type": "text", "text": "Hi"}, map[string]any{"type": "text", "text": text}}}, map[string]any{"role": "assistant", "content": wire.Marker(old)}}})
			return string(b)
		}
		var hashes []uint64
		for _, c := range []struct {
			name string
			q    ask
			key  string
			by   journal.Carriers
		}{
			{"a marker in the last user message", ask{path: chatPath, body: body("there " + wire.Marker(id))}, "warm/5", journal.CarrierMarker},
			{"a header over a marker", ask{path: chatPath, body: body("there " + wire.Marker(id)), id: wire.ID{Phase: "spike", Index: 9, Tenant: "t1"}}, "spike/9", journal.CarrierHeader},
			{"another run's marker", ask{path: chatPath, body: body("there " + wire.Marker(old))}, "anon", 0},
			{"none", ask{path: chatPath, body: body("there")}, "anon", 0},
		} {
			g.send(c.q)
			rec := g.last()
			if key := rec.Key.String(); key != c.key && !(c.key == "anon" && rec.Key.Phase == "anon") || rec.Carrier != c.by || rec.Stale != strings.HasPrefix(c.name, "another") || rec.Conflict != strings.HasPrefix(c.name, "a header") {
				t.Errorf("%s: %+v", c.name, rec)
			}
			hashes = append(hashes, rec.StepHash)
		}
		if hashes[0] != hashes[1] || hashes[0] != hashes[2] || hashes[0] != hashes[3] {
			t.Errorf("markers are no part of a step: %x", hashes)
		}
		if a, b := g.recs[2], g.recs[3]; a.Key != b.Key || a.Ordinal != 1 || b.Ordinal != 2 {
			t.Error("calls without an id are one step if their bodies are equal")
		}
	})
}

// The marker of a question is found behind what a user's turn holds beside
// text: the result of a tool in Anthropic's dialect, an image in OpenAI's.
func TestMarkerBehindMessagesWithoutText(t *testing.T) {
	question := `{"role":"user","content":"Where is it? ` + wire.Marker(wire.ID{Run: codec.Run, Phase: "warm", Index: 5, Tenant: "t1", OutputTokens: 3}) + `"}`
	for _, c := range []struct{ path, more string }{
		{messagesPath, `{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"find","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"in Rome"}]}`},
		{chatPath, `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}`},
	} {
		virtual(t, Config{Models: []Model{instant("m", 1)}}, nil, func(g *rig) {
			g.send(ask{path: c.path, body: `{"model":"m","max_tokens":9,"messages":[` + question + "," + c.more + `]}`})
			if rec := g.last(); rec.Key.String() != "warm/5" || rec.Carrier != journal.CarrierMarker {
				t.Errorf("%s: %+v", c.path, rec)
			}
		})
	}
}

// What a call gets depends on the seed and on the call, not on the order of
// arrival or on what else goes on.
func TestAnswersDoNotDependOnOrder(t *testing.T) {
	said := func(order []int64) map[int64]string {
		out := map[int64]string{}
		var mu sync.Mutex
		virtual(t, Config{}, nil, func(g *rig) {
			var wg sync.WaitGroup
			for _, i := range order {
				wg.Go(func() {
					r := g.send(ask{path: chatPath, body: chat("gpt-4o", ""), id: wire.ID{Phase: "warm", Index: i, Tenant: "t1", OutputTokens: 100}})
					mu.Lock()
					out[i] = doc(r.body).get("id").text() + wire.StripMarkers(textOf(t, r.body, false))
					mu.Unlock()
				})
			}
			wg.Wait()
		})
		return out
	}
	a, b := said([]int64{1, 2, 3, 4}), said([]int64{4, 3, 2, 1})
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%v\n%v", a, b)
	}
	if a[1] == a[2] {
		t.Error("two requests got the same answer")
	}
}

// Embeddings: base64 is little-endian float32 and says the same as the list of
// numbers; one text has one vector of length 1; like texts are nearer.
func TestEmbeddings(t *testing.T) {
	virtual(t, Config{}, nil, func(g *rig) {
		vectors := func(format, input string) (out [][]float32) {
			r := g.send(ask{path: "/v1/embeddings", body: `{"model":"e","input":` + input + `,"encoding_format":"` + format + `"}`})
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
		if len(a) != 3 || len(a[0]) != defaultDimensions || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%d vectors of %d", len(a), len(a[0]))
		}
		if c := vectors("float", `"How do I return an item?[chaos:`+wire.ID{Run: codec.Run, Phase: "warm", Tenant: "t1"}.String()+`]"`); fmt.Sprint(c[0]) != fmt.Sprint(a[0]) {
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
		if n := len(g.s.stations); n > stationsMax+2 {
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
