package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// callerMain is a test suite that calls the mock: it asks two questions and tries
// again after a refusal, at once or when it is told to.
func callerMain(mode string) {
	base := os.Getenv("OPENAI_BASE_URL")
	if strings.Contains(mode, "scopes") {
		base = openScope(os.Getenv("CHAOS_API"))
	}
	for _, question := range []string{"one", "two"} {
		for range 3 {
			resp, err := http.Post(base+"/chat/completions", "application/json", strings.NewReader(fmt.Sprintf(`{"model":"gpt-4o","messages":[{"role":"user","content":%q}]}`, question)))
			if err != nil {
				fmt.Println(err)
				os.Exit(9)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
			if strings.Contains(mode, "patient") {
				<-time.After(1001 * time.Millisecond)
			}
		}
	}
	fmt.Println("2 tests passed")
	if strings.Contains(mode, "fails") {
		os.Exit(7)
	}
	if strings.Contains(mode, "stays") {
		select {}
	}
	os.Exit(0)
}

// openScope opens a scope with a fault of its own and returns its base URL.
func openScope(api string) string {
	resp, err := http.Post(api+"/_chaos/scopes", "application/yaml", strings.NewReader("{faults: [{rate_limit: {retry_after: 1s}, times: 1}]}"))
	if err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
	defer resp.Body.Close()
	var scope struct{ Env map[string]string }
	if err := json.NewDecoder(resp.Body).Decode(&scope); err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
	return scope.Env["OPENAI_BASE_URL"]
}

const limitedOnce = "rate_limit: {retry_after: 1s}, times: 1"

// alonePlan needs neither a target nor a load.
const alonePlan = `name: alone
provider:
  models:
    gpt-4o: {ttft: 0s, tokens_per_second: 0, output_tokens: 5}
faults:
  - {name: storm, rate_limit: {retry_after: 1s}, times: 1}
assertions:
  - retries.retry_after
  - retries.attempts: {max: 3}
`

func TestMockChecks(t *testing.T) {
	rows := []struct {
		words, mode string
		args        []string // --check, the command and --instant are added
		code        int
		says        []string
	}{
		{"a caller who waits", "patient", []string{"--fault", limitedOnce}, 0, []string{"2 tests passed\nPASS  mock", "0 of 2"}},
		{"one who does not, although its tests pass", "hasty", []string{"--fault", limitedOnce}, 1, []string{"2 tests passed\nFAIL  mock", "2 of 2 retries came early", "Witness 1 of 2"}},
		{"one whose own tests fail", "hasty fails", []string{"--fault", limitedOnce}, 7, []string{"FAIL  mock"}},
		{"one that nothing goes wrong for", "hasty", []string{"--fault", "http_503: {}, match: {model: gpt-5}"}, 3, []string{"VACUOUS  mock", "on its own: 2 calls"}},
		{"nothing goes wrong, and that is fine", "hasty", []string{"--fault", "http_503: {}, match: {model: gpt-5}", "--on-inconclusive", "pass"}, 0, []string{"VACUOUS  mock"}},
		{"the assertions of a plan", "hasty", []string{"--plan", "alone.yaml"}, 1, []string{"FAIL  alone", "alone.yaml:8", "storm"}},
		{"in a scope", "hasty scopes", []string{"--plan", "alone.yaml"}, 1, []string{"FAIL  alone", "request s1/"}},
		{"in a scope, patiently", "patient scopes", []string{"--plan", "alone.yaml"}, 0, []string{"PASS  alone"}},
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "alone.yaml", alonePlan)
			args := append([]string{"mock", "--check", "--instant", "--junit", "junit.xml"}, row.args...)
			cmd := chaosCommand(t, dir, append(args, "--", "/bin/sh", "-c", roleVar+"='caller:"+row.mode+"' exec "+self)...)
			got := asProcess(t, cmd, nil)
			if got.code != row.code {
				t.Errorf("exit code %d, want %d: %s\n%s", got.code, row.code, got.err, got.out)
			}
			for _, want := range row.says {
				if !strings.Contains(got.out, want) {
					t.Errorf("%s\nlacks %q", got.out, want)
				}
			}
			check := []string{"check", "latest"}
			if i := slices.Index(row.args, "--on-inconclusive"); i >= 0 {
				check = append(check, row.args[i:i+2]...)
			}
			again := asProcess(t, chaosCommand(t, dir, check...), nil)
			if _, report, _ := strings.Cut(got.out, "2 tests passed\n"); again.out != report {
				t.Errorf("check says something else:\n%s\n%s", again.out, report)
			}
			if _, err := os.Stat(filepath.Join(dir, "junit.xml")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMockIsInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := chaosCommand(t, dir, "mock", "--check", "--instant", "--fault", limitedOnce, "--", "/bin/sh", "-c", roleVar+"='caller:hasty stays' exec "+self)
	out := &signalled{want: "2 tests passed", then: func() { _ = cmd.Process.Signal(syscall.SIGINT) }}
	cmd.Stdout = out
	got := asProcess(t, cmd, nil)
	if got.code != 130 || !strings.Contains(out.all.String(), "interrupted while the command ran") || !strings.Contains(out.all.String(), "2 of 2 retries came early") {
		t.Errorf("exit code %d: %s\n%s", got.code, got.err, out.all.String())
	}
}

// signalled does something once when a text has been written to it.
type signalled struct {
	all  bytes.Buffer
	want string
	then func()
}

func (s *signalled) Write(p []byte) (int, error) {
	n, err := s.all.Write(p)
	if s.then != nil && strings.Contains(s.all.String(), s.want) {
		s.then()
		s.then = nil
	}
	return n, err
}

// A shell takes the environment in while the mock goes on serving, and ends it.
func TestMockPrintsItsEnvironmentForAShell(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := `set -u
eval "$(` + roleVar + `=chaos "` + self + `" mock --print-env --listen :0 --instant 2>mock.log &)"
[ "$ANTHROPIC_API_KEY" = chaos-dummy-key ] || exit 3
` + roleVar + `='caller:patient' "` + self + `" || exit 4
kill -0 "$CHAOS_PID" || exit 5
kill "$CHAOS_PID"
`
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Dir = t.TempDir()
	if got := asProcess(t, cmd, nil); got.code != 0 || !strings.Contains(got.out, "2 tests passed") {
		t.Errorf("exit code %d: %s %s", got.code, got.out, got.err)
	}
}

// A port alone is one of this machine: nobody else reaches it.
func TestMockListensOnThisMachineOnly(t *testing.T) {
	got := inProcess(t, "", "mock", "--listen", ":0", "--", "/bin/sh", "-c", `case $OPENAI_BASE_URL$CHAOS_API in http://127.0.0.1:*http://127.0.0.1:*) ;; *) exit 1 ;; esac`)
	if got.code != 0 {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// What did not begin leaves no run folder.
func TestMockThatCannotListenLeavesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	first := inProcess(t, "", "mock", "--", "/bin/sh", "-c", "true")
	if first.code != 0 {
		t.Fatal(first.err)
	}
	for _, args := range [][]string{
		{"mock", "--fault", "http_503", "--check", "--", "chaos-test-nowhere"},
		{"mock", "--fault", "http_503", "--check", "--listen", "127.0.0.1:0", "--api", "192.0.2.1:1", "--", "true"},
	} {
		if got := inProcess(t, "", args...); got.code != 2 {
			t.Errorf("%v: exit code %d: %s", args, got.code, got.err)
		}
	}
	if left, _ := filepath.Glob("*"); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
