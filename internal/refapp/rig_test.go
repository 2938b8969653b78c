package refapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/memnet"
)

// A rig is an app between a scripted provider and a user, in virtual time.
type rig struct {
	t        *testing.T
	app      *App
	provider *provider
	user     *http.Client
	start    time.Time
}

// inVirtualTime runs body with an app of the given configuration. All of it
// must have ended by itself afterwards, or the bubble reports a deadlock.
func inVirtualTime(t *testing.T, cfg Config, script map[string][]string, body func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// A server lingers for 500 ms on a connection that it closed early.
		defer time.Sleep(time.Second)
		p := &provider{script: script, seen: map[string]int{}, start: time.Now()}
		upstream := memnet.Listen("provider")
		providerServer := &http.Server{Handler: p, ConnState: p.count}
		go providerServer.Serve(upstream)
		defer providerServer.Close()

		cfg.Provider, cfg.DialContext = "http://provider/v1", upstream.DialContext
		app, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		front := memnet.Listen("app")
		appServer := &http.Server{Handler: app.Handler()}
		go appServer.Serve(front)
		defer appServer.Close()
		defer app.Close()

		tr := &http.Transport{DialContext: front.DialContext}
		defer tr.CloseIdleConnections()
		body(&rig{t: t, app: app, provider: p, user: &http.Client{Transport: tr}, start: time.Now()})
	})
}

// exact is the policy of a mode without jitter, so that waits are exact.
func exact(mode string, change ...func(*Policy)) Config {
	m, _ := Lookup(mode)
	p := m.Policy(8 * time.Second)
	if p.BackoffBase > 0 {
		p.BackoffBase, p.HintMargin = 250*time.Millisecond, 0 // round numbers for the tables
	}
	p.Jitter = 0
	for _, c := range change {
		c(&p)
	}
	return Config{Mode: mode, Policy: &p}
}

// got is what a user sees of an answer.
type got struct {
	status int
	header http.Header
	body   string
	took   time.Duration
	err    error // of reading the body
}

// kind, model, text and end read the answer in either transport; end is how a
// stream ended: done, error, or eof.
func (g got) kind() string { return g.header.Get(HeaderDegraded) }

func (g got) frames() (frames []string) {
	for _, f := range strings.Split(g.body, "\n\n") {
		if data, ok := strings.CutPrefix(f, "data: "); ok {
			frames = append(frames, data)
		}
	}
	return frames
}

func (g got) read() (model, text, end string) {
	frames := []string{g.body}
	if strings.HasPrefix(g.header.Get("Content-Type"), "text/event-stream") {
		frames = g.frames()
		end = "eof"
	}
	for _, f := range frames {
		if f == "[DONE]" {
			end = "done"
			continue
		}
		var c chunk
		if json.Unmarshal([]byte(f), &c) != nil {
			continue
		}
		if len(c.Error) > 0 && end != "" {
			end = "error"
		}
		if c.Model != "" {
			model = c.Model
		}
		for _, choice := range c.Choices {
			if choice.Delta != nil {
				text += choice.Delta.Content
			}
			if choice.Message != nil {
				text += choice.Message.Content
			}
		}
	}
	return model, text, end
}

// ask sends a question as tenant t1; change edits the request.
func (r *rig) ask(stream bool, question string, change ...func(*http.Request)) got {
	r.t.Helper()
	body := mustJSON(map[string]any{"model": "gpt-4o", "stream": stream,
		"messages": []any{map[string]string{"role": "user", "content": question}}})
	req, err := http.NewRequest("POST", "http://app/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key-t1")
	for _, c := range change {
		c(req)
	}
	return r.send(req)
}

func (r *rig) send(req *http.Request) got {
	sent := time.Now()
	resp, err := r.user.Do(req)
	if err != nil {
		return got{err: err, took: time.Since(sent)}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(b), time.Since(sent), err}
}

// provider answers each model, and embed, search and rerank, from a script:
// one word or phrase per call, "ok" when it has run out.
type provider struct {
	start time.Time

	// dice, if set, replace the script of the chat models.
	dice func(model, question string, attempt int) string

	mu     sync.Mutex
	seen   map[string]int // attempts by model and question
	script map[string][]string
	calls  []string // "250ms gpt-4o"
	heads  []http.Header
	bodies []string
	busy   int
	peak   int
	conns  int
}

func (p *provider) count(_ net.Conn, s http.ConnState) {
	if s == http.StateNew {
		p.mu.Lock()
		p.conns++
		p.mu.Unlock()
	}
}

// lines returns the calls so far whose name contains one of the words.
func (p *provider) lines(words ...string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.calls {
		for _, w := range words {
			if strings.Contains(c, w) {
				out = append(out, c)
				break
			}
		}
	}
	return strings.Join(out, ", ")
}

// note writes down a call, or that one was left. Who leaves a call and makes
// another at the same instant is noted in that order, whichever comes first.
func (p *provider) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.start).String() + " "
	at := len(p.calls)
	if strings.HasPrefix(format, "left ") {
		for at > 0 && strings.HasPrefix(p.calls[at-1], now) && !strings.HasPrefix(p.calls[at-1], now+"left ") {
			at--
		}
	}
	p.calls = slices.Insert(p.calls, at, now+fmt.Sprintf(format, args...))
}

func (p *provider) next(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.script[name]
	if len(s) == 0 {
		return "ok"
	}
	if s[0] != "always" {
		p.script[name] = s[1:]
		return s[0]
	}
	return s[1]
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var asked struct {
		Model    string
		Stream   bool
		Messages []struct{ Content string }
	}
	_ = json.Unmarshal(body, &asked)
	name := map[string]string{"/v1/embeddings": "embed", "/v1/search": "search", "/v1/rerank": "rerank"}[r.URL.Path]
	if name == "" {
		name = asked.Model
	}
	p.note("%s", name)
	p.mu.Lock()
	p.heads, p.bodies = append(p.heads, r.Header), append(p.bodies, string(body))
	p.busy++
	p.peak = max(p.peak, p.busy)
	p.mu.Unlock()
	defer func() { p.mu.Lock(); p.busy--; p.mu.Unlock() }()

	word := p.next(name)
	if p.dice != nil && name == asked.Model && len(asked.Messages) > 0 {
		question := asked.Messages[len(asked.Messages)-1].Content
		p.mu.Lock()
		p.seen[name+question]++
		attempt := p.seen[name+question]
		p.mu.Unlock()
		word = p.dice(name, question, attempt)
	}
	words := strings.Fields(word)
	if words[0] == "slow" {
		d, _ := time.ParseDuration(words[1])
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			p.note("left %s", name)
			return
		}
		if words = words[2:]; len(words) == 0 {
			words = []string{"ok"}
		}
	}
	switch {
	case words[0] == "hang":
		<-r.Context().Done()
		p.note("left %s", name)
	case words[0] == "reset":
		panic(http.ErrAbortHandler)
	case words[0][0] >= '4' && words[0][0] <= '5':
		p.refuse(w, words)
	case words[0] == "ok" && name != asked.Model || asked.Model == embedModel || asked.Model == rerankModel:
		p.retrieval(w, name, words[0])
	case asked.Stream:
		p.stream(w, r, asked.Model, words)
	default:
		p.whole(w, asked.Model, words[0])
	}
}

// refuse answers with an error: "429 retry-after=2 code=insufficient_quota".
func (p *provider) refuse(w http.ResponseWriter, words []string) {
	code := "null"
	for _, word := range words[1:] {
		k, v, _ := strings.Cut(word, "=")
		if k == "code" {
			code = `"` + v + `"`
			continue
		}
		w.Header().Set(k, v)
	}
	var status int
	fmt.Sscan(words[0], &status)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":"scripted","type":"scripted","param":null,"code":%s}}`, code)
}

func (p *provider) retrieval(w http.ResponseWriter, name, word string) {
	switch {
	case word == "empty":
	case name == "embed":
		io.WriteString(w, `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-0.5]}],"model":"text-embedding-3-small"}`)
	case name == "search":
		io.WriteString(w, `{"documents":[{"id":"d1","text":"one"},{"id":"d2","text":"two"},{"id":"d3","text":"three"},{"id":"d4","text":"four"}]}`)
	case name == "rerank":
		io.WriteString(w, `{"results":[{"index":3,"relevance_score":0.9},{"index":0,"relevance_score":0.5}]}`)
	}
}

// whole answers in JSON: ok, empty (nothing said), nobody (nothing at all), cut
// (half of the document), unfinished (finish_reason null), wrong (another model),
// garbage (letters of another script).
func (p *provider) whole(w http.ResponseWriter, model, word string) {
	text, finish := "hello from "+model, `"stop"`
	switch word {
	case "empty":
		text = ""
	case "nobody":
		return
	case "unfinished":
		finish = "null"
	case "wrong":
		model = "gpt-3.5-turbo"
	case "garbage":
		text = "hello ฝ ro ว " + model
	}
	doc := fmt.Sprintf(`{"id":"chatcmpl-1","object":"chat.completion","model":%q,"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":%s}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`, model, text, finish)
	if word == "cut" {
		doc = doc[:len(doc)/2]
	}
	io.WriteString(w, doc)
}

// stream answers in SSE, in the words of whole and: error (a frame with an
// error), stall (silence after the first words), crash (the connection ends),
// unended (finish_reason, but no [DONE]), linger (the body stays open after
// [DONE]), long (more than is held). A second word is how it ends: "long cut".
func (p *provider) stream(w http.ResponseWriter, r *http.Request, model string, words []string) {
	end := words[len(words)-1]
	if end == "nobody" {
		return
	}
	if end == "wrong" {
		model = "gpt-3.5-turbo"
	}
	frame := func(delta, finish string) {
		fmt.Fprintf(w, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":%q,\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}\n\n", model, delta, finish)
		w.(http.Flusher).Flush()
	}
	w.Header().Set("Content-Type", "text/event-stream")
	frame(`{"role":"assistant","content":""}`, "null")
	if end != "empty" {
		frame(`{"content":"hello "}`, "null")
	}
	if words[0] == "long" {
		frame(`{"content":"`+strings.Repeat("long ", 20000)+`"}`, "null")
	}
	switch end {
	case "cut":
		return
	case "crash":
		panic(http.ErrAbortHandler)
	case "stall":
		io.WriteString(w, ": still here\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		p.note("left %s", model)
		return
	case "error":
		io.WriteString(w, "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":null}}\n\n")
		return
	case "empty":
	case "garbage":
		frame(`{"content":"ฝ ro ว `+model+`"}`, "null")
	default:
		frame(`{"content":"from `+model+`"}`, "null")
	}
	frame(`{}`, `"stop"`)
	if end != "unended" {
		io.WriteString(w, "data: [DONE]\n\n")
	}
	if end == "linger" {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}
