package chaostest_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/plans/chaostest"
)

// told is a *testing.T that keeps what it is told instead of failing.
type told struct {
	*testing.T
	errors []string
	fatal  string
}

func (f *told) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// stop ends a test that must not go on, as Fatal does.
type stop struct{}

func (f *told) Fatalf(format string, args ...any) {
	f.fatal = fmt.Sprintf(format, args...)
	panic(stop{})
}
func (f *told) Fatal(args ...any) { f.fatal = fmt.Sprint(args...); panic(stop{}) }

// tells runs f with a test that keeps what it is told.
func tells(t *testing.T, f func(t testing.TB)) *told {
	t.Helper()
	kept := &told{T: t}
	defer func() {
		if p := recover(); p != nil && p != (stop{}) {
			panic(p)
		}
	}()
	f(kept)
	return kept
}

func TestAClientThatWaitsTwoSecondsTakesNoTimeInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chaostest.New(t, "rate_limit: {retry_after: 2s}, times: 1")
		began := time.Now()
		if _, err := ask(m.Client(), m.OpenAI(), "Where is my order?"); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v of virtual time, want exactly 2 s", took)
		}
		m.Check(t, "retries.retry_after", "retries.attempts: {max: 3}")
		if a := m.Attempts(); len(a) != 2 || a[1].ArrivedNs-a[0].EndNs != int64(2*time.Second) {
			t.Errorf("%d attempts: %+v", len(a), a)
		}
	})
}

func TestAClientThatDoesNotWaitIsShownWithItsWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chaostest.New(t, "rate_limit: {retry_after: 2s}, times: 1")
		askAgain(m.Client(), m.OpenAI(), "Where is my order?")
		got := tells(t, func(t testing.TB) { m.Check(t, "retries.retry_after") })
		golden.Check(t, "naive.txt", []byte(strings.Join(got.errors, "\n")+"\n"))
	})
}

func TestCheck(t *testing.T) {
	rows := []struct {
		words  string
		rules  []string
		checks []string
		says   string // "": it passes
	}{
		{"what can be judged of the bundle", []string{"rate_limit: {retry_after: 1s}, times: 1"}, nil, ""},
		{"a budget", []string{"http_503"}, []string{"budgets.tokens: {max: 100}"}, ""},
		{"nothing went wrong", nil, []string{"retries.attempts"}, "VACUOUS  retries.attempts"},
		{"nothing went wrong, and nothing was asked", nil, nil, "vacuous nothing went wrong"},
		{"what only users can tell", []string{"http_503"}, []string{"degradation.available"}, "`chaos run` sends requests"},
		{"one passes and one does not", []string{"http_503"}, []string{"retries.attempts: {max: 3}", "retries.retry_after"}, "VACUOUS  retries.retry_after"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := chaostest.New(t, row.rules...)
				_, _ = ask(m.Client(), m.OpenAI(), "Where is my order?")
				got := strings.Join(tells(t, func(t testing.TB) { m.Check(t, row.checks...) }).errors, "\n")
				if row.says == "" && got != "" || !strings.Contains(got, row.says) {
					t.Errorf("says %q\nwant %q", got, row.says)
				}
			})
		})
	}
}

func TestWhatIsWrongIsSaidAtOnce(t *testing.T) {
	rows := []struct {
		words string
		does  func(t testing.TB)
		says  string
	}{
		{"a fault that is nearly one", func(t testing.TB) { chaostest.New(t, "rate_limt: {}") }, "did you mean rate_limit?"},
		{"a rule for a load", func(t testing.TB) { chaostest.New(t, "http_503: {}, during: spike") }, "goes with the load"},
		{"two rules of one fault", func(t testing.TB) { chaostest.New(t, "http_503", "http_503: {}, times: 1") }, "has no name"},
		{"an assertion that is nearly one", func(t testing.TB) { chaostest.New(t).Check(t, "retries.atempts") }, "did you mean retries.attempts?"},
		{"an argument that is none", func(t testing.TB) { chaostest.New(t).Check(t, "retries.attempts: {mx: 3}") }, "known are max"},
		{"an answer that says nothing", func(t testing.TB) { chaostest.Start(t, chaostest.Config{Answers: "- {when: {contains: x}}"}) }, "says nothing"},
		{"an environment that leads nowhere", func(t testing.TB) { chaostest.New(t).Setenv(t) }, "Config{Socket: true}"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			var got *told
			func() {
				defer func() {
					if p := recover(); p != nil && p != (stop{}) {
						panic(p)
					}
				}()
				got = &told{T: t}
				row.does(got)
			}()
			if !strings.Contains(got.fatal, row.says) {
				t.Errorf("says %q, want %q", got.fatal, row.says)
			}
		})
	}
}

func TestOnASocketTheEnvironmentLeadsToIt(t *testing.T) {
	m := chaostest.Start(t, chaostest.Config{Socket: true, Rules: []string{"rate_limit: {retry_after: 1s}, times: 1"}, Models: "gpt-4o: {ttft: 1ms, tokens_per_second: 5000, output_tokens: 5}"})
	m.Setenv(t)
	if _, err := ask(http.DefaultClient, os.Getenv("OPENAI_BASE_URL"), "Where is my order?"); err != nil {
		t.Error(err)
	}
	m.Check(t, "retries.retry_after")
	if os.Getenv("ANTHROPIC_API_KEY") != "chaos-dummy-key" || os.Getenv("ANTHROPIC_BASE_URL") != m.Anthropic() {
		t.Errorf("ANTHROPIC_BASE_URL=%s", os.Getenv("ANTHROPIC_BASE_URL"))
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestRulesChangeWhileCallsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chaostest.New(t, "http_503")
		status := func() int {
			resp, err := m.Client().Post(m.OpenAI()+"/chat/completions", "application/json", strings.NewReader(`{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}`))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		for i, step := range []struct {
			change func()
			want   int
		}{
			{func() {}, 503},
			{func() { m.SetRules(t) }, 200},
			{func() { m.SetRules(t, "http_500: {}, times: 3") }, 500}, // the third attempt of the step
			{func() { m.Reset(t) }, 503},
		} {
			step.change()
			if got := status(); got != step.want {
				t.Errorf("step %d: %d, want %d", i+1, got, step.want)
			}
		}
		if n := len(m.Attempts()); n != 1 {
			t.Errorf("%d attempts since the reset, want 1", n)
		}
	})
}

func TestACallWithoutAnEndDoesNotHoldUpAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chaostest.New(t, "hang_before_headers")
		done := make(chan struct{})
		go func() { defer close(done); _, _ = ask(m.Client(), m.OpenAI(), "hi") }()
		synctest.Wait()
		if n := len(m.Attempts()); n != 0 {
			t.Errorf("%d attempts have ended", n)
		}
		go func() { <-done }()
	})
}

// A median needs 30 calls, which a bubble has in no time.
func TestBackoffOfManyCalls(t *testing.T) {
	rows := []struct {
		words string
		waits []time.Duration
		says  string // "": it passes
	}{
		{"waits that double", []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}, ""},
		{"waits that shrink", []time.Duration{time.Second, 500 * time.Millisecond, 250 * time.Millisecond}, "FAIL  retries.backoff"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := chaostest.New(t, "http_500")
				for i := range 30 {
					for n := 0; ; n++ {
						resp, err := m.Client().Post(m.OpenAI()+"/chat/completions", "application/json", strings.NewReader(fmt.Sprintf(`{"model":"gpt-4o","messages":[{"role":"user","content":"question %d"}]}`, i)))
						if err != nil {
							t.Fatal(err)
						}
						resp.Body.Close()
						if n == len(row.waits) {
							break
						}
						time.Sleep(row.waits[n])
					}
				}
				got := strings.Join(tells(t, func(t testing.TB) { m.Check(t, "retries.backoff", "retries.attempts: {max: 4}") }).errors, "\n")
				if row.says == "" && got != "" || !strings.Contains(got, row.says) {
					t.Errorf("says %q\nwant %q", got, row.says)
				}
			})
		})
	}
}

// Calls that ask the same are told apart by a word of the caller's.
func TestCallsWithANameAreTwo(t *testing.T) {
	for _, named := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := chaostest.New(t, "http_500")
			for _, name := range []string{"checkout", "search"} {
				r, err := http.NewRequest("POST", m.OpenAI()+"/chat/completions", strings.NewReader(`{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}`))
				if err != nil {
					t.Fatal(err)
				}
				if named {
					r.Header.Set("x-chaos-request", name)
				}
				resp, err := m.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			failed := len(tells(t, func(t testing.TB) { m.Check(t, "retries.attempts: {max: 1}") }).errors) > 0
			if failed == named {
				t.Errorf("named %v, taken for a retry %v", named, failed)
			}
		})
	}
}
