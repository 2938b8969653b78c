package chaostest_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/plans/chaostest"
)

// ask is the code under test: it asks the model, and tries again after a refusal
// if the provider says when.
func ask(client *http.Client, base, question string) (answer string, err error) {
	for try := 1; ; try++ {
		body := strings.NewReader(`{"model": "gpt-4o", "messages": [{"role": "user", "content": ` + strconv.Quote(question) + `}]}`)
		resp, err := client.Post(base+"/chat/completions", "application/json", body)
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode == http.StatusOK {
			return string(text), err
		}
		wait, err := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
		if err != nil || try == 3 {
			return "", fmt.Errorf("the model answered %s", resp.Status)
		}
		<-time.After(time.Duration(wait * float64(time.Second)))
	}
}

// askAgain is ask without the wait.
func askAgain(client *http.Client, base, question string) {
	for range 3 {
		body := strings.NewReader(`{"model": "gpt-4o", "messages": [{"role": "user", "content": ` + strconv.Quote(question) + `}]}`)
		resp, err := client.Post(base+"/chat/completions", "application/json", body)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
}

// shown stands in for the *testing.T of a test: what fails it is printed.
type shown struct {
	testing.TB
	cleanup []func()
}

func (s *shown) Helper()          {}
func (s *shown) Cleanup(f func()) { s.cleanup = append(s.cleanup, f) }
func (s *shown) end() {
	for _, f := range s.cleanup {
		f()
	}
}

func (s *shown) Errorf(format string, args ...any) {
	// The rest is the witness, whose times differ from run to run.
	for _, line := range strings.Split(fmt.Sprintf(format, args...), "\n")[:5] {
		fmt.Println(strings.TrimRight(line, " "))
	}
}

// A client that waits as it is told. In a test, t is the test's own; in a bubble
// of testing/synctest the second takes no time.
func Example() {
	t := &shown{}
	defer t.end()

	m := chaostest.New(t, "rate_limit: {retry_after: 1s}, times: 1")
	if _, err := ask(m.Client(), m.OpenAI(), "Where is my order?"); err != nil {
		t.Errorf("ask: %v", err)
	}
	for _, a := range m.Attempts() {
		fmt.Println("attempt", a.Ordinal, a.Status)
	}
	m.Check(t, "retries.retry_after", "retries.attempts: {max: 3}")
	// Output:
	// attempt 1 429
	// attempt 2 200
}

// A client that does not wait fails the test. Below the first lines stands the
// witness: what the client did, when, and what it had been told.
func ExampleMock_Check() {
	t := &shown{}
	defer t.end()

	m := chaostest.New(t, "rate_limit: {retry_after: 2s}, times: 1")
	askAgain(m.Client(), m.OpenAI(), "Where is my order?")
	m.Check(t, "retries.retry_after")
	// Output:
	// chaostest: fail
	// ✗ FAIL  retries.retry_after
	//   A retry waits at least as long as the provider's Retry-After says.
	//   1 of 1 retry came early.
	//   Measured 1 of 1, allowed 0 (standard: RFC 9110 10.2.3).
}

// The model says what the test wants to hear; calls with a name of their own are
// told apart even where they ask the same.
func ExampleStart() {
	t := &shown{}
	defer t.end()

	m := chaostest.Start(t, chaostest.Config{
		Answers: `- {when: {contains: order}, text: It is on its way.}
- {text: I do not know.}`,
	})
	answer, _ := ask(m.Client(), m.OpenAI(), "Where is my order?")
	fmt.Println(strings.Contains(answer, "It is on its way."))
	// Output:
	// true
}
