package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/mockmodel"
)

// A scene is what an SDK is asked for and what it meets.
type scene struct {
	name  string
	ask   string
	calls int           // one after the other; 0: one
	apart time.Duration // between two calls of a Go SDK
	fault faults.Fault  // nil: none
	times int           // only the first attempts of a call; 0: all
	// edit changes the headers of an answer on its way back to the SDK, for
	// what no fault says; nil: nothing is changed.
	edit    func(http.Header)
	answers []mockmodel.Answer // what the model says; none: generated words
	// cut is when the caller loses patience; 0: never.
	cut time.Duration
}

// A seen is what came of a scene: what the caller got, and what the mock wrote
// down.
type seen struct {
	calls    []called
	attempts []journal.Attempt // in order of arrival
	refused  int               // connections that were reset before a byte of them was read
}

// A called is one call of an SDK.
type called struct {
	said
	Failed *raised   `json:"failed"` // nil: it did not
	Waits  []float64 `json:"waits"`  // between its attempts, in ms
	// Waited: its caller's patience ran out.
	Waited bool `json:"waited"`
	// Tries is its number of attempts.
	Tries int `json:"tries"`
}

// sink keeps attempts.
type sink struct {
	mu       sync.Mutex
	attempts []journal.Attempt
}

func (*sink) Request(*journal.Request) {}
func (*sink) Mark(*journal.Mark)       {}
func (s *sink) Attempt(a *journal.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, *a)
}

// taken returns the attempts in order of arrival.
func (s *sink) taken() []journal.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.attempts, func(a, b journal.Attempt) int { return cmp.Compare(a.ArrivedNs, b.ArrivedNs) })
	return s.attempts
}

// models are those that the SDKs ask for: they answer at once, so that all that
// passes is the SDK's own time.
func models() []mockmodel.Model {
	now, all := time.Duration(0), 0.0
	var out []mockmodel.Model
	for _, name := range []string{"gpt-4o", "claude-sonnet-5-5", "gemini-2.5-flash", "llama3.2", "anthropic.claude-sonnet-5-5-v1:0", "command-a-03-2025", "text-embedding-3-small"} {
		out = append(out, mockmodel.Model{Name: name, TTFT: &now, TokensPerSecond: &all, OutputTokens: 20})
	}
	return out
}

// mock is a mock model for a scene, not listening yet.
func (sc scene) mock(t *testing.T) (*mockmodel.Server, *sink) {
	t.Helper()
	var rules []faults.Rule
	if sc.fault != nil {
		rules = []faults.Rule{{Fault: sc.fault}}
		if sc.times > 0 {
			rules[0].Times = faults.Count(sc.times)
		}
	}
	schedule, problems := faults.NewSchedule(1, rules, nil, nil)
	if len(problems) > 0 {
		t.Fatal(sc.name, problems)
	}
	kept := &sink{}
	return mockmodel.New(mockmodel.Config{Models: models(), Answers: sc.answers}, mockmodel.Options{Faults: schedule, Sink: kept}), kept
}

// editor is a proxy before the mock that edits the headers of answers.
func (sc scene) editor(dial func(context.Context, string, string) (net.Conn, error)) (*http.Server, *http.Transport) {
	tr := &http.Transport{DialContext: dial}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "mock"}) },
		Transport: tr,
		ModifyResponse: func(r *http.Response) error {
			sc.edit(r.Header)
			return nil
		},
	}
	return &http.Server{Handler: proxy}, tr
}

// prompt differs from call to call, so that the mock tells their steps apart.
func prompt(call int) string { return fmt.Sprintf("hello %d", call) }

// meet puts an SDK into each scene.
func (s sdk) meet(t *testing.T, scenes []scene) []seen {
	t.Helper()
	var out []seen
	if s.language == "js" {
		out = s.meetNode(t, scenes)
	} else {
		for _, sc := range scenes {
			out = append(out, s.meetGo(t, sc))
		}
	}
	for i := range out {
		out[i].tally(t, s.language == "js", scenes[i].name)
	}
	return out
}

// meetGo puts a Go SDK into a scene, in virtual time over a network in memory.
func (s sdk) meetGo(t *testing.T, sc scene) (out seen) {
	t.Helper()
	put := s.find(sc.ask).put
	synctest.Test(t, func(t *testing.T) {
		mock, kept := sc.mock(t)
		l := memnet.Listen("mock")
		go mock.Serve(l)
		dial := l.DialContext
		if sc.edit != nil {
			front := memnet.Listen("front")
			proxy, tr := sc.editor(dial)
			go proxy.Serve(front)
			defer tr.CloseIdleConnections()
			defer proxy.Close()
			dial = front.DialContext
		}
		// What is https to an SDK that sends keys over nothing else, is plain to
		// the mock.
		tr := &http.Transport{DialContext: dial, DialTLSContext: dial}
		for i := range max(1, sc.calls) {
			if i > 0 && sc.apart > 0 {
				time.Sleep(sc.apart)
			}
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if sc.cut > 0 {
				ctx, cancel = context.WithTimeout(ctx, sc.cut)
			}
			got, err := guarded(put)(ctx, provider{origin: "http://mock", http: &http.Client{Transport: tr}}, prompt(i))
			c := called{said: got, Waited: ctx.Err() != nil}
			cancel()
			if err != nil {
				r := s.told(err)
				c.Failed = &r
			}
			out.calls = append(out.calls, c)
		}
		tr.CloseIdleConnections()
		if err := errors.Join(mock.Close(), mock.Err()); err != nil {
			t.Error(err)
		}
		out.attempts, out.refused = kept.taken(), mock.Refused()
	})
	return out
}

// guarded tells of a panic instead of having it.
func guarded(p put) put {
	return func(ctx context.Context, to provider, prompt string) (got said, err error) {
		defer func() {
			if r := recover(); r != nil {
				got, err = said{}, fmt.Errorf("panic: %v", r)
			}
		}()
		return p(ctx, to, prompt)
	}
}

// told describes an error: the SDK's own type, else Go's, without the addresses
// that differ from run to run.
func (s sdk) told(err error) raised {
	if r := s.raised(err); r.Class != "" {
		return r
	}
	class, deepest := fmt.Sprintf("%T", err), err
	for next := errors.Unwrap(deepest); next != nil; next = errors.Unwrap(deepest) {
		deepest = next
	}
	return raised{Class: class, Message: deepest.Error()}
}

// tally counts the tries of each call. The waits of a Go SDK are those between
// the mock's own records; a node SDK's were wished for, and fired at once, so
// the records have to show as many attempts as it says.
func (s *seen) tally(t *testing.T, timers bool, name string) {
	t.Helper()
	steps := map[uint64]int{}
	var last []journal.Attempt
	for _, a := range s.attempts {
		call, known := steps[a.StepHash]
		if !known {
			call = len(steps)
			steps[a.StepHash] = call
			last = append(last, a)
		}
		if call >= len(s.calls) {
			t.Errorf("%s: %d steps for %d calls", name, call+1, len(s.calls))
			return
		}
		s.calls[call].Tries++
		if known && !timers {
			s.calls[call].Waits = append(s.calls[call].Waits, float64(a.ArrivedNs-last[call].EndNs)/1e6)
		}
		last[call] = a
	}
	if s.refused > 0 && len(s.calls) == 1 { // of those there is no record, and so no wait
		s.calls[0].Tries += s.refused
		return
	}
	for i, c := range s.calls {
		if len(c.Waits) != max(0, c.Tries-1) {
			t.Errorf("%s: call %d says %d waits, and %d attempts came", name, i, len(c.Waits), c.Tries)
		}
	}
}
