package plans

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/chaoskit/chaos/internal/journal"
)

// meter counts the attempts of a mock and of all its scopes for Prometheus. What
// callers choose, the names of models, is bounded; so is what scopes choose, the
// names of rules.
type meter struct {
	mu       sync.Mutex
	attempts map[attemptLabels]int64
	injected map[string]int64
	models   map[string]bool
	in, out  int64
	nanoUSD  int64
	lateMax  int64
}

type attemptLabels struct {
	dialect, kind, model, status, cause string
}

// Bounds of label values and of series. What is beyond them is counted as other.
const (
	meterModels = 64
	meterRules  = 256
	meterSeries = 2048
	labelOther  = "other"
)

func newMeter() *meter {
	return &meter{attempts: map[attemptLabels]int64{}, injected: map[string]int64{}, models: map[string]bool{}}
}

// Request implements journal.Sink; a provider sees none.
func (m *meter) Request(*journal.Request) {}

// Mark implements journal.Sink.
func (m *meter) Mark(*journal.Mark) {}

// Attempt implements journal.Sink.
func (m *meter) Attempt(a *journal.Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := attemptLabels{a.Dialect, a.Kind, a.ModelServed, strconv.Itoa(a.Status), string(a.Cause)}
	if !m.models[l.model] {
		if len(m.models) < meterModels {
			m.models[l.model] = true
		} else {
			l.model = labelOther
		}
	}
	if _, known := m.attempts[l]; !known && len(m.attempts) >= meterSeries {
		l = attemptLabels{labelOther, labelOther, labelOther, labelOther, labelOther}
	}
	m.attempts[l]++
	for i, hit := range a.Rules {
		again := slices.ContainsFunc(a.Rules[:i], func(o journal.RuleHit) bool { return o.Name == hit.Name })
		if hit.State != journal.RuleInjected || again {
			continue
		}
		name := hit.Name
		if _, known := m.injected[name]; !known && len(m.injected) >= meterRules {
			name = labelOther
		}
		m.injected[name]++
	}
	m.in += int64(a.TokensIn)
	m.out += int64(a.TokensEmitted)
	m.nanoUSD += a.CostNanoUSD
	m.lateMax = max(m.lateMax, a.LateMaxNs)
}

// gauges are what a mock knows at the moment.
type gauges struct {
	inFlight, scopes, unserved int
	uptimeNs                   int64
	version                    string
}

// text writes all in the text format 0.0.4 of Prometheus:
// https://prometheus.io/docs/instrumenting/exposition_formats/.
func (m *meter) text(g gauges) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	var p exposition
	p.family("chaos_build_info", "gauge", "The chaos that serves.")
	p.sample("chaos_build_info", "1", "version", g.version)
	p.family("chaos_uptime_seconds", "gauge", "Seconds since the mock began.")
	p.sample("chaos_uptime_seconds", float(g.uptimeNs, 1e9))
	p.family("chaos_attempts_total", "counter", "Calls at inference endpoints, scopes included; status 0: none was sent.")
	for _, l := range slices.SortedFunc(maps.Keys(m.attempts), compareLabels) {
		p.sample("chaos_attempts_total", strconv.FormatInt(m.attempts[l], 10), "dialect", l.dialect, "kind", l.kind, "model", l.model, "status", l.status, "cause", l.cause)
	}
	p.family("chaos_faults_injected_total", "counter", "Calls that a rule hit, by the rule's name.")
	for _, name := range slices.Sorted(maps.Keys(m.injected)) {
		p.sample("chaos_faults_injected_total", strconv.FormatInt(m.injected[name], 10), "rule", name)
	}
	p.family("chaos_tokens_total", "counter", "Tokens sent to the mock (in) and emitted by it (out).")
	p.sample("chaos_tokens_total", strconv.FormatInt(m.in, 10), "direction", "in")
	p.sample("chaos_tokens_total", strconv.FormatInt(m.out, 10), "direction", "out")
	p.family("chaos_cost_usd_total", "counter", "Simulated cost of the calls by the prices of the models.")
	p.sample("chaos_cost_usd_total", float(m.nanoUSD, 1e9))
	p.family("chaos_attempts_in_flight", "gauge", "Calls that are open.")
	p.sample("chaos_attempts_in_flight", strconv.Itoa(g.inFlight))
	p.family("chaos_scopes_open", "gauge", "Scopes that are open.")
	p.sample("chaos_scopes_open", strconv.Itoa(g.scopes))
	p.family("chaos_unserved_paths", "gauge", "Different paths that were called and that nothing answers, at most 64.")
	p.sample("chaos_unserved_paths", strconv.Itoa(g.unserved))
	p.family("chaos_lateness_max_seconds", "gauge", "The worst delay between when the mock was to write and when it did.")
	p.sample("chaos_lateness_max_seconds", float(m.lateMax, 1e9))
	return p.Bytes()
}

func compareLabels(a, b attemptLabels) int {
	return cmp.Or(cmp.Compare(a.dialect, b.dialect), cmp.Compare(a.kind, b.kind), cmp.Compare(a.model, b.model), cmp.Compare(a.status, b.status), cmp.Compare(a.cause, b.cause))
}

func float(n int64, unit float64) string { return strconv.FormatFloat(float64(n)/unit, 'g', -1, 64) }

// exposition is text in the format of Prometheus.
type exposition struct{ bytes.Buffer }

func (p *exposition) family(name, kind, help string) {
	fmt.Fprintf(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// labelEscapes are those of the value of a label.
var labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// sample writes one sample; labels are names and values in turn.
func (p *exposition) sample(name, value string, labels ...string) {
	p.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		p.WriteByte("{,"[min(i, 1)])
		p.WriteString(labels[i] + `="` + labelEscapes.Replace(strings.ToValidUTF8(labels[i+1], "\uFFFD")) + `"`)
	}
	if len(labels) > 0 {
		p.WriteByte('}')
	}
	p.WriteString(" " + value + "\n")
}
