// Package chaostest puts a model provider that fails on purpose into a Go test,
// and proves from its side how the code under test bore it:
//
//	func TestWaitsAsItIsTold(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			m := chaostest.New(t, "rate_limit: {retry_after: 2s}, times: 1")
//			ask(m.Client(), m.OpenAI()) // the code under test
//			m.Check(t, "retries.retry_after", "retries.attempts: {max: 3}")
//		})
//	}
//
// The provider is in memory: no port, no other process, and in a bubble of
// testing/synctest the two seconds above pass in microseconds. [Config.Socket]
// gives it a loopback socket, for code that brings its own HTTP client or runs in
// a process of its own.
//
// Rules are written as in a plan, braces optional: `chaos list faults` names the
// faults and `chaos explain FAULT` tells their parameters. Assertions are those of
// `chaos list assertions` that need calls only; what is about users, such as how
// long they waited, fails here by name, as a test without users proves nothing of
// them. One call is enough to judge an invariant; medians and
// spreads of waits (retries.backoff, retries.jitter) need 30 and 100 retries, which
// a bubble has in no time. A pass speaks of the calls that
// arrived: what the caller would have done with more of them, it does not say.
//
// Calls are held together by the header x-chaos-request, a word of the caller's
// own, else by their body. So the same question asked twice is one call asked
// again: after a failure it counts as a retry. Give such calls a name each, or a
// provider of their own.
package chaostest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/mockmodel"
	"github.com/chaoskit/chaos/plans"
)

// Attempt is one call as the provider saw it. Instants are nanoseconds since the
// provider began, -1: never.
type Attempt = journal.Attempt

// Config says what a provider is made of beside its rules. The zero value is a
// provider without faults that answers at once.
type Config struct {
	// Rules say what goes wrong: "http_503", "rate_limit: {retry_after: 2s},
	// times: 1", "{stall_mid_stream: {}, probability: 0.3}". A second rule of one
	// fault needs a name.
	Rules []string
	// Answers are what the chat models say, as the list provider.answers of a
	// plan: `[{when: {contains: order}, text: it is on its way}]`. "": generated
	// words.
	Answers string
	// Models are how models behave, as the mapping provider.models of a plan:
	// `gpt-4o: {ttft: 300ms, tokens_per_second: 80}`. One that is not listed
	// answers at once, in 20 tokens.
	Models string
	// Seed of everything random; tests of one seed see the same faults.
	Seed uint64
	// Socket: listen on a port of 127.0.0.1 and not in memory. Time is real then.
	Socket bool
}

// Mock is a provider for one test. It ends with the test. Safe for concurrent use.
type Mock struct {
	stand  *plans.Stand
	origin string
	client *http.Client
	socket bool
}

// New starts a provider in memory with the rules, and ends it with the test.
// What is wrong with a rule fails the test at once.
func New(t testing.TB, rules ...string) *Mock {
	t.Helper()
	return Start(t, Config{Rules: rules})
}

// Start is New with more to choose.
func Start(t testing.TB, c Config) *Mock {
	t.Helper()
	m := &Mock{socket: c.Socket}
	if err := m.start(t, c); err != nil {
		t.Fatalf("chaostest: %v", err)
	}
	return m
}

func (m *Mock) start(t testing.TB, c Config) error {
	rules, err := plans.ParseRules("rule", c.Rules...)
	if err != nil {
		return err
	}
	more, err := plans.ParseStand("config", config(c))
	if err != nil {
		return err
	}
	m.stand, err = plans.NewStand(plans.StandOptions{
		Name: "test", Seed: c.Seed, Faults: rules, Provider: mockmodel.Config{Models: more.Models, Answers: more.Answers}, Unlisted: plans.Instant(),
	})
	if err != nil {
		return err
	}
	l, dial, err := listen(c.Socket)
	if err != nil {
		return err
	}
	m.origin = "http://" + l.Addr().String()
	transport := &http.Transport{DialContext: dial}
	m.client = &http.Client{Transport: transport}
	served := make(chan error, 1)
	go func() { served <- m.stand.Serve(l) }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := errors.Join(m.stand.Close(), notClosed(<-served)); err != nil {
			t.Errorf("chaostest: %v", err)
		}
	})
	return nil
}

// config is the part of a Config that is YAML of several lines.
func config(c Config) []byte {
	var b strings.Builder
	for _, part := range []struct{ key, text string }{{"answers", c.Answers}, {"models", c.Models}} {
		text := strings.TrimRight(part.text, " \t\n")
		if strings.TrimSpace(text) == "" {
			continue
		}
		fmt.Fprintf(&b, "%s:\n  %s\n", part.key, strings.ReplaceAll(strings.Trim(text, "\n"), "\n", "\n  "))
	}
	return []byte(b.String())
}

// memoryHost is a name that no DNS knows (RFC 2606), so that a call which does
// not use [Mock.Client] goes nowhere.
const memoryHost = "provider.test:80"

func listen(socket bool) (net.Listener, func(ctx context.Context, network, addr string) (net.Conn, error), error) {
	if !socket {
		l := memnet.Listen(memoryHost)
		return l, func(ctx context.Context, _, _ string) (net.Conn, error) { return l.Dial(ctx) }, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	var d net.Dialer
	return l, d.DialContext, nil
}

func notClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// URL is where the provider is, without a path.
func (m *Mock) URL() string { return m.origin }

// OpenAI is the base URL for SDKs of OpenAI: it ends in /v1.
func (m *Mock) OpenAI() string { return plans.BaseURLs(m.origin)["openai"] }

// Anthropic is the base URL for SDKs of Anthropic.
func (m *Mock) Anthropic() string { return plans.BaseURLs(m.origin)["anthropic"] }

// Client calls the provider, wherever it is. In memory, no other client does.
func (m *Mock) Client() *http.Client { return m.client }

// Setenv puts the base URLs of all dialects and dummy API keys into the
// environment of the test, as `chaos mock` does for its command. Only with
// [Config.Socket].
func (m *Mock) Setenv(t testing.TB) {
	t.Helper()
	if !m.socket {
		t.Fatal("chaostest: a provider in memory is reached through m.Client() only, so no environment leads to it: start it with Config{Socket: true}")
	}
	for name, value := range plans.CallerEnv(m.origin) {
		t.Setenv(name, value)
	}
}

// SetRules replaces the rules from now on. Rules that stay keep what they promised.
func (m *Mock) SetRules(t testing.TB, rules ...string) {
	t.Helper()
	parsed, err := plans.ParseRules("rule", rules...)
	if err == nil {
		err = m.stand.SetFaults(parsed)
	}
	if err != nil {
		t.Fatalf("chaostest: %v", err)
	}
}

// Reset forgets all calls and puts the first rules back on.
func (m *Mock) Reset(t testing.TB) {
	t.Helper()
	if err := m.stand.Reset(); err != nil {
		t.Fatalf("chaostest: %v", err)
	}
}

// Attempts returns the calls that have ended, in the order in which they did: the
// newest 20,000. It waits a moment for those that are just ending.
func (m *Mock) Attempts() []Attempt { return m.stand.Attempts() }

// Check judges assertions on the calls so far, and fails the test for each that
// does not pass, with a witness where there is one: "retries.retry_after",
// "retries.attempts: {max: 3}". None: all that can be judged on calls. What there
// was nothing to judge about has not passed.
func (m *Mock) Check(t testing.TB, assertions ...string) {
	t.Helper()
	specs, err := plans.ParseSpecs("assertion", assertions...)
	if err != nil {
		t.Fatalf("chaostest: %v", err)
	}
	r := m.stand.Judge(specs)
	if r.ExitCode == plans.ExitPass {
		return
	}
	var b strings.Builder
	if err := report.Findings(&b, r, report.Style{Unicode: true}); err != nil {
		t.Fatalf("chaostest: %v", err) // a Builder takes all
	}
	if b.Len() == 0 {
		b.WriteString(" nothing went wrong that an assertion of the bundle is about: name one, or a rule that hits")
	}
	t.Errorf("chaostest: %s%s", r.Verdict, strings.TrimRight(b.String(), "\n"))
}
