package mockmodel

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// fuzz sends any body to a path. The provider must answer it as a provider
// does: a status, a body of the dialect that parses, one record.
func fuzz(f *testing.F, seeds ...string) {
	for i, s := range seeds {
		f.Add(uint8(i), []byte(s))
	}
	for _, s := range jsonCases {
		f.Add(uint8(0), []byte(s))
	}
	zero, instant := 0.0, Model{}.TTFT
	s := New(Config{Models: []Model{{Name: "m", TTFT: instant, TokensPerSecond: &zero, OutputTokens: 3}}}, Options{})
	s.opt.Horizon = 1
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		agree(t, body)
		mine := fuzzedBy(f.Name())
		route := mine[int(which)%len(mine)]
		more := []string{"", "&alt=sse"}[which>>7] // Gemini's two kinds of stream
		r, err := http.NewRequest("POST", "http://mock/v1beta/models/m:streamGenerateContent?api-version=2024-10-21"+more, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Anthropic-Version", "2023-06-01")
		a := s.begin(&discard{header: http.Header{}}, r, found{endpoint: s.endpoints[0], route: route, at: "m"})
		defer s.end(a)
		a.rec.End = journal.AttemptComplete
		a.body = append(a.body, body...)
		if refused := a.understand(); refused != nil {
			if refused.status < 400 || !json.Valid(route.vendor.body(nil, refused, "x")) {
				t.Errorf("%q: refused with %+v", body, refused)
			}
			return
		}
		a.identify()
		if a.generate() != nil {
			return
		}
		a.station = newStation(Model{Name: "m", OutputTokens: 20, Dimensions: 8}.withDefaults())
		a.rec.AdmittedNs = 0
		a.outputAsked = 0
		a.prepare()
		fuzzAnswer(t, a, body)
	})
}

// fuzzedAlone are the paths of targets that send to one of them only, and
// fuzzedVendor those of targets that send to one dialect.
var (
	fuzzedAlone  = map[string]string{"FuzzAnthropic": messagesPath, "FuzzResponses": responsesPath}
	fuzzedVendor = map[string]*vendor{"FuzzGemini": &gemini, "FuzzOllama": &ollama, "FuzzBedrock": &bedrock, "FuzzQdrant": &qdrant}
)

// fuzzedBy returns the routes that a target sends to.
func fuzzedBy(name string) (out []*route) {
	path, v, kind := fuzzedAlone[name], fuzzedVendor[name], map[string]string{"FuzzRerank": "rerank"}[name]
	for i := range routes {
		if r := &routes[i]; (kind == "" || r.kind == kind) && (path == "" || r.pattern == path) && (v == nil || r.vendor == v) {
			out = append(out, r)
		}
	}
	return out
}

// fuzzAnswer holds what is said in one piece against what is said as a stream.
func fuzzAnswer(t *testing.T, a *attempt, body []byte) {
	again := slices.Clone(a.ans.parts)
	if whole := a.call.form.whole(nil, &a.ans); !json.Valid(whole) {
		t.Errorf("%q: answered with %q", body, whole)
	}
	st, ok := a.call.form.(streamer)
	if !ok || a.ans.empty {
		return
	}
	a.ans.parts = again
	st.open(&a.out, &a.ans)
	for r := newReel(&a.ans, nil); ; {
		x, more := r.next(7)
		if !more {
			break
		}
		if !a.sayPiece(st, x, a.ans.tokensOut) {
			t.Fatalf("%q: the stream ended", body)
		}
		r.took(x)
	}
	a.finish(st)
	for _, data := range framesOf(a.media(true)[0], string(a.out.buf)) {
		if !json.Valid([]byte(data)) {
			t.Errorf("%q: frame %q", body, data)
		}
	}
}

// framesOf takes the JSON out of a stream: the data of events, the lines, or all
// of it where the stream is one array.
func framesOf(media, stream string) (out []string) {
	kind, _, _ := strings.Cut(media, ";")
	switch kind {
	case "application/json":
		return []string{stream}
	case bedrockEvents[0]:
		return framesOfBedrock(stream)
	}
	for line := range strings.Lines(stream) {
		data, isData := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: ")
		if isData && data != "[DONE]" || kind == "application/x-ndjson" {
			out = append(out, data)
		}
	}
	return out
}

func FuzzOpenAI(f *testing.F) {
	fuzz(f, chat("m", ""), `{"model":"m","input":["a",[1,2]],"dimensions":3}`, chat("m", `,"max_tokens":1`), `{"query":"x","documents":["y",{"text":"z"}],"top_n":1}`,
		`{"query":"x","documents":[1]}`, `{"query_vector":[1,2e-3],"top_k":2}`, chat("m", streamed+`,"stream_options":{"include_usage":true}`))
}

func FuzzAnthropic(f *testing.F) {
	fuzz(f, `{"model":"m","max_tokens":5,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"text","text":"\ud83d\ude00"}]}],"stream":true}`, chat("m", `,"max_tokens":1`))
}

func FuzzGemini(f *testing.F) {
	fuzz(f, geminiAsk(""), geminiAsk(`,"system_instruction":{"parts":{"text":"s"}},"generationConfig":{"candidateCount":2,"maxOutputTokens":"9","stopSequences":["a"],"thinkingConfig":{"includeThoughts":true}}`),
		`{"instances":[{"content":"x"}],"parameters":{"outputDimensionality":3}}`, `{"content":{"parts":[{"text":"x"}]},"outputDimensionality":3}`, `{"requests":[{"content":{"parts":[{"text":"x"}]}}]}`, geminiAsk(`,"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}`),
		geminiAsk(`,"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"ARRAY","items":{"anyOf":[{"type":"STRING","nullable":true}]},"minItems":"1"}}}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}`),
		`{"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"a"}}]},{"role":"user","parts":[{"functionResponse":{"name":"a","response":{}}}]}]}`)
}

func FuzzOllama(f *testing.F) {
	fuzz(f, ollamaAsk(""), `{"model":"m","prompt":"x","system":"y","think":"low","keep_alive":"5m"}`, `{"model":"m","input":["x","y"],"dimensions":3}`, `{"model":"m","prompt":"x"}`,
		ollamaAsk(`,"think":true,"options":{"num_predict":3,"stop":["a"],"temperature":0.5},"format":{"type":"object"},"keep_alive":-1,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]`),
		`{"model":"m","messages":[{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"x"}]}`)
}
