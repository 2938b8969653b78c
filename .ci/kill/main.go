// Command kill ends `chaos run` with kill -9 at drawn instants, 20 times, and
// looks at what is left:
//
//   - the journal reads, and is cut;
//
//   - every request that the target saw more than a second before the kill is
//     a record or stands in an inflight mark;
//
//   - 5 s later no process of the target's group is left, although one of them
//     ignores SIGTERM;
//
//   - `chaos check` judges the cut run, and budgets.no_orphan_attempts, which
//     the good target obeys, does not fail.
//
//     go run ./.ci/kill [-n 20] [-seed 1]
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

const plan = `name: kill
description: A spike under faults, to be killed in the middle.
target:
  command: [%q]
  env: {KILL_PIDS: %q, KILL_SEEN: %q}
  ready: {path: /healthz, within: 10s}
  request: {headers: {content-type: application/json, authorization: "Bearer key-{{.Tenant}}"}}
provider:
  models:
    gpt-4o: {ttft: 60ms, tokens_per_second: 400, output_tokens: 40}
    gpt-4o-mini: {ttft: 30ms, tokens_per_second: 400, output_tokens: 40}
load:
  phases:
    - {name: warm, rate: 20, for: 2s}
    - {name: spike, rate: 100, for: 20s}
  mix: [{name: short, weight: 1, model: gpt-4o, prompt_tokens: 100, stream: true}]
  client: {timeout: 5s}
faults:
  - {name: storm, rate_limit: {retry_after: 1s}, during: spike, probability: 0.2, match: {model: gpt-4o}}
  - {hang_before_headers: {}, during: spike, probability: 0.02, match: {model: gpt-4o}}
calibrate: 5
assertions:
  - budgets.no_orphan_attempts
  - degradation.available: {min: 99%%}
`

// The kill comes between these instants after the start: from the trial to
// past the middle of the spike.
const earliest, latest = 300 * time.Millisecond, 14 * time.Second

func main() {
	n := flag.Int("n", 20, "kills")
	seed := flag.Uint64("seed", 1, "seed of the instants")
	flag.Parse()
	dir, err := os.MkdirTemp("", "chaos-kill-")
	check(err)
	defer os.RemoveAll(dir)
	bin, target := filepath.Join(dir, "chaos"), filepath.Join(dir, "target")
	build(bin, "./cmd/chaos")
	build(target, "./.ci/kill/target")
	bad := 0
	for i := range *n {
		at := earliest + time.Duration(draw.Bits(*seed, "kill", fmt.Sprint(i))%uint64(latest-earliest))
		k := kill{bin: bin, target: target, dir: filepath.Join(dir, fmt.Sprint(i)), at: at}
		if err := k.run(); err != nil {
			bad++
			fmt.Printf("kill %2d at %6.2f s  FAILED: %v\n", i+1, at.Seconds(), err)
			continue
		}
		fmt.Printf("kill %2d at %6.2f s  ok: %s\n", i+1, at.Seconds(), k.said)
	}
	fmt.Printf("%d of %d kills as promised\n", *n-bad, *n)
	if bad > 0 {
		os.Exit(1)
	}
}

func build(out, pkg string) {
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Stderr = os.Stderr
	check(cmd.Run())
}

// kill is one run that is killed.
type kill struct {
	bin, target, dir string
	at               time.Duration
	said             string
}

func (k *kill) path(name string) string { return filepath.Join(k.dir, name) }

func (k *kill) run() error {
	check(os.MkdirAll(k.dir, 0o755))
	check(os.WriteFile(k.path("plan.yaml"), fmt.Appendf(nil, plan, k.target, k.path("pids"), k.path("seen")), 0o644))
	cmd := exec.Command(k.bin, "run", k.path("plan.yaml"), "--out", k.path("run"), "-q")
	check(cmd.Start())
	timer := time.NewTimer(k.at)
	<-timer.C
	killed := time.Now()
	check(cmd.Process.Kill())
	_ = cmd.Wait()
	return errors.Join(k.group(), k.journal(killed), k.check())
}

// group waits 5 s at most for the target's group to end.
func (k *kill) group() error {
	b, err := os.ReadFile(k.path("pids"))
	if err != nil {
		return nil // killed before the target had started
	}
	var pid, child int
	if _, err := fmt.Sscan(string(b), &pid, &child); err != nil {
		return err
	}
	deadline := time.Now().Add(5 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		// The child shares the group and outlives nothing of it.
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && errors.Is(syscall.Kill(child, 0), syscall.ESRCH) {
			return nil
		}
		if time.Now().After(deadline) {
			_, _ = syscall.Kill(pid, syscall.SIGKILL), syscall.Kill(child, syscall.SIGKILL)
			return fmt.Errorf("of the target's group %d or %d is still there after 5 s", pid, child)
		}
	}
	return nil
}

// journal compares what the target saw with what the journal has.
func (k *kill) journal(killed time.Time) error {
	j, err := journal.Load(k.path("run/journal.chaos"))
	if errors.Is(err, os.ErrNotExist) {
		k.said = "no journal yet"
		return nil
	}
	if err != nil {
		return fmt.Errorf("the journal does not read: %w", err)
	}
	if !j.Cut {
		return errors.New("the journal does not know that it is cut")
	}
	known := map[journal.Key]bool{}
	for _, r := range j.Requests {
		known[r.Key] = true
	}
	for _, m := range j.Marks {
		for _, key := range m.OpenRequests {
			known[key] = true
		}
	}
	seen, missing := 0, []string{}
	f, err := os.Open(k.path("seen"))
	if err != nil {
		k.said = "no request yet"
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var at int64
		var text string
		if _, err := fmt.Sscan(lines.Text(), &at, &text); err != nil || at > killed.Add(-time.Second).UnixNano() {
			continue
		}
		id, err := wire.ParseID(text)
		if err != nil {
			return err
		}
		seen++
		if !known[journal.Key{Phase: id.Phase, Index: id.Index}] {
			missing = append(missing, text)
		}
	}
	k.said = fmt.Sprintf("%d requests seen a second before, all known; %d records, cut at %.2f s", seen, len(j.Requests), float64(j.LastNs)/1e9)
	if len(missing) > 0 {
		return fmt.Errorf("%d of %d requests are neither record nor inflight, e.g. %s", len(missing), seen, missing[0])
	}
	return nil
}

// check judges the cut run.
func (k *kill) check() error {
	if _, err := os.Stat(k.path("run/journal.chaos")); err != nil {
		return nil
	}
	cmd := exec.Command(k.bin, "check", k.path("run"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	b, err := os.ReadFile(k.path("run/result.json"))
	if err != nil {
		return fmt.Errorf("chaos check wrote no result: %s", out)
	}
	var res struct {
		Verdict    string
		Assertions []struct{ ID, Verdict, Reason string }
	}
	if err := json.Unmarshal(b, &res); err != nil {
		return err
	}
	for _, a := range res.Assertions {
		if a.ID == "budgets.no_orphan_attempts" && a.Verdict == "fail" {
			return fmt.Errorf("no_orphan_attempts failed on the good target: %s", a.Reason)
		}
	}
	k.said += ", judged " + strings.ToLower(res.Verdict)
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kill:", err)
		os.Exit(2)
	}
}
