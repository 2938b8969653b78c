package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/golden"
)

// small is a plan that is over in a moment. Its long timeout keeps it fit on a
// busy machine: lateness is held against it.
const small = `name: small
target: {builtin: resilient}
provider:
  models:
    gpt-4o: {ttft: 1ms, tokens_per_second: 5000, output_tokens: 5}
    gpt-4o-mini: {ttft: 1ms, tokens_per_second: 5000, output_tokens: 5}
load:
  arrivals: constant
  phases:
    - {name: warm, rate: 50, for: 200ms}
    - {name: spike, rate: 100, for: 300ms}
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
  client: {timeout: 60s}
calibrate: 2
assertions:
  - degradation.available: {min: 90%}
`

// usageRows are command lines that send nothing: what they print, and the code
// that they end with. The golden file has the name of the row.
var usageRows = []struct {
	words string
	args  string // split at spaces; '~' is a space
	stdin string
	code  int
}{
	{"no plan", "run", "", 2},
	{"a plan that is nowhere", "run nowhere.yaml", "", 2},
	{"a name that is nearly one of the library", "run spik", "", 2},
	{"a folder", "run .", "", 2},
	{"an empty plan", "run empty.yaml", "", 2},
	{"an empty plan on standard input", "run -", "", 2},
	{"a binary file", "run binary.yaml", "", 2},
	{"a tab", "validate tab.yaml", "", 2},
	{"a bracket that is not closed", "validate open.yaml", "", 2},
	{"a key twice", "validate twice.yaml", "", 2},
	{"an experiment of another tool", "run other-tool.json", "", 2},
	{"a wrong second plan stops the first", "run small.yaml nowhere.yaml", "", 2},
	{"an unknown command", "ru small.yaml", "", 2},
	{"a command that is not built", "doctor", "", 2},
	{"an unknown flag", "run small.yaml --otu x", "", 2},
	{"a set without a value", "run small.yaml --set load", "", 2},
	{"a set of an unknown key", "run small.yaml --set load.nope=3", "", 2},
	{"a set of a wrong value", "run small.yaml --set load.client.timeout=soon", "", 2},
	{"a variable without a value", "run small.yaml -e TOKEN", "", 2},
	{"a variable that is not set", "run small.yaml --set target.request.headers.authorization=Bearer~${env:CHAOS_TEST_UNSET}", "", 2},
	{"a seed that is none", "run small.yaml --seed -1", "", 2},
	{"an unknown treatment of inconclusive", "run small.yaml --on-inconclusive maybe", "", 2},
	{"a JUnit file that cannot be", "run small.yaml --junit nowhere/x.xml", "", 2},
	{"a run folder that is a file", "run small.yaml --out small.yaml", "", 2},
	{"a run folder that is not empty", "run small.yaml --out full", "", 2},
	{"one request that should be kept", "run small.yaml --once --out kept", "", 2},
	{"a URL without a fixed provider", "run url.yaml", "", 2},
	{"a host that nobody allowed", "run far.yaml", "", 2},
	{"a provider for everybody", "run small.yaml --set provider.listen=0.0.0.0:4010", "", 2},
	{"a trace that is not there", "run trace.yaml", "", 2},
	{"a trace of no known format", "run trace.yaml --set load.trace.file=small.yaml", "", 2},
	{"check without a folder", "check nowhere", "", 2},
	{"check of a folder that is no run", "check full", "", 2},
	{"check of a run without a journal", "check planonly", "", 2},
	{"check with a changed plan but no plan", "check full --set load.client.timeout=5s", "", 2},
	{"mock with a changed plan but no plan", "mock --set load.client.timeout=5s", "", 2},
	{"report of something else", "report alien", "", 2},
	{"report of a damaged file", "report damaged", "", 2},
	{"check of a journal that is none", "check garbage", "", 2},
	{"report of a run that was not judged", "report planonly", "", 2},
	{"report without a latest", "report latest", "", 2},
	{"report in an unknown format", "report full --format pdf", "", 2},
	{"show without a request", "show full", "", 2},
	{"show of a name that is none", "show planonly spike", "", 2},
	{"explain of nothing", "explain retries.retry_aftr", "", 2},
	{"list of nothing", "list fault", "", 2},
	{"init of a file that is there", "init --out small.yaml", "", 2},
	{"init with a command but no dashes", "init node server.mjs", "", 2},
	{"mock with a command but no dashes", "mock node server.mjs", "", 2},
	{"mock for everybody", "mock --listen 0.0.0.0:4010", "", 2},
	{"an API for everybody", "mock --api 0.0.0.0:4011", "", 2},
	{"mock without a port", "mock --listen 127.0.0.1", "", 2},
	{"mock on a port that is none", "mock --listen 127.0.0.1:99999", "", 2},
	{"mock of a command that is nowhere", "mock -- chaos-test-nowhere", "", 2},
	{"mock with a seed that is none", "mock --seed 3x", "", 2},
	{"mock with a fault that is nearly one", "mock --fault rate_limt:~{}", "", 2},
	{"mock with a fault with a wrong value", "mock --fault rate_limit:~{retry_after:~2x},~probability:~0.3", "", 2},
	{"mock with a fault in braces with an unknown key", "mock --fault {http_503:~{},~probabilty:~0.3}", "", 2},
	{"mock with a fault that goes with a load", "mock --fault http_503:~{},~during:~spike", "", 2},
	{"mock with a fault whose brace is not closed", "mock --fault http_503:~{", "", 2},
	{"mock with a fault of nothing", "mock --fault ~", "", 2},
	{"mock with a fault twice", "mock --fault http_503 --fault http_503", "", 2},
	{"mock with checks but nothing to bear", "mock --check -- true", "", 2},
	{"mock with a folder but no checks", "mock --out kept -- true", "", 2},
	{"mock with an environment for a command that has it", "mock --print-env -- true", "", 2},
	{"mock with an environment and a report", "mock --print-env --check --fault http_503", "", 2},
	{"mock with a plan that has a fault of the same name", "mock --plan alone.yaml --fault http_503 -- true", "", 2},
	{"mock with a fault of connections", "mock --fault tcp_reset", "", 2},
	{"proxy to nothing", "proxy", "", 2},
	{"proxy with an argument", "proxy 127.0.0.1:6379", "", 2},
	{"proxy to a host that nobody allowed", "proxy --upstream redis.internal:6379", "", 2},
	{"proxy for everybody", "proxy --upstream :6379 --listen 0.0.0.0:6380", "", 2},
	{"proxy to itself", "proxy --upstream :6379 --listen :6379", "", 2},
	{"proxy with a fault of calls", "proxy --upstream :6379 --fault http_503", "", 2},
	{"proxy with a fault that goes with a load", "proxy --upstream :6379 --fault tcp_reset:~{},~during:~spike", "", 2},
	{"proxy with a fault with a wrong value", "proxy --upstream :6379 --fault tcp_latency:~{by:~soon}", "", 2},
	{"proxy with a fault twice", "proxy --upstream :6379 --fault tcp_reset --fault tcp_reset", "", 2},
	{"run of a plan for a mock alone", "run alone.yaml", "", 2},
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "small.yaml", small)
	write(t, dir, "empty.yaml", "")
	write(t, dir, "binary.yaml", "\x7fELF\x02\x01\x01\x00")
	write(t, dir, "tab.yaml", "name: x\n\ttarget: {builtin: naive}\n")
	write(t, dir, "open.yaml", "name: [x\ntarget: {builtin: naive}\n")
	write(t, dir, "twice.yaml", strings.Replace(small, "calibrate: 2", "calibrate: 2\ncalibrate: 3", 1))
	write(t, dir, "other-tool.json", `{"title": "x", "steady-state-hypothesis": {"title": "y"}}`)
	write(t, dir, "url.yaml", strings.Replace(small, "builtin: resilient", "url: http://127.0.0.1:9/v1/chat/completions", 1))
	write(t, dir, "far.yaml", strings.Replace(strings.Replace(small, "builtin: resilient", "url: https://service.example.com/v1/chat/completions", 1), "provider:\n", "provider:\n  listen: 127.0.0.1:4010\n", 1))
	write(t, dir, "trace.yaml", "name: replay\ntarget: {builtin: resilient}\nload: {trace: {file: nowhere.csv, window: 0s..10s}}\n")
	write(t, dir, "alone.yaml", "name: alone\nfaults: [{http_503: {}}]\n")
	write(t, dir, "full/notes.txt", "mine")
	write(t, dir, "planonly/plan.yaml", small)
	write(t, dir, "garbage/plan.yaml", small)
	write(t, dir, "garbage/journal.chaos", "this is no journal")
	write(t, dir, "alien/result.json", `{"answer": 42}`)
	write(t, dir, "damaged/result.json", `{"schema": "chaos.result/v1", "asser`)
	t.Chdir(dir)
	for _, row := range usageRows {
		t.Run(row.words, func(t *testing.T) {
			args := strings.Split(row.args, " ")
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "~", " ")
			}
			got := inProcess(t, row.stdin, args...)
			if got.code != row.code {
				t.Errorf("exit code %d, want %d", got.code, row.code)
			}
			if got.out != "" {
				t.Errorf("standard output is for reports, and has %q", got.out)
			}
			back(t, func() {
				golden.Check(t, "usage/"+strings.ReplaceAll(row.words, " ", "-")+".txt", fmt.Sprintf("$ chaos %s\n%s", strings.Join(args, " "), got.err))
			})
		})
	}
	if left, _ := filepath.Glob("chaos-results*"); len(left) > 0 {
		t.Errorf("a command that sends nothing left %v", left)
	}
}

// home is the folder of the package, where the golden files are.
var home, _ = os.Getwd()

// back runs f in the package's folder.
func back(t *testing.T, f func()) {
	t.Helper()
	was, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(home); err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(was)
	f()
}
