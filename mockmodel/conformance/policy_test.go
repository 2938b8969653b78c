package conformance

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/mockmodel"
)

// The retry policy of each SDK is measured at the mock, with stock settings, and
// compared with mockmodel/sdks.json, which the command prints. -update writes
// the file anew: read the difference, as a service on that SDK will live by it.

const policyFile = "../sdks.json"

// samples is how many calls a wait without a hint is measured over: the median
// of a wait that is drawn evenly is then within 5 % of its span, and both ends
// within 1 %.
const samples = 100

// statuses are those of which it is measured whether they are retried.
var statuses = []int{400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529}

// hints are Retry-After headers of a 429, one of another name, and words.
var hints = []struct {
	wire  string
	fault faults.RateLimit
	strip []string // headers that are taken away on the way
	only  string   // the dialect in which it exists; "" is all
}{
	{"retry-after: 2", hinted(2 * time.Second), nil, ""},
	{"retry-after: 30", hinted(30 * time.Second), nil, ""},
	{"retry-after: 60", hinted(60 * time.Second), nil, ""},
	{"retry-after: 90", hinted(90 * time.Second), nil, ""},
	{"retry-after: 120", hinted(120 * time.Second), nil, ""},
	{"retry-after: 150", hinted(150 * time.Second), nil, ""},
	{"retry-after: 0", hinted(0), nil, ""},
	{"retry-after: 3.5", hinted(3500 * time.Millisecond), nil, ""},
	{"retry-after: -1", hinted(-time.Second), nil, ""},
	{"retry-after: soon", faults.RateLimit{RetryAfter: faults.Hint{Kind: faults.HintText}}, nil, ""},
	{"retry-after: a date in 30 s", faults.RateLimit{RetryAfter: faults.Hint{Kind: faults.HintDate, For: 30 * time.Second}}, nil, ""},
	{"retry-after-ms: 3500", faults.RateLimit{RetryAfter: faults.Hint{Kind: faults.HintSeconds, For: 3500 * time.Millisecond}, RetryAfterMS: ptr(true)}, []string{"Retry-After"}, ""},
	// OpenAI's words say it too.
	{"only words: try again in 3.5s", hinted(3500 * time.Millisecond), []string{"Retry-After"}, "openai"},
}

func hinted(d time.Duration) faults.RateLimit {
	return faults.RateLimit{RetryAfter: faults.Hint{Kind: faults.HintSeconds, For: d}, RetryAfterMS: ptr(false)}
}

func ptr[T any](v T) *T { return &v }

// asks is how long a hint asks to wait, in ms; usable is false where it names no
// time ahead.
func asks(h faults.Hint) (ms float64, usable bool) {
	switch h.Kind {
	case faults.HintSeconds, faults.HintDate:
		return float64(h.For) / 1e6, h.For >= 0
	}
	return 0, false
}

// probes are the scenes that a policy is measured in.
func probes(ask, dialect string) []scene {
	limit := func(f faults.RateLimit) faults.Fault {
		f.Scope = "step"
		return &f
	}
	out := []scene{
		{name: "waits", ask: ask, fault: fault("http_503"), calls: samples},
		{name: "reset", ask: ask, fault: fault("conn_reset_pre")},
		{name: "cut", ask: ask, fault: fault("conn_reset_mid")},
		{name: "empty", ask: ask, fault: fault("empty_200")},
		{name: "x-should-retry: true on 400", ask: ask, fault: fault("http_400"), edit: func(h http.Header) { h.Set("X-Should-Retry", "true") }},
		{name: "x-should-retry: false on 503", ask: ask, fault: fault("http_503"), edit: func(h http.Header) { h.Set("X-Should-Retry", "false") }},
	}
	for _, code := range statuses {
		f := limit(faults.RateLimit{})
		if code != http.StatusTooManyRequests {
			f = fault("http_" + strconv.Itoa(code))
		}
		sc := scene{name: strconv.Itoa(code), ask: ask, fault: f}
		if code == http.StatusTooManyRequests {
			sc.calls = samples
		}
		out = append(out, sc)
	}
	for _, h := range hints {
		if h.only != "" && h.only != dialect {
			continue
		}
		sc := scene{name: h.wire, ask: ask, fault: limit(h.fault), times: 1, calls: 20}
		if h.strip != nil {
			sc.edit = func(got http.Header) {
				for _, name := range h.strip {
					got.Del(name)
				}
			}
		}
		out = append(out, sc)
	}
	return out
}

// measure puts an SDK into every probe.
func (s sdk) measure(t *testing.T) mockmodel.SDK {
	ask := s.asks[0].name
	scenes := probes(ask, s.dialect)
	broken := []string{"in_stream_error", "eof_no_done", "conn_reset_mid"}
	if s.find("stream") != nil {
		for _, name := range broken {
			scenes = append(scenes, scene{name: "stream " + name, ask: "stream", fault: fault(name)})
		}
	}
	met := map[string]seen{}
	for i, seen := range s.meet(t, scenes) {
		met[scenes[i].name] = seen
	}
	method := "virtual time"
	if s.language == "js" {
		method = "virtual timers"
	}
	p := mockmodel.SDK{
		Waits: []mockmodel.Span{}, Retried: []int{}, NotRetried: []int{}, Streams: []mockmodel.Ending{},
		Name: s.name, Package: s.pkg, Version: s.version(t), Language: s.language, Dialect: s.dialect, Method: method,
		Tries: met["waits"].calls[0].Tries, CountsItself: met["waits"].counted(),
		ResetRetried: met["reset"].retried(), CutRetried: met["cut"].retried(), EmptyRetried: met["empty"].retried(),
		ShouldRetry: met["x-should-retry: true on 400"].retried(), ShouldNotRetry: !met["x-should-retry: false on 503"].retried() && met["503"].retried(),
	}
	p.Waits = append(p.Waits, met["waits"].waits()...)
	own := p.Waits
	if limited := met["429"].waits(); len(limited) > 0 {
		p.LimitWaits, own = limited, limited
	}
	for _, code := range statuses {
		if met[strconv.Itoa(code)].retried() {
			p.Retried = append(p.Retried, code)
		} else {
			p.NotRetried = append(p.NotRetried, code)
		}
	}
	for _, h := range hints {
		if seen, ok := met[h.wire]; ok {
			p.Hints = append(p.Hints, heeded(h.wire, h.fault.RetryAfter, seen, own))
		}
	}
	for _, name := range broken {
		if seen, ok := met["stream "+name]; ok {
			e := mockmodel.Ending{Fault: name, Tries: seen.calls[0].Tries}
			if f := seen.calls[0].Failed; f != nil {
				e.Raises = f.Class
			}
			p.Streams = append(p.Streams, e)
		}
	}
	return p
}

func (s seen) retried() bool { return s.calls[0].Tries > 1 }

// counted says whether every attempt carried its number.
func (s seen) counted() bool {
	next := map[uint64]int{}
	for _, a := range s.attempts {
		if a.SDKRetry != next[a.StepHash] {
			return false
		}
		next[a.StepHash]++
	}
	return true
}

// waits returns the span of each wait, over all calls.
func (s seen) waits() []mockmodel.Span {
	var out []mockmodel.Span
	for n := range max(1, s.calls[0].Tries) - 1 {
		var ms []float64
		for _, c := range s.calls {
			if n < len(c.Waits) {
				ms = append(ms, c.Waits[n])
			}
		}
		slices.Sort(ms)
		tenth := func(v float64) float64 { return math.Round(v*10) / 10 }
		out = append(out, mockmodel.Span{MinMs: tenth(ms[0]), MedianMs: tenth(ms[len(ms)/2]), MaxMs: tenth(ms[len(ms)-1]), Samples: len(ms)})
	}
	return out
}

// heeded judges what was made of a hint, by the wait before the first retry and
// by the SDK's own backoff where there is no hint.
func heeded(wire string, h faults.Hint, s seen, backoff []mockmodel.Span) mockmodel.Heeded {
	out := mockmodel.Heeded{Hint: wire, Does: mockmodel.HintGivesUp}
	waits := s.waits()
	if len(waits) == 0 {
		return out
	}
	w := waits[0]
	out.Wait = &w
	own, asked := mockmodel.Span{MinMs: -1, MaxMs: -1}, 0.0
	if len(backoff) > 0 {
		own = backoff[0]
	}
	ms, usable := asks(h)
	if usable {
		asked = ms
	}
	slack := 0.1*(own.MaxMs-own.MinMs) + 1
	kept := usable && w.MinMs >= asked-1 && w.MaxMs <= asked*1.3+1
	if h.Kind == faults.HintDate {
		// It has whole seconds: how much of the first one is left is chance.
		kept = w.MinMs >= asked-1000 && w.MaxMs <= asked*1.3+1000
		out.Wait = nil
	}
	// Its own backoff is as wide as its jitter.
	ignored := w.MinMs >= own.MinMs-slack && w.MaxMs <= own.MaxMs+slack && w.MaxMs-w.MinMs >= 0.4*(own.MaxMs-own.MinMs)
	switch {
	case kept && ignored:
		out.Does = mockmodel.HintSameWait
	case kept:
		out.Does = mockmodel.HintWaited
	case ignored:
		out.Does = mockmodel.HintIgnored
	case w.MaxMs <= 1:
		out.Does = mockmodel.HintAtOnce
	default:
		out.Does = mockmodel.HintClamped
	}
	return out
}

// TestRetryPolicies measures every SDK again and holds it against the data.
func TestRetryPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("measures thousands of calls; left out with -short")
	}
	table := mockmodel.SDKs()
	var fresh []mockmodel.SDK
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			got := s.measure(t)
			fresh = append(fresh, got)
			if updating() {
				return
			}
			i := slices.IndexFunc(table.SDKs, func(k mockmodel.SDK) bool { return k.Name == s.name })
			if i < 0 {
				t.Fatalf("%s is not in %s: -update writes it", s.name, policyFile)
			}
			for _, d := range differences(got, table.SDKs[i]) {
				t.Error(d)
			}
		})
	}
	if updating() && !t.Failed() {
		writePolicies(t, fresh)
	} else if len(table.SDKs) != len(sdks) {
		t.Errorf("%s has %d SDKs, %d are measured: -update writes it", policyFile, len(table.SDKs), len(sdks))
	}
}

// updating says whether -update of internal/golden is given.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func writePolicies(t *testing.T, fresh []mockmodel.SDK) {
	if len(fresh) != len(sdks) {
		t.Fatalf("only %d of %d SDKs were measured: nothing is written", len(fresh), len(sdks))
	}
	table := mockmodel.SDKTable{Schema: mockmodel.SDKs().Schema, Measured: time.Now().UTC().Format(time.DateOnly), SDKs: fresh}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	if err := e.Encode(table); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policyFile, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A fact is one line of a policy, to be compared.
type fact struct {
	name  string
	value string
	span  *mockmodel.Span // compared with a tolerance; nil: there is none
}

// facts takes a policy apart.
func facts(p mockmodel.SDK) []fact {
	out := []fact{
		{"version", p.Version, nil},
		{"package, language, dialect and method", strings.Join([]string{p.Package, p.Language, p.Dialect, p.Method}, " "), nil},
		{"attempts in all", fmt.Sprint(p.Tries), nil},
		{"x-stainless-retry-count", fmt.Sprint(p.CountsItself), nil},
		{"retried statuses", fmt.Sprint(p.Retried), nil},
		{"statuses not retried", fmt.Sprint(p.NotRetried), nil},
		{"a reset before the answer is retried", fmt.Sprint(p.ResetRetried), nil},
		{"a reset in the answer is retried", fmt.Sprint(p.CutRetried), nil},
		{"an empty answer is retried", fmt.Sprint(p.EmptyRetried), nil},
		{"x-should-retry: true is obeyed", fmt.Sprint(p.ShouldRetry), nil},
		{"x-should-retry: false is obeyed", fmt.Sprint(p.ShouldNotRetry), nil},
	}
	for i, w := range p.Waits {
		out = append(out, fact{fmt.Sprintf("wait %d", i+1), "", &w})
	}
	for i, w := range p.LimitWaits {
		out = append(out, fact{fmt.Sprintf("wait %d after a 429", i+1), "", &w})
	}
	for _, e := range p.Streams {
		out = append(out, fact{"a stream with " + e.Fault, fmt.Sprintf("%d attempts, raises %q", e.Tries, e.Raises), nil})
	}
	for _, h := range p.Hints {
		out = append(out, fact{h.Hint, h.Does, h.Wait})
	}
	return out
}

// differences says in which ways a policy is not the one that is kept. Waits
// that are drawn may differ by what chance explains.
func differences(got, want mockmodel.SDK) []string {
	var out []string
	kept := map[string]fact{}
	for _, f := range facts(want) {
		kept[f.name] = f
	}
	for _, f := range facts(got) {
		k, known := kept[f.name]
		delete(kept, f.name)
		switch {
		case !known:
			out = append(out, fmt.Sprintf("%s: measured %s, and nothing is kept", f.name, f))
		case f.value != k.value || (f.span == nil) != (k.span == nil) || f.span != nil && !near(*f.span, *k.span):
			out = append(out, fmt.Sprintf("%s: measured %s, kept is %s", f.name, f, k))
		}
	}
	for _, f := range facts(want) {
		if k, left := kept[f.name]; left {
			out = append(out, fmt.Sprintf("%s: kept is %s, and nothing was measured", k.name, k))
		}
	}
	return out
}

func (f fact) String() string {
	if f.span == nil {
		return f.value
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.1f to %.1f ms, median %.1f", f.value, f.span.MinMs, f.span.MaxMs, f.span.MedianMs))
}

// near says whether two measurements of one wait agree: within 1 ms where it is
// not drawn; else the ends within a tenth and the median within a quarter of the
// span. The hints are measured over few calls, so their ends count for less.
func near(a, b mockmodel.Span) bool {
	width := max(a.MaxMs-a.MinMs, b.MaxMs-b.MinMs)
	end := 0.15
	if min(a.Samples, b.Samples) < samples {
		end = 0.5
	}
	off := func(x, y, share float64) bool { return math.Abs(x-y) > 1+share*width }
	return !off(a.MinMs, b.MinMs, end) && !off(a.MaxMs, b.MaxMs, end) && !off(a.MedianMs, b.MedianMs, max(0.35, end))
}

// TestDifferences: a policy that changes is told in words, and chance is not.
func TestDifferences(t *testing.T) {
	kept := mockmodel.SDK{Version: "1", Tries: 3, Waits: []mockmodel.Span{{MinMs: 375, MedianMs: 440, MaxMs: 500, Samples: samples}}, Hints: []mockmodel.Heeded{{Hint: "retry-after: 90", Does: mockmodel.HintWaited, Wait: &mockmodel.Span{MinMs: 90000, MedianMs: 90000, MaxMs: 90000, Samples: 20}}}}
	rows := []struct {
		words  string
		change func(*mockmodel.SDK)
		says   []string
	}{
		{"the same", func(*mockmodel.SDK) {}, nil},
		{"chance", func(p *mockmodel.SDK) { p.Waits[0].MedianMs, p.Waits[0].MinMs = 420, 376 }, nil},
		{"one more try", func(p *mockmodel.SDK) { p.Tries = 4 }, []string{"attempts in all: measured 4, kept is 3"}},
		{"another status", func(p *mockmodel.SDK) { p.Retried = []int{425} }, []string{"retried statuses: measured [425], kept is []"}},
		{"jitter that is gone", func(p *mockmodel.SDK) { p.Waits[0].MinMs = 500 }, []string{"wait 1: measured 500.0 to 500.0 ms, median 440.0, kept is 375.0 to 500.0 ms, median 440.0"}},
		{"a hint that is too long all at once", func(p *mockmodel.SDK) {
			p.Hints[0] = mockmodel.Heeded{Hint: "retry-after: 90", Does: mockmodel.HintGivesUp}
		},
			[]string{"retry-after: 90: measured gives up, kept is waits 90000.0 to 90000.0 ms, median 90000.0"}},
		{"a wait less", func(p *mockmodel.SDK) { p.Waits = nil }, []string{"wait 1: kept is 375.0 to 500.0 ms, median 440.0, and nothing was measured"}},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			got := kept
			got.Waits, got.Hints = slices.Clone(kept.Waits), slices.Clone(kept.Hints)
			row.change(&got)
			if says := differences(got, kept); !slices.Equal(says, row.says) {
				t.Errorf("says %q, want %q", says, row.says)
			}
		})
	}
}
