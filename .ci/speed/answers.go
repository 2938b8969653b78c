package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

//go:embed aimock/package.json aimock/package-lock.json
var aimockLock embed.FS

const (
	rounds    = 3
	roundFor  = 6 * time.Second
	warmFor   = 3 * time.Second
	goalRatio = 5.0
)

// request is the body of every call, 117 bytes.
const request = `{"model":"gpt-4o","messages":[{"role":"user","content":"How do I reset the password of my account, please?????"}]}   `

// said is the answer of mock and aimock, 500 bytes.
var said = strings.Repeat("Open the settings, choose Security and follow it. ", 10)

const script = `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer none"
wrk.body = [==[%s]==]
`

// contestant is a server that is measured.
type contestant struct {
	name string
	*server
	answers int // that wrk counted, warm-up included
	rates   []float64
}

// answers measures the rate of answers and says whether it is good.
func answers(dir string) outcome {
	if len(request) != 117 || len(said) != 500 {
		fail(fmt.Errorf("request %d bytes, answer %d", len(request), len(said)))
	}
	install(dir)
	lua := writeLua(dir)
	mock := &contestant{name: "mock", server: startMock(dir, "")}
	bare := &contestant{name: "net/http", server: self("serve-bare")}
	ai := &contestant{name: "aimock", server: startAimock(dir)}
	all := []*contestant{mock, ai, bare}
	for _, c := range all {
		fmt.Printf("%-9s answers %d bytes of body\n", c.name, c.once())
		c.load(lua, warmFor)
	}
	takeTurns(all, lua, rounds, roundFor)
	bare.stop()
	ai.stop()
	mock.stop()
	j, err := journal.Load(filepath.Join(dir, "run", "journal.chaos"))
	check(err)
	kept := len(j.Attempts)
	ratio := median(mock.rates) / median(ai.rates)
	ok := ratio >= goalRatio && kept >= mock.answers
	fmt.Printf("answers   median   mock %.0f  aimock %.0f  net/http %.0f per CPU-second  mock/aimock %.2f (limit %.1f)  records %d of %d  ok=%v\n\n",
		median(mock.rates), median(ai.rates), median(bare.rates), ratio, goalRatio, kept, mock.answers, ok)
	return is(ok)
}

// takeTurns loads the servers one after the other, in rounds.
func takeTurns(all []*contestant, lua string, rounds int, d time.Duration) {
	for i := range rounds {
		for _, c := range all {
			before := cpu(c.cmd.Process.Pid)
			n := c.load(lua, d)
			used := cpu(c.cmd.Process.Pid) - before
			rate := float64(n) / used.Seconds()
			c.rates = append(c.rates, rate)
			fmt.Printf("%-9s round %d  %7d answers  %5.2f CPU-s  %6.0f per CPU-second\n", c.name, i+1, n, used.Seconds(), rate)
		}
	}
}

// writeLua writes what wrk asks.
func writeLua(dir string) string {
	lua := filepath.Join(dir, "post.lua")
	check(os.WriteFile(lua, fmt.Appendf(nil, script, request), 0o644))
	return lua
}

// install gets wrk and aimock.
func install(dir string) {
	installWrk()
	check(os.CopyFS(dir, aimockLock))
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = filepath.Join(dir, "aimock")
	quiet(npm)
}

func installWrk() {
	if _, err := exec.LookPath("wrk"); err != nil {
		quiet(exec.Command("apt-get", "update", "-qq"))
		quiet(exec.Command("apt-get", "install", "-y", "-qq", "wrk"))
	}
}

// quiet runs a command whose output matters only where it fails.
func quiet(cmd *exec.Cmd) {
	if out, err := cmd.CombinedOutput(); err != nil {
		fail(fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out))
	}
}

// plan is what the mock is told.
const plan = `name: speed
provider:
  models:
    gpt-4o: {ttft: 0s, tokens_per_second: 0}
  answers:
    - text: %q
`

// startMock starts the command as anyone does, with a run folder. rules are lines
// of the plan's faults. What it thinks of the calls when it ends is not asked.
func startMock(dir, rules string) *server {
	check(os.MkdirAll(dir, 0o755))
	bin, file := filepath.Join(dir, "chaos"), filepath.Join(dir, "plan.yaml")
	quiet(exec.Command("go", "build", "-o", bin, "./cmd/chaos"))
	check(os.WriteFile(file, append(fmt.Appendf(nil, plan, said), rules...), 0o644))
	s := &server{cmd: pinned(serverCore, bin, "mock", "--plan", file, "--listen", "127.0.0.1:0", "--check", "--out", filepath.Join(dir, "run"))}
	s.cmd.Stderr = nil
	s.start()
	base, ok := strings.CutPrefix(s.line(), "OPENAI_BASE_URL=http://")
	if !ok {
		fail(fmt.Errorf("chaos mock begins with %q", base))
	}
	s.addr = strings.TrimSuffix(base, "/v1")
	go func() { // it says more
		for s.out.Scan() {
		}
	}()
	return s
}

// startAimock starts aimock with one fixture, which matches every call.
func startAimock(dir string) *server {
	fixture := filepath.Join(dir, "fixture.json")
	b, err := json.Marshal(map[string]any{"fixtures": []any{map[string]any{"match": struct{}{}, "response": map[string]string{"content": said}}}})
	check(err)
	check(os.WriteFile(fixture, b, 0o644))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	addr := l.Addr().String()
	check(l.Close())
	_, port, err := net.SplitHostPort(addr)
	check(err)
	s := &server{addr: addr}
	s.cmd = pinned(serverCore, "node", filepath.Join(dir, "aimock/node_modules/@copilotkit/aimock/dist/cli.js"), "-p", port, "-f", fixture, "--log-level", "silent")
	s.start()
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			check(c.Close())
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	fail(fmt.Errorf("aimock does not listen on %s", addr))
	return nil
}

// once asks once, checks that the answer is the one that was told, and returns
// the length of the body.
func (c *contestant) once() int {
	resp, err := http.Post("http://"+c.addr+"/v1/chat/completions", "application/json", strings.NewReader(request))
	check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(err)
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), said) {
		fail(fmt.Errorf("%s answers %d: %s", c.name, resp.StatusCode, body))
	}
	c.answers++
	return len(body)
}

var (
	wrkCount  = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkErrors = regexp.MustCompile(`(?m)^\s*(Non-2xx.*|Socket errors.*)$`)
)

// load runs wrk against a server and returns how many answers it counted.
func (c *contestant) load(lua string, d time.Duration) int {
	wrk := pinned(clientCore, "wrk", "-t1", "-c64", "-d", d.String(), "--timeout", "30s", "-s", lua, "http://"+c.addr+"/v1/chat/completions")
	out, err := wrk.Output()
	check(err)
	if bad := wrkErrors.Find(out); bad != nil {
		fail(fmt.Errorf("%s under wrk: %s", c.name, bad))
	}
	m := wrkCount.FindSubmatch(out)
	if m == nil {
		fail(fmt.Errorf("wrk says no count: %s", out))
	}
	n, err := strconv.Atoi(string(m[1]))
	check(err)
	c.answers += n
	return n
}
