package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/chaoskit/chaos/internal/memnet"
)

// TestOpenAIGoRetries is the retry policy of openai-go v3.96.0 with its stock
// settings, measured at the provider, in virtual time. The source is
// internal/requestconfig/requestconfig.go of that version:
//
//	line 286        two retries (MaxRetries: 2)
//	lines 390-420   what is retried: no response at all, 408, 409, 429, >= 500;
//	                x-should-retry overrules the status
//	lines 30, 557-579  the wait: 0.5 s * 2^n, at most 8 s, minus up to a quarter
//	lines 32-34, 426-504, 559-561, 704-707  a hint up to 120 s is waited for to
//	                the letter, without jitter; a longer one ends the retries
func TestOpenAIGoRetries(t *testing.T) {
	type span struct{ least, most time.Duration }
	exactly := func(d time.Duration) span { return span{d, d} }
	const ms = time.Millisecond
	first, second := span{375 * ms, 500 * ms}, span{750 * ms, 1000 * ms}
	rows := []struct {
		words  string
		script []string // status and headers of each attempt; the last one repeats
		gaps   []span   // between the attempts
		status int      // that the caller of the SDK sees; 0 is an answer
	}{
		{"without a hint it waits 0.375 to 0.5 s, then 0.75 to 1 s, then gives up", []string{"503"}, []span{first, second}, 503},
		{"a 429 is retried as well", []string{"429", "ok"}, []span{first}, 0},
		{"so are 408 and 409", []string{"408", "409", "ok"}, []span{first, second}, 0},
		{"a 400 is not", []string{"400"}, nil, 400},
		{"nor 401, 403, 404, 422", []string{"422"}, nil, 422},
		{"a broken connection is", []string{"reset", "ok"}, []span{first}, 0},
		{"a Retry-After of 2 s is honoured to the letter", []string{"429 retry-after=2", "ok"}, []span{exactly(2 * time.Second)}, 0},
		{"so is one of 30 s", []string{"429 retry-after=30", "ok"}, []span{exactly(30 * time.Second)}, 0},
		{"and of 120 s, the longest", []string{"429 retry-after=120", "ok"}, []span{exactly(120 * time.Second)}, 0},
		{"150 s are too long: no retry, the refusal is handed on", []string{"429 retry-after=150"}, nil, 429},
		{"even where x-should-retry asks for one", []string{"429 retry-after=150 x-should-retry=true"}, nil, 429},
		{"a hint of nothing means at once", []string{"429 retry-after=0", "ok"}, []span{exactly(0)}, 0},
		{"milliseconds go before seconds", []string{"429 retry-after=30 retry-after-ms=70", "ok"}, []span{exactly(70 * ms)}, 0},
		{"a negative hint is none", []string{"429 retry-after=-1", "ok"}, []span{first}, 0},
		{"nor is a word", []string{"429 retry-after=soon", "ok"}, []span{first}, 0},
		{"x-should-retry: true retries a 400", []string{"400 x-should-retry=true", "ok"}, []span{first}, 0},
		{"x-should-retry: false ends it", []string{"503 x-should-retry=false"}, nil, 503},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &scripted{script: row.script}
				client := p.start(t)
				_, err := client.Chat.Completions.New(context.Background(), hello)
				status := 0
				if refused, ok := err.(*openai.Error); ok {
					status = refused.StatusCode
				} else if err != nil {
					t.Fatal(err)
				}
				if status != row.status {
					t.Errorf("the caller sees status %d, want %d", status, row.status)
				}
				if len(p.arrived) != len(row.gaps)+1 {
					t.Fatalf("%d attempts, want %d", len(p.arrived), len(row.gaps)+1)
				}
				for i, want := range row.gaps {
					if gap := p.arrived[i+1].Sub(p.arrived[i]); gap < want.least || gap > want.most {
						t.Errorf("gap %d is %v, want %v to %v", i+1, gap, want.least, want.most)
					}
				}
				for i, count := range p.counts {
					if count != strconv.Itoa(i) {
						t.Errorf("attempt %d says x-stainless-retry-count: %q", i+1, count)
					}
				}
			})
		})
	}
}

// TestOpenAIGoJitter: the waits fill the whole quarter, and nothing else.
func TestOpenAIGoJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		least, most := time.Hour, time.Duration(0)
		for range 200 {
			p := &scripted{script: []string{"503", "ok"}}
			client := p.start(t)
			if _, err := client.Chat.Completions.New(context.Background(), hello); err != nil {
				t.Fatal(err)
			}
			gap := p.arrived[1].Sub(p.arrived[0])
			least, most = min(least, gap), max(most, gap)
		}
		if least < 375*time.Millisecond || least > 390*time.Millisecond || most > 500*time.Millisecond || most < 485*time.Millisecond {
			t.Errorf("200 first waits lie between %v and %v", least, most)
		}
	})
}

var hello = openai.ChatCompletionNewParams{
	Model:    "gpt-4o",
	Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")},
}

// scripted is a provider that answers each attempt as told: a status with
// headers, "reset", or "ok". The last entry repeats.
type scripted struct {
	script  []string
	arrived []time.Time
	counts  []string // x-stainless-retry-count
}

// start serves in memory and returns a client with stock retries. Both end with
// the test.
func (p *scripted) start(t *testing.T) openai.Client {
	l := memnet.Listen("provider")
	server := &http.Server{Handler: p}
	go server.Serve(l)
	tr := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		server.Close()
	})
	return openai.NewClient(option.WithBaseURL("http://provider/v1"), option.WithAPIKey("sk-dummy"),
		option.WithHTTPClient(&http.Client{Transport: tr}))
}

func (p *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	words := strings.Fields(p.script[min(len(p.arrived), len(p.script)-1)])
	p.arrived = append(p.arrived, time.Now())
	p.counts = append(p.counts, r.Header.Get("X-Stainless-Retry-Count"))
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "application/json")
	switch words[0] {
	case "reset":
		panic(http.ErrAbortHandler)
	case "ok":
		fmt.Fprint(w, `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hello"}}]}`)
	default:
		status, _ := strconv.Atoi(words[0])
		w.WriteHeader(status)
		fmt.Fprint(w, `{"error":{"message":"scripted","type":"scripted","param":null,"code":null}}`)
	}
}
