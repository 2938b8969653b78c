package conformance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/plans"
)

// A gateway that nobody here wrote, running before chaos does and told by
// headers where its provider is: portkey/plan.yaml, as a user would write it.
// Its policy stands in its source: three retries if asked for, 1, 2 and 4 s
// without any jitter, and no regard for Retry-After unless asked for
// (Portkey-AI/gateway src/handlers/retryHandler.ts). portkey/package.json holds
// @hono/node-server at the version of the gateway's own lock file: with what npm
// takes else, the gateway answers every stream with 500 (Portkey-AI/gateway#1389).

// gatewayLimit is far above what a run takes: 17 s of load, the trial before it,
// and 7 s of retries after it.
const gatewayLimit = 2 * time.Minute

// A gatewayRun is what `chaos run` said and kept.
type gatewayRun struct {
	code   int
	result struct {
		Verdict  string `json:"verdict"`
		ExitCode int    `json:"exit_code"`
		Load     struct {
			Planned, Sent, Completed int
		} `json:"load"`
		Join struct {
			Attempts, Attributed, Conflict, Stale int
			Coverage                              float64
			Carriers                              map[string]int
		} `json:"join"`
		Assertions []struct{ ID, Verdict, Reason string } `json:"assertions"`
	}
	requests []journal.Request
	judged
}

// verdict is what was said of an assertion, and why.
func (g *gatewayRun) verdict(id string) (verdict, reason string) {
	for _, a := range g.result.Assertions {
		if a.ID == id {
			return a.Verdict, a.Reason
		}
	}
	return "", "is not in result.json"
}

func TestPortkeyIsJudgedRight(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 25 s of real load; left out with -short")
	}
	chaos := buildChaos(t)
	gateway := startPortkey(t)
	stock := map[string]string{
		"retries.attempts": "pass", "retries.backoff": "pass", "retries.first_delay": "pass", "degradation.available": "pass",
		"retries.retry_after": "fail", "retries.jitter": "fail",
	}
	careful := map[string]string{"retries.attempts": "pass", "retries.backoff": "pass", "retries.retry_after": "pass", "retries.jitter": "fail"}
	for _, row := range []struct {
		words, carrier string
		verdicts       map[string]string
		set            []string
	}{
		{"stock retries, the header is forwarded", "header", stock, nil},
		// use_retry_after_header wants a patched async-retry, which the package
		// does not bring: not trying again is how it heeds a hint.
		{"429 is not retried, no header is forwarded", "marker", careful, []string{
			"correlate.headers=false",
			`target.request.headers.x-portkey-config='{"retry": {"attempts": 3, "on_status_codes": [503]}}'`,
		}},
	} {
		t.Run(row.words, func(t *testing.T) {
			for try := 1; ; try++ {
				g := runAtGateway(t, chaos, gateway, row.set)
				if unsure := g.compare(t, row.verdicts, try == judgeTries); unsure {
					continue
				}
				g.joined(t, row.carrier)
				g.toldApart(t)
				within(t, "first wait", g.gaps(1), nodeEarly(time.Second), time.Second, 100)
				within(t, "second wait", g.gaps(2), nodeEarly(2*time.Second), 2*time.Second, 40)
				within(t, "third wait", g.gaps(3), nodeEarly(4*time.Second), 4*time.Second, 15)
				return
			}
		})
	}
}

// nodeEarly is when a timer of node may fire: its clock has whole milliseconds.
func nodeEarly(wait time.Duration) time.Duration { return wait - 5*time.Millisecond }

// compare holds the verdicts against those that the gateway's source leads to.
// unsure: the machine was too busy to tell, and may be asked again.
func (g *gatewayRun) compare(t *testing.T, want map[string]string, last bool) (unsure bool) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(want)) {
		v := want[id]
		got, reason := g.verdict(id)
		t.Logf("%s %s: %s", id, got, reason)
		if got != v && (got == "inconclusive" || got == "error") && !last {
			unsure = true
		} else if got != v {
			t.Errorf("%s: %s, want %s", id, got, v)
		}
	}
	if t.Failed() || unsure {
		return unsure && !t.Failed()
	}
	if g.result.Verdict != "fail" || g.code != plans.ExitFail || g.result.ExitCode != g.code {
		t.Errorf("the run was judged %s and exited %d (%d in result.json), want fail and %d", g.result.Verdict, g.code, g.result.ExitCode, plans.ExitFail)
	}
	return false
}

// joined checks that the calls of the gateway are known to be whose they are,
// and how they told.
func (g *gatewayRun) joined(t *testing.T, carrier string) {
	t.Helper()
	j := g.result.Join
	t.Logf("joined %d of %d attempts, by %v", j.Attributed, j.Attempts, j.Carriers)
	if j.Coverage < 0.95 || j.Attempts < g.result.Load.Planned || j.Carriers[carrier] != j.Attributed || j.Conflict+j.Stale != 0 {
		t.Errorf("join %+v, want 95 %% at least, all by the %s", j, carrier)
	}
	if l := g.result.Load; l.Planned == 0 || l.Sent != l.Planned || l.Completed != l.Planned {
		t.Errorf("load %+v, want all of it sent and completed", l)
	}
}

// toldApart checks that the retries are seen as the gateway's own: the tries of
// a request are of one step, one after the other, as many as the gateway itself
// claims, and none of an SDK's. Streams and whole answers both have some.
func (g *gatewayRun) toldApart(t *testing.T) {
	t.Helper()
	byKey := map[journal.Key][]journal.Attempt{}
	for _, a := range g.attempts {
		byKey[a.Key] = append(byKey[a.Key], a)
	}
	retried := map[bool]int{} // answered after retries, by whether it is a stream
	tries := map[int]int{}    // requests, by their tries
	for _, r := range g.requests {
		if r.Purpose != journal.PurposeLoad {
			continue
		}
		as := byKey[r.Key]
		slices.SortFunc(as, func(a, b journal.Attempt) int { return cmp.Compare(a.ArrivedNs, b.ArrivedNs) })
		for i, a := range as {
			if a.StepHash != as[0].StepHash || int(a.Ordinal) != i+1 || a.SDKRetry != -1 || a.Stream != r.Stream {
				t.Errorf("%v: attempt %d is ordinal %d of step %x, retry %d of an SDK, streamed %v", r.Key, i+1, a.Ordinal, a.StepHash, a.SDKRetry, a.Stream)
			}
		}
		tries[len(as)]++
		if r.Outcome == journal.OutcomeFull && len(as) > 1 {
			retried[r.Stream]++
		}
		// -1: all were used up in vain.
		claim, vain := r.Headers["x-portkey-retry-attempt-count"], r.Outcome != journal.OutcomeFull && len(as) == 4
		if claim != strconv.Itoa(len(as)-1) && !(vain && claim == "-1") {
			t.Errorf("%v: %s after %d attempts, and the gateway claims %q retries", r.Key, r.Outcome, len(as), claim)
		}
	}
	t.Logf("requests by tries %v, answered after retries: %d whole, %d streamed", tries, retried[false], retried[true])
	if tries[0] != 0 || tries[2] == 0 || tries[3] == 0 || tries[4] == 0 || retried[false] < 20 || retried[true] < 20 {
		t.Errorf("requests by tries %v, answered after retries %v: want 1 to 4 tries, and retries of both kinds", tries, retried)
	}
}

// buildChaos builds the command: it is of another module.
func buildChaos(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "chaos")
	build := exec.Command("go", "build", "-C", filepath.Join("..", ".."), "-o", out, "./cmd/chaos")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}
	return out
}

// freeAddress is one of loopback that nobody listened on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startPortkey starts the gateway without its web pages, and returns where it
// listens once it does. It ends with the test.
func startPortkey(t *testing.T) (address string) {
	t.Helper()
	script := filepath.Join("node_modules", "@portkey-ai", "gateway", "build", "start-server.js")
	if _, err := os.Stat(filepath.Join("portkey", script)); err != nil {
		const how = "npm ci --prefix mockmodel/conformance/portkey --ignore-scripts"
		if os.Getenv("CI") != "" {
			t.Fatal("the gateway is not installed: run " + how)
		}
		t.Skip("needs the gateway: run " + how)
	}
	address = freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(node(t), "--import", "./loopback.mjs", script, "--headless", "--port="+port)
	cmd.Dir = "portkey"
	// No key or proxy of the machine's own reaches it.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("the gateway said: %.4000s", said.String())
		}
	})
	await(t, address, ended)
	return address
}

// await waits until somebody answers at the address.
func await(t *testing.T, address string, ended chan error) {
	t.Helper()
	for deadline := time.After(gatewayLimit); ; {
		resp, err := http.Get("http://" + address + "/")
		if err == nil {
			resp.Body.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the gateway ended before it was ready: %v", err)
		case <-deadline:
			t.Fatalf("the gateway is not ready: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// runAtGateway carries the plan out with the command, at addresses that are
// free now.
func runAtGateway(t *testing.T, chaos, gateway string, set []string) *gatewayRun {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"run", filepath.Join("portkey", "plan.yaml"), "--out", dir, "--no-progress", "--set", "provider.listen=" + freeAddress(t), "--set", fmt.Sprintf("target.url=http://%s/v1/chat/completions", gateway)}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	ctx, cancel := context.WithTimeout(t.Context(), gatewayLimit)
	defer cancel()
	said, err := exec.CommandContext(ctx, chaos, args...).CombinedOutput()
	g := &gatewayRun{}
	if exit := (&exec.ExitError{}); errors.As(err, &exit) {
		g.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err == nil {
		err = json.Unmarshal(text, &g.result)
	}
	if err != nil {
		t.Fatalf("%v\nchaos exited %d and said:\n%s", err, g.code, said)
	}
	j, err := plans.LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	g.requests, g.attempts = j.Requests, j.Attempts
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("chaos exited %d and said:\n%s", g.code, said)
		}
	})
	return g
}
