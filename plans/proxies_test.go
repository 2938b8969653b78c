package plans

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
)

// proxiedPlan has one proxy before an echo, and a load that has nothing to do
// with it.
const proxiedPlan = `name: proxied
target: {builtin: resilient}
proxies: {cache: {upstream: "%s"}}
load:
  phases: [{name: warm, rate: 5, for: 3s}, {name: spike, rate: 5, for: 5s}]
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
faults:
  - {name: broken, tcp_cut: {}, during: spike, probability: 0.5, match: {proxy: cache}}
  - {name: later, tcp_reset: {after_bytes: 1000}, during: spike, match: {proxy: cache}}
  - {name: calls, http_503: {}, during: spike, requests: 3}
calibrate: 2
`

// TestARunWithAProxy: connections that the pool opened before are met when the
// phase begins, each as its dice say; the result counts them rule by rule, and
// nothing else in it knows of them; judged again it is the same.
func TestARunWithAProxy(t *testing.T) {
	const pool = 10
	dir := filepath.Join(t.TempDir(), "run")
	var res *Result
	var seen []string
	var p *Plan
	synctest.Test(t, func(t *testing.T) {
		network := &memNetwork{}
		up, _ := network.Listen("")
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				c, err := up.Accept()
				if err != nil {
					return
				}
				wg.Go(func() { defer c.Close(); _, _ = io.Copy(c, c) })
			}
		})
		p = loadText(t, fmt.Sprintf(proxiedPlan, up.Addr()))
		seen = make([]string, pool)
		opt := RunOptions{Dir: dir, Network: network, Clock: loadgen.TimerClock(), Observe: func(e Event) {
			if e.Stage != StageLoad {
				return
			}
			for i := range pool {
				c, err := network.DialContext(context.Background(), "tcp", "127.0.0.1:40003") // behind the upstream and the provider
				if err != nil {
					t.Error(err)
					return
				}
				synctest.Wait() // they are counted in this order
				wg.Go(func() { seen[i] = usePool(c) })
			}
		}}
		var err error
		if res, err = Run(context.Background(), p, opt); err != nil {
			t.Fatal(err)
		}
		_ = up.Close()
		wg.Wait()
	})

	cut := 0
	for i := range pool {
		want := "open until the proxy ends"
		if chosen(t, p, "broken", int64(i)) {
			want = "closed when the phase begins"
			cut++
		}
		if seen[i] != want {
			t.Errorf("connection %d: %s, want %s", i, seen[i], want)
		}
	}
	for i, want := range []string{
		fmt.Sprintf("broken %d %d %d", pool, cut, cut),
		fmt.Sprintf("later %d %d 0", pool, pool),
		"calls 3 3 3",
	} {
		f := res.Faults[i]
		// The call of a request is eligible as often as the service tries it.
		if got := fmt.Sprintf("%s %d %d %d", f.Rule, f.Eligible, f.Chosen, f.Injected); got != want && f.Rule != "calls" || f.Injected == 0 && f.Rule == "calls" {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if res.Join.Coverage == nil || *res.Join.Coverage != 1 || res.Load.Completed != 40 {
		t.Errorf("connections are in the figures of calls: %+v, %+v", res.Join, res.Load)
	}
	again, err := Check(dir, nil)
	if err != nil || !reflect.DeepEqual(again.Judgement, res.Judgement) {
		t.Errorf("judged again it is another: %v", err)
	}
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, a := range j.Attempts {
		if a.Kind == journal.KindTCP {
			n++
		}
	}
	if n != pool {
		t.Errorf("%d connections are on record, want %d", n, pool)
	}
}

// usePool asks a question every second, until the connection ends.
func usePool(c net.Conn) string {
	defer c.Close()
	began := time.Now()
	for {
		_ = c.SetDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(c, "x")
		_, err := io.ReadFull(c, make([]byte, 1))
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // silence
		}
		took := time.Since(began)
		switch {
		case err == nil || strings.Contains(err.Error(), "timeout"):
		case took < 4*time.Second && took > 3*time.Second:
			return "closed when the phase begins"
		case took > 7*time.Second:
			return "open until the proxy ends"
		default:
			return fmt.Sprintf("%v after %s", err, took)
		}
	}
}

func chosen(t *testing.T, p *Plan, rule string, n int64) bool {
	t.Helper()
	alone := []faults.Rule{}
	for _, r := range p.Faults {
		if r.RuleName() == rule {
			r.During = ""
			alone = append(alone, r)
		}
	}
	s, problems := faults.NewSchedule(p.SeedValue(), alone, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s.Decide(faults.Arrival("cache", n, 1, false)).Hits[0].State == faults.Chosen
}

func TestWhatProxyNamesSay(t *testing.T) {
	u := urlsOf("127.0.0.1:4010", "")
	u.proxies = []proxyAddress{{"cache", "127.0.0.1", "6380"}, {"v6", "::1", "6381"}}
	for text, want := range map[string]string{
		"redis://${proxy.cache}/0": "redis://127.0.0.1:6380/0", "${proxy.cache.host} ${proxy.cache.port}": "127.0.0.1 6380", "${proxy.v6}": "[::1]:6381",
	} {
		if got, err := fillIn(text, u.lookup); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", text, got, err, want)
		}
	}
	loadText(t, `name: named
target:
  command: [node, server.mjs, "--cache=${proxy.cache}"]
  env: {REDIS_URL: "redis://${proxy.cache}/0", PGHOST: "${proxy.v6.host}", PGPORT: "${proxy.v6.port}"}
  request: {headers: {x-cache: "${proxy.cache}"}, body: '"${proxy.v6}"'}
proxies: {cache: {upstream: 127.0.0.1:6379}, v6: {upstream: "[::1]:6379"}}
load: {phases: [{name: warm, rate: 1, for: 10s}], mix: [{name: a}]}
`)
	if _, err := fillIn("${proxy.db}", u.lookup); err == nil {
		t.Error("a proxy that is not there has an address")
	}
}

// TestWhereProxiesLead: as the provider's upstreams, only where somebody allowed.
func TestWhereProxiesLead(t *testing.T) {
	const plan = `name: hosts
target: {%TARGET}
proxies: {db: {%PROXY}}
load: {phases: [{name: warm, rate: 1, for: 10s}]}
safety: {%SAFETY}
`
	for _, row := range []struct{ words, target, proxy, safety, says string }{
		{"this machine", "builtin: resilient", "upstream: localhost:5432", "", ""},
		{"another host", "builtin: resilient", "upstream: db.internal:5432", "", "is not this machine"},
		{"another host, from the environment", "builtin: resilient", `upstream: "${env:DB}"`, "", "is not this machine"},
		{"allowed, but without limits", "builtin: resilient", "upstream: db.internal:5432", "allow_hosts: [db.internal]", "needs limits"},
		{"allowed", "builtin: resilient", "upstream: db.internal:5432", "allow_hosts: ['db.internal:5432'], max_rate: 5, max_requests: 50", ""},
		{"for everybody", "builtin: resilient", "upstream: localhost:5432, listen: '0.0.0.0:6432'", "", "lets through whoever comes"},
		{"for a service that runs already, nowhere", "url: 'http://127.0.0.1:8080/v1'}\nprovider: {listen: 127.0.0.1:4010", "upstream: localhost:5432", "", "fixed address"},
		{"for a service that runs already", "url: 'http://127.0.0.1:8080/v1'}\nprovider: {listen: 127.0.0.1:4010", "upstream: localhost:5432, listen: '127.0.0.1:6432'", "", ""},
	} {
		text := strings.NewReplacer("%TARGET", row.target, "%PROXY", row.proxy, "%SAFETY", row.safety).Replace(plan)
		_, err := Load(Source{Bytes: []byte(text)}, Options{Env: map[string]string{"DB": "db.internal:5432"}})
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%s: %v, want %q", row.words, err, row.says)
		}
	}
}

// TestAProviderOnItsOwnHasNoProxies: a rule that would never hit is refused.
func TestAProviderOnItsOwnHasNoProxies(t *testing.T) {
	for _, text := range []string{"tcp_reset", "tcp_reset: {}, match: {proxy: cache}", "http_503: {}, match: {proxy: cache}"} {
		if _, err := ParseRules("--fault", text); err == nil || !strings.Contains(err.Error(), "here there is none") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
