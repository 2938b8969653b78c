package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// service is a plan whose target is this binary, misbehaving as a mode says.
const service = `name: service
target:
  command: [%q]
  env: {CHAOS_TEST_ROLE: "target:%s", PLAN_SECRET: "${env:PLAN_SECRET}"}
  request: {headers: {content-type: application/json, authorization: "Bearer ${env:PLAN_SECRET}"}}
  ready: {within: %s}
provider:
  models:
    gpt-4o: {ttft: 1ms, tokens_per_second: 5000, output_tokens: 5}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 40, for: 500ms}
    - {name: spike, rate: 100, for: %s}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: %s}
calibrate: %d
faults:
  - {http_503: {}, during: spike, probability: 0.9}
assertions:
  - degradation.available: {min: 1%%}
`

// planOf fills in the plan. What is slow on a busy machine is held against the
// timeout, so a long one keeps verdicts out of it.
func planOf(t *testing.T, mode, within, spike, timeout string, calibrate int) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(service, self, mode, within, spike, timeout, calibrate)
}

// secretEnv are secrets that no file and no message may hold.
var secretEnv = []string{"PLAN_SECRET=plan-secret-value", "SERVICE_API_KEY=inherited-secret-value"}

// TestMishaps is what a user reads when the target is not as the plan thinks,
// and what is left behind.
func TestMishaps(t *testing.T) {
	for _, row := range []struct {
		mode      string
		within    string
		timeout   string
		calibrate int
		code      int
		said      []string // on standard error, in this order
		reported  []string // on standard output
	}{
		{"exits", "5s", "60s", 2, 4, []string{"ended before it was ready: exit status 3", "it must listen on PORT=", "target.log:", "cannot read config.toml"}, nil},
		{"never ready", "2s", "60s", 2, 4, []string{"was not ready within 2s: ", "connection refused", "warming up"}, nil},
		{"ends in the trial", "5s", "60s", 4, 4, []string{"trial: the target (", ") ended by itself: exit status 2", "panic: out of memory"}, nil},
		{"ends in the load", "5s", "60s", 2, 1, []string{"the target ended by itself (exit status 2); the load goes on"}, []string{"The target ended by itself: exit status 2, ", "degradation.available"}},
		{"calls elsewhere", "5s", "60s", 2, 4, []string{"trial: 2 requests were sent (2 answered in full), and the mock model was never called", "OPENAI_BASE_URL=http://127.0.0.1:", `env: {YOUR_BASE_URL: "${provider.openai}"}`}, nil},
		{"calls at start", "5s", "60s", 2, 4, []string{"the mock model was never called"}, nil},
		{"answers in another shape", "5s", "60s", 2, 4, []string{"trial: no answer text was found in any of 2 responses (the service does call the mock: 2 calls)", "`answer: $.path.to.text`", `it said: {"reply":"hi"}`}, nil},
		{"wants a key", "5s", "60s", 2, 4, []string{"the service refused 2 of 2 requests itself", "status 401", "say in target.request", "who are you?"}, nil},
		{"hangs", "5s", "100ms", 20, 4, []string{"trial: none of 3 requests was answered within 100ms", "the service hangs, or waits for its real provider"}, nil},
		{"fails each third", "5s", "60s", 6, 4, []string{"trial: 2 of 6 healthy requests were not full: error, status 500", "chaos run --once"}, nil},
		{"tells secrets", "5s", "60s", 2, 4, []string{"it said: no luck with ***"}, nil},
		{"ignores SIGTERM", "5s", "60s", 2, 0, nil, nil},
		{"forks", "5s", "60s", 2, 0, nil, nil},
	} {
		t.Run(row.mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			plan := planOf(t, row.mode, row.within, "500ms", row.timeout, row.calibrate)
			if row.code == 1 {
				plan = strings.Replace(plan, "min: 1%", "min: 90%", 1)
			}
			write(t, dir, "plan.yaml", plan)
			cmd := chaosCommand(t, dir, "run", "plan.yaml", "--out", "run")
			cmd.Env = append(cmd.Env, secretEnv...)
			got := asProcess(t, cmd, nil)
			if got.code != row.code {
				t.Errorf("exit code %d, want %d", got.code, row.code)
			}
			inOrder(t, "standard error", got.err, row.said)
			inOrder(t, "the report", got.out, row.reported)
			if strings.Contains(got.err+got.out, "\x1b") {
				t.Error("what the target said moves the cursor of the terminal")
			}
			noSecrets(t, dir, got)
			noneLeft(t, dir)
			if t.Failed() {
				t.Logf("standard error:\n%s\nreport:\n%s", got.err, got.out)
			}
		})
	}
}

// inOrder looks for the words in the text, one after the other.
func inOrder(t *testing.T, where, text string, words []string) {
	t.Helper()
	rest := text
	for _, w := range words {
		i := strings.Index(rest, w)
		if i < 0 {
			t.Errorf("%s does not say %q (in this order)", where, w)
			continue
		}
		rest = rest[i:]
	}
}

// noSecrets looks into all that a run leaves.
func noSecrets(t *testing.T, dir string, got ran) {
	t.Helper()
	texts := map[string]string{"standard output": got.out, "standard error": got.err}
	files, err := filepath.Glob(filepath.Join(dir, "run", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(b)
	}
	for where, text := range texts {
		for _, kv := range secretEnv {
			if _, value, _ := strings.Cut(kv, "="); strings.Contains(text, value) {
				t.Errorf("%s holds the value of %s", where, kv)
			}
		}
	}
}

// noneLeft looks for the child that a target started.
func noneLeft(t *testing.T, dir string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "child.pid"))
	if err != nil {
		return
	}
	pid := strings.TrimSpace(string(b))
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if runtime.GOOS == "linux" && err == nil && !regexp.MustCompile(`\) [ZX] `).Match(stat) {
		t.Errorf("the target's child %s is still there: %s", pid, stat)
	}
}

// TestInterrupted: whenever the user interrupts, the code is 130, the children
// are gone and the journal can be judged.
func TestInterrupted(t *testing.T) {
	for _, row := range []struct {
		words   string
		mode    string
		spike   string
		timeout string
		until   string // text on standard error after which the signal comes
		signals []syscall.Signal
		said    string
		judged  bool
	}{
		{"while the target gets ready", "never ready", "500ms", "2s", "chaos run", []syscall.Signal{syscall.SIGINT}, "interrupted before any load was sent", false},
		{"in the load", "", "20s", "2s", "load: ", []syscall.Signal{syscall.SIGINT}, "", true},
		{"in the load, by the system", "", "20s", "2s", "load: ", []syscall.Signal{syscall.SIGTERM}, "", true},
		{"in the load, as the terminal goes", "", "20s", "2s", "load: ", []syscall.Signal{syscall.SIGHUP}, "", true},
		{"in the drain", "hangs", "100ms", "1s", "load sent", []syscall.Signal{syscall.SIGINT}, "", true},
		{"in a long drain, twice", "hangs", "100ms", "30s", "load sent", []syscall.Signal{syscall.SIGINT, syscall.SIGINT}, "", true},
	} {
		t.Run(row.words, func(t *testing.T) {
			t.Parallel()
			if signal.Ignored(row.signals[0]) {
				t.Skip("whoever started this has it ignored, as nohup does, and its children with it")
			}
			dir := t.TempDir()
			write(t, dir, "plan.yaml", planOf(t, row.mode, "20s", row.spike, row.timeout, 0))
			cmd := chaosCommand(t, dir, "run", "plan.yaml", "--out", "run")
			cmd.Env = append(cmd.Env, secretEnv...)
			said := newWatched()
			cmd.Stderr = said
			got := asProcess(t, cmd, func(cmd *exec.Cmd) {
				said.wait(t, row.until)
				for i, signal := range row.signals {
					if i > 0 {
						said.wait(t, "interrupted: ") // else two signals may be one
					}
					if err := cmd.Process.Signal(signal); err != nil {
						t.Error(err)
					}
				}
			})
			if got.code != 130 || !strings.Contains(said.String(), row.said) {
				t.Errorf("exit code %d, want 130; standard error:\n%s\nreport:\n%s", got.code, said, got.out)
			}
			if !row.judged {
				return
			}
			var res struct {
				ExitCode int    `json:"exit_code"`
				Stopped  string `json:"stopped"`
			}
			b, err := os.ReadFile(filepath.Join(dir, "run", "result.json"))
			if err == nil {
				err = json.Unmarshal(b, &res)
			}
			if err != nil || res.ExitCode != 130 || !strings.HasPrefix(res.Stopped, "interrupted") {
				t.Errorf("result.json says exit %d, stopped %q: %v", res.ExitCode, res.Stopped, err)
			}
			if again := asProcess(t, chaosCommand(t, dir, "check", "run"), nil); again.code != 130 {
				t.Errorf("chaos check exits with %d: %s", again.code, again.err)
			}
		})
	}
}

// watched is a text that is still being written.
type watched struct {
	mu    sync.Mutex
	text  strings.Builder
	from  int // what was waited for stands before it
	grown chan struct{}
}

func newWatched() *watched { return &watched{grown: make(chan struct{}, 1)} }

// Write implements io.Writer.
func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	select {
	case w.grown <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// wait returns once the text says want, after what was waited for before.
func (w *watched) wait(t *testing.T, want string) {
	t.Helper()
	for {
		text := w.String()
		if i := strings.Index(text[w.from:], want); i >= 0 {
			w.from += i + len(want)
			return
		}
		select {
		case <-w.grown:
		case <-time.After(30 * time.Second): // only where the test fails
			t.Errorf("never said %q: %s", want, text)
			return
		}
	}
}

// TestReadersGo: a reader that goes away costs nothing but its own reading.
func TestReadersGo(t *testing.T) {
	for _, row := range []struct {
		words string
		close func(*exec.Cmd, *os.File)
	}{
		{"of the report", func(c *exec.Cmd, f *os.File) { c.Stdout = f }},
		{"of the progress", func(c *exec.Cmd, f *os.File) { c.Stderr = f }},
	} {
		t.Run(row.words, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "plan.yaml", small)
			read, closed, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			read.Close()
			defer closed.Close()
			cmd := chaosCommand(t, dir, "run", "plan.yaml", "--out", "run")
			row.close(cmd, closed)
			got := asProcess(t, cmd, nil)
			var res struct {
				ExitCode int `json:"exit_code"`
			}
			b, err := os.ReadFile(filepath.Join(dir, "run", "result.json"))
			if err == nil {
				err = json.Unmarshal(b, &res)
			}
			if err != nil || got.code != res.ExitCode || got.code == 4 {
				t.Errorf("exit code %d, result.json says %d: %v: %s", got.code, res.ExitCode, err, got.err)
			}
			for _, name := range []string{"junit.xml", "summary.md"} {
				if _, err := os.Stat(filepath.Join(dir, "run", name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestPortTaken: by name, with what to do, and without a trace of a run.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	dir := t.TempDir()
	write(t, dir, "small.yaml", small)
	write(t, dir, "service.yaml", planOf(t, "", "5s", "500ms", "60s", 2))
	t.Chdir(dir)
	t.Setenv("PLAN_SECRET", "plan-secret-value")
	for _, row := range []struct{ words, args, said string }{
		{"of the provider", "run small.yaml -q --set provider.listen=127.0.0.1:" + port, "provider.listen: address 127.0.0.1:" + port + " is taken by another process"},
		{"of the target", "run service.yaml -q --out r --set target.port=" + port, "target.port: address 127.0.0.1:" + port + " is taken by another process"},
		{"of the mock", "mock --listen 127.0.0.1:" + port, "address 127.0.0.1:" + port + " is taken by another process"},
		{"of a mock that judges", "mock --fault http_503 --check --listen :" + port, "address 127.0.0.1:" + port + " is taken by another process"},
		{"of the API of the mock", "mock --listen :0 --api :" + port, "--api: address 127.0.0.1:" + port + " is taken by another process"},
	} {
		got := inProcess(t, "", strings.Fields(row.args)...)
		if got.code != 4 || !strings.Contains(got.err, row.said) || !strings.Contains(got.err, "choose another port") {
			t.Errorf("%s: exit code %d: %s", row.words, got.code, got.err)
		}
	}
	if _, err := os.Lstat("chaos-results"); err == nil {
		t.Error("chaos-results holds a run that never was")
	}
}

// TestLatest: the link is that of the last run that was one.
func TestLatest(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "small.yaml", small)
	write(t, dir, "trace.yaml", "name: replay\ntarget: {builtin: resilient}\nload: {trace: {file: nowhere.csv, window: 0s..10s}}\n")
	t.Chdir(dir)
	first := inProcess(t, "", "run", "small.yaml", "-q")
	at, err := os.Readlink(filepath.Join("chaos-results", "latest"))
	if err != nil || first.code == 4 {
		t.Fatalf("exit code %d, %v: %s", first.code, err, first.err)
	}
	if got := inProcess(t, "", "run", "trace.yaml", "-q"); got.code != 2 {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	if now, _ := os.Readlink(filepath.Join("chaos-results", "latest")); now != at {
		t.Errorf("latest points to %q after a run that never was, and to %q before", now, at)
	}
	if runs, _ := filepath.Glob("chaos-results/*-*"); len(runs) != 1 {
		t.Errorf("run folders: %v", runs)
	}
	if got := inProcess(t, "", "report", "latest"); got.code != 0 || got.out != first.out {
		t.Errorf("exit code %d: %s\n%s\nwant\n%s", got.code, got.err, got.out, first.out)
	}
}

// TestSeveral: the worst code of several plans counts, and one JUnit file has
// them all, also the one that never ran.
func TestSeveral(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "small.yaml", small)
	write(t, dir, "naive.yaml", strings.Replace(strings.Replace(small, "resilient", "naive", 1), "name: small", "name: other", 1))
	write(t, dir, "trace.yaml", "name: replay\ntarget: {builtin: resilient}\nload: {trace: {file: nowhere.csv, window: 0s..10s}}\n")
	t.Chdir(dir)
	t.Setenv("GITHUB_STEP_SUMMARY", write(t, dir, "step.md", "# before\n"))
	got := inProcess(t, "", "run", "naive.yaml", "trace.yaml", "small.yaml", "-q", "--out", "runs", "--junit", "all.xml")
	if got.code != 2 {
		t.Errorf("exit code %d, want that of the plan that could not be run: %s", got.code, got.err)
	}
	b, err := os.ReadFile("all.xml")
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, "all.xml", string(b), []string{`<testsuite name="chaos.other"`, "degradation.available", `<testsuite name="chaos.replay"`, "there is no nowhere.csv", `<testsuite name="chaos.small"`})
	if b, err = os.ReadFile("step.md"); err != nil {
		t.Fatal(err)
	}
	inOrder(t, "the job summary", string(b), []string{"# before", "other", "small"})
	for _, name := range []string{"other", "small"} {
		if _, err := os.Stat(filepath.Join("runs", name, "result.json")); err != nil {
			t.Error(err)
		}
	}
}

func TestWorse(t *testing.T) {
	order := []int{130, 5, 4, 2, 1, 3, 0}
	for i, a := range order {
		for _, b := range order[i:] {
			if worse(a, b) != a || worse(b, a) != a {
				t.Errorf("of %d and %d %d goes first", a, b, a)
			}
		}
	}
}

// TestMockCommand: the command finds the mock in its environment, and its end is
// that of chaos.
func TestMockCommand(t *testing.T) {
	for _, row := range []struct {
		words, script string
		code          int
	}{
		{"its code", "exit 7", 7},
		{"its signal", "kill -9 $$", 137},
		{"its success", `test "$OPENAI_API_KEY" = chaos-dummy-key && case $OPENAI_BASE_URL in http://127.0.0.1:*/v1) ;; *) exit 1 ;; esac`, 0},
	} {
		if got := inProcess(t, "", "mock", "--", "/bin/sh", "-c", row.script); got.code != row.code || got.err != "" {
			t.Errorf("%s: exit code %d, want %d: %s", row.words, got.code, row.code, got.err)
		}
	}
}

// TestInit: what init writes is valid, and one request of it goes through,
// whatever is in the command.
func TestInit(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv(roleVar, "target:")
	t.Setenv("OPENAI_API_KEY", "a-real-key")
	if got := inProcess(t, "", "init", "--", self, `${HOME}: "quoted" \back`, "#"); got.code != 0 {
		t.Fatalf("init: exit code %d: %s", got.code, got.err)
	}
	if got := inProcess(t, "", "validate", "chaos.yaml"); got.code != 0 {
		t.Errorf("validate: exit code %d: %s", got.code, got.err)
	}
	got := inProcess(t, "", "run", "--once", "chaos.yaml", "--set", "provider.models.gpt-4o.ttft=1ms", "--set", "provider.models.gpt-4o.tokens_per_second=5000")
	if got.code != 0 || !strings.Contains(got.out, "outcome    full") {
		t.Errorf("run --once: exit code %d: %s\n%s", got.code, got.err, got.out)
	}
	if left, _ := filepath.Glob("*"); len(left) != 1 {
		t.Errorf("--once left %v", left)
	}
	if got := inProcess(t, "", "init", "--out", "-"); got.code != 0 {
		t.Errorf("init: exit code %d: %s", got.code, got.err)
	} else if got = inProcess(t, got.out, "validate", "-"); got.code != 0 {
		t.Errorf("the plan for a running service: exit code %d: %s", got.code, got.err)
	}
}
