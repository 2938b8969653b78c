package loadgen

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func opened(t testing.TB, cfg Config, seed uint64) *Schedule {
	t.Helper()
	cfg = cfg.WithDefaults()
	if ps := cfg.Validate(); len(ps) > 0 {
		t.Fatal(ps)
	}
	s, err := Open(cfg, ".", seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func arrivals(t testing.TB, s *Schedule) []Arrival {
	t.Helper()
	it, err := s.Iter()
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	var out []Arrival
	for {
		a, ok, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return out
		}
		out = append(out, a)
	}
}

func phase(name, rate string, d time.Duration) Phase {
	var r Rate
	if err := r.UnmarshalText([]byte(rate)); err != nil {
		panic(err)
	}
	return Phase{Name: name, Rate: r, For: d}
}

func TestDueTimes(t *testing.T) {
	ms := func(ns int64) string { return strconv.FormatFloat(float64(ns)/1e6, 'f', 3, 64) }
	rows := []struct {
		words  string
		phases []Phase
		want   string // due times in ms
	}{
		{"4/s for 1 s: evenly, the first one at the start", []Phase{phase("a", "4", time.Second)}, "0.000 250.000 500.000 750.000"},
		{"a second phase begins where the first one ends", []Phase{phase("a", "2", time.Second), phase("b", "4", 500*time.Millisecond)}, "0.000 500.000 1000.000 1250.000"},
		{"0 to 4/s in 2 s: the k-th at the root of k", []Phase{phase("a", "0 -> 4", 2*time.Second)}, "0.000 1000.000 1414.213 1732.050"},
		{"4/s to 0 in 2 s: the mirror image", []Phase{phase("a", "4 -> 0", 2*time.Second)}, "0.000 267.949 585.786 1000.000"},
		{"a ramp that is flat but for a hair: nothing cancels, each a hair sooner", []Phase{phase("a", "4 -> 4.000000001", time.Second)}, "0.000 249.999 499.999 749.999"},
		{"less than one request a phase is one at its start", []Phase{phase("a", "0.5", time.Second)}, "0.000"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			var got []string
			for _, a := range arrivals(t, opened(t, Config{Phases: row.phases}, 1)) {
				got = append(got, ms(a.DueNs))
			}
			if strings.Join(got, " ") != row.want {
				t.Errorf("due at %s, want %s", strings.Join(got, " "), row.want)
			}
		})
	}
}

// A constant rate is due at the k-th multiple of its period, rounded down to
// microseconds, here computed with integers. 0.57 s is not 569,999 us because
// a quotient came out a bit low.
func TestConstantRatesAreExact(t *testing.T) {
	for _, rate := range []int64{1, 3, 7, 20, 60, 100, 200, 999, 2000, 10_000} {
		s := opened(t, Config{Phases: []Phase{phase("a", strconv.FormatInt(rate, 10), 60*time.Second)}}, 1)
		g, k := s.gaps(0), int64(0)
		for due, ok := g.next(); ok; due, ok = g.next() {
			if want := k * 1_000_000 / rate * 1000; due != want {
				t.Fatalf("%d/s: request %d is due at %d ns, want %d", rate, k, due, want)
			}
			k++
		}
		if k != 60*rate || s.Planned() != k {
			t.Errorf("%d/s for 60 s: %d requests, planned %d", rate, k, s.Planned())
		}
	}
}

func TestPlannedIsExact(t *testing.T) {
	for _, process := range []Arrivals{{Process: "constant"}, {Process: "poisson"}, {Process: "gamma", Shape: 0.5}} {
		s := opened(t, Config{Arrivals: process, Phases: []Phase{phase("a", "20", 8*time.Second), phase("b", "20 -> 200", 4*time.Second)}}, 7)
		first, second := arrivals(t, s), arrivals(t, s)
		if int64(len(first)) != s.Planned() || fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("%v: planned %d, passes of %d and %d", process, s.Planned(), len(first), len(second))
		}
		if process.Process == "constant" && (s.Windows()[0].Planned != 160 || s.Windows()[1].Planned != 440) {
			t.Errorf("constant: %+v, want 160 and 440", s.Windows())
		}
		for i := 1; i < len(first); i++ {
			if first[i].DueNs < first[i-1].DueNs || first[i].DueNs%1000 != 0 {
				t.Fatalf("%v: due times go back or are no whole microseconds at %d", process, i)
			}
		}
	}
}

// The coefficient of variation of gaps: 0 for constant, 1 for poisson, and
// 1/sqrt(shape) for gamma.
func TestSpreadOfGaps(t *testing.T) {
	for _, row := range []struct {
		process Arrivals
		want    float64
	}{{Arrivals{Process: "constant"}, 0}, {Arrivals{Process: "poisson"}, 1}, {Arrivals{Process: "gamma", Shape: 0.25}, 2}, {Arrivals{Process: "gamma", Shape: 4}, 0.5}} {
		as := arrivals(t, opened(t, Config{Arrivals: row.process, Phases: []Phase{phase("a", "50", 1000*time.Second)}}, 3))
		var sum, squares float64
		for i := 1; i < len(as); i++ {
			g := float64(as[i].DueNs - as[i-1].DueNs)
			sum += g
			squares += g * g
		}
		n := float64(len(as) - 1)
		mean := sum / n
		if cv := math.Sqrt(max(0, squares/n-mean*mean)) / mean; math.Abs(cv-row.want) > 0.03*max(1, row.want) {
			t.Errorf("%v: coefficient of variation %.3f, want %.3f", row.process, cv, row.want)
		}
	}
}

// Test vectors: these bits are the same on every machine and in every release.
func TestScheduleVectors(t *testing.T) {
	as := arrivals(t, opened(t, Config{Arrivals: Arrivals{Process: "poisson"}, Phases: []Phase{phase("warm", "20", 4*time.Second)}, Tenants: 5}, 42))
	var got []string
	for _, a := range as[:6] {
		got = append(got, fmt.Sprintf("%d/%s", a.DueNs/1000, a.Tenant))
	}
	const want = "3819/5 4204/5 59502/1 103176/3 151235/3 154522/2"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %q, want %q", s, want)
	}
}

// The due times of whole phases, computed outside of this program with 40
// decimal digits: unit-rate gaps, cumulated, through the inverse of the
// integrated rate, rounded down to microseconds.
func TestRampVectors(t *testing.T) {
	due := func(process Arrivals) (us []string) {
		for _, a := range arrivals(t, opened(t, Config{Arrivals: process, Phases: []Phase{phase("ramp", "20 -> 200", 4*time.Second)}}, 42)) {
			us = append(us, strconv.FormatInt(a.DueNs/1000, 10))
		}
		return us
	}
	poisson := due(Arrivals{Process: "poisson"})
	if got, want := strings.Join(poisson[:3], " ")+" ... "+strings.Join(poisson[len(poisson)-3:], " "), "20547 56741 80944 ... 3970436 3979850 3982849"; got != want {
		t.Errorf("poisson: %s, want %s", got, want)
	}
	const want = "80b858efb372e066feecc963209eda1692be8a5bda840c4b3490a7e78614781c"
	if got := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(poisson, " ")))); len(poisson) != 414 || got != want {
		t.Errorf("poisson: %d arrivals with the hash %s, want 414 with %s", len(poisson), got, want)
	}
	if got, want := strings.Join(due(Arrivals{Process: "gamma", Shape: 0.5})[:8], " "), "8979 128075 166447 253929 253937 256844 285731 375306"; got != want {
		t.Errorf("gamma: %s, want %s", got, want)
	}
}

func TestRepeatsAskAnEarlierPromptOfAnyTenant(t *testing.T) {
	as := arrivals(t, opened(t, Config{Phases: []Phase{phase("a", "100", 10*time.Second)}, Mix: []Mix{{Name: "m", Repeat: 0.3}}, Tenants: 3}, 1))
	byKey := map[string]Arrival{}
	repeats, others, answered := 0, 0, 0
	for _, a := range as {
		byKey[a.Key.String()] = a
		if a.PromptOf == a.Key {
			continue
		}
		repeats++
		of := byKey[a.PromptOf.String()]
		if Prompt(1, of) != Prompt(1, a) || of.DueNs > a.DueNs {
			t.Fatalf("%+v repeats %+v", a, of)
		}
		if of.Tenant != a.Tenant {
			others++
		}
		if a.DueNs-of.DueNs > int64(200*time.Millisecond) {
			answered++
		}
	}
	// At 100 requests/s the prompt before is 10 ms old.
	if share := float64(answered) / float64(repeats); share < 0.5 {
		t.Errorf("%.2f of the repeats ask what was asked more than 200 ms before, want most", share)
	}
	if share := float64(repeats) / float64(len(as)); share < 0.25 || share > 0.35 {
		t.Errorf("%.2f of the requests are repeats, want about 0.3", share)
	}
	if share := float64(others) / float64(repeats); share < 0.55 || share > 0.78 {
		t.Errorf("%.2f of the repeats ask what another of three tenants asked, want about 2 in 3", share)
	}
}

const azureFile = "../../shared/data/azure-llm-2023-code.csv"

// The spike of a real service: minutes 13 to 16 of the Azure code trace, four
// times as fast. Due times are computed here from the file, in its own ticks of
// 100 ns, and must be the same.
func TestAzureSpike(t *testing.T) {
	b, err := os.ReadFile(azureFile)
	if err != nil {
		t.Skipf("the Azure trace is not there: %v", err)
	}
	const minute, ticks = 60, 10_000_000
	var want []int64
	var first int64
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		stamp, _, _ := strings.Cut(line, ",")
		var y, mo, d, h, m, s, frac int64
		if _, err := fmt.Sscanf(stamp, "%d-%d-%d %d:%d:%d.%d", &y, &mo, &d, &h, &m, &s, &frac); err != nil {
			t.Fatal(err)
		}
		at := ((d*24+h)*60+m)*60*ticks + s*ticks + frac // one month
		if i == 0 {
			first = at
		}
		if since := at - first; since >= 13*minute*ticks && since < 16*minute*ticks {
			want = append(want, (since-780*ticks)*100/4)
		}
	}
	s := opened(t, Config{Trace: &Trace{File: azureFile, Window: &Span{13 * time.Minute, 16 * time.Minute}, Speed: 4}}, 1)
	got := arrivals(t, s)
	if len(got) != 931 || len(want) != 931 || s.Planned() != 931 {
		t.Fatalf("%d requests, planned %d, computed %d; want 931", len(got), s.Planned(), len(want))
	}
	seconds := map[int64]int{}
	worst := 0
	for i, a := range got {
		if a.DueNs != want[i] {
			t.Fatalf("request %d is due at %d ns, want %d", i, a.DueNs, want[i])
		}
		sec := a.DueNs / int64(time.Second)
		seconds[sec]++
		worst = max(worst, seconds[sec])
	}
	if worst != 236 {
		t.Errorf("%d requests in the worst second, want 236", worst)
	}
}

// A repetition in a trace is the earlier prompt, word for word, whatever length
// its own row had.
func TestRepeatsInATrace(t *testing.T) {
	var text strings.Builder
	text.WriteString("TIMESTAMP,ContextTokens,GeneratedTokens\n")
	for i := range 50 {
		fmt.Fprintf(&text, "2023-11-16 18:17:%02d.0000000,%d,%d\n", i, 100+i, 10)
	}
	prompts := map[string]string{}
	repeats := 0
	for _, a := range arrivals(t, opened(t, Config{Trace: &Trace{File: traceFileOf(t, text.String())}, Mix: []Mix{{Name: "m", Repeat: 0.5}}}, 1)) {
		p := Prompt(1, a)
		if a.PromptOf == a.Key {
			prompts[a.Key.String()] = p
			if a.PromptTokens != 100+int(a.TraceRow) {
				t.Errorf("row %d asks %d tokens", a.TraceRow, a.PromptTokens)
			}
			continue
		}
		repeats++
		if p != prompts[a.PromptOf.String()] {
			t.Fatalf("row %d repeats %s with another text: %d bytes for %d", a.TraceRow, a.PromptOf, len(p), len(prompts[a.PromptOf.String()]))
		}
	}
	if repeats < 10 {
		t.Errorf("%d repeats of 50, want about half", repeats)
	}
}

// traceFileOf writes a trace and returns its path.
func traceFileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTraceFormats(t *testing.T) {
	rows := []struct{ words, text, want string }{
		{"Azure 2023, without a line end at the end", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8", "0/4808/10/ 52/3180/8/"},
		{"Azure 2024, with an offset and a missing fraction", "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00+00:00,1,2\n2024-05-10 00:00:00.009930+00:00,2162,5\n", "0/1/2/ 9.93/2162/5/"},
		{"BurstGPT with 6 columns", "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,230,1317,Conversation log\n", "0/472/18/ 40000/1087/230/gpt-4o"},
		{"BurstGPT with 8 columns, a failed row kept", "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n19440110.0,1722ac82,43,GPT-4,906,446,1352,Conversation log\n19440110.5,,2,ChatGPT,36,0,36,API log\n", "0/906/446/gpt-4o 500/36/0/"},
		{"a byte order mark, CRLF, and blank lines", "\ufeff\r\nTIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.5,4808,10\r\n\r\n2023-11-16 18:17:04,3180,8\r\n\r\n", "0/4808/10/ 500/3180/8/"},
		{"columns in another order, and more of them", " GeneratedTokens , NumImages,TIMESTAMP,ContextTokens\n10, 1 , 2023-11-16 18:17:03.5,4808\n", "0/4808/10/"},
		{"Mooncake, with ties", `{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}` + "\n" + `{"timestamp": 0, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}` + "\n", "0/6758/500/ 0/7322/490/"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			path := traceFileOf(t, row.text)
			var got []string
			for _, a := range arrivals(t, opened(t, Config{Trace: &Trace{File: path, Models: []TraceModel{{"GPT-4", "gpt-4o"}}}}, 1)) {
				got = append(got, fmt.Sprintf("%v/%d/%d/%s", float64(a.DueNs)/1e6, a.PromptTokens, a.OutputTokens, a.Model))
			}
			if s := strings.Join(got, " "); s != row.want {
				t.Errorf("got %s, want %s", s, row.want)
			}
		})
	}
}

func TestBrokenTraces(t *testing.T) {
	rows := []struct{ words, text, want string }{
		{"unknown", "a,b,c\n1,2,3\n", "trace:1: not a trace that chaos knows"},
		{"empty", "", "trace: is empty"},
		{"nothing but blank lines", "\n \r\n\n", "trace: is empty"},
		{"nothing but a byte order mark", "\ufeff", "trace: is empty"},
		{"nothing but a header", "TIMESTAMP,ContextTokens,GeneratedTokens\n\n", "trace:2: a header, and no row after it"},
		{"compressed", "\x1f\x8b\x08\x00\x00", "is compressed: unpack it first"},
		{"what a terminal would obey", "\x1b]0;gone\x07,b\n", "trace:1: not a trace that chaos knows"},
		{"a line without end", "TIMESTAMP,ContextTokens,GeneratedTokens\n" + strings.Repeat("1", lineMax+1), "trace:2: the line is longer than 1 MiB"},
		{"tokens that are none", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9,many,1\n", `trace:2: "many" and "1" are no numbers of tokens`},
		{"more tokens than there are", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9,1000001,1\n", "trace:2: 1000001 and 1 tokens are out of range"},
		{"BurstGPT with a time that is none", "Timestamp,Model,Request tokens,Response tokens\n1e3,GPT-4,1,1\n", `trace:2: "1e3" is no time in seconds`},
		{"Mooncake with a row that is cut", `{"timestamp": 0, "input_length": 1, "output_length": 1}` + "\n" + `{"timestamp": 1, "inp`, "trace:2: is no JSON object of a trace"},
		{"Mooncake with a row that lacks a length", `{"timestamp": 0, "input_length": 1, "output_length": 1}` + "\n" + `{"timestamp": 1, "input_length": 1}`, "trace:2: lacks timestamp, input_length or output_length"},
		{"Mooncake with a time that does not fit", `{"timestamp": 0, "input_length": 1, "output_length": 1}` + "\n" + `{"timestamp": 9e12, "input_length": 1, "output_length": 1}`, "trace:2: timestamp 9e12 is no time in milliseconds"},
		{"a row with a missing column", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9,4808\n", "trace:2: has 2 columns, and the header 3"},
		{"a row that is no time", "TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,4808,1\n", `trace:2: "yesterday" is no timestamp`},
		{"rows out of order", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,1\n2023-11-16 18:17:01,1,1\n", "trace:3: the row is 2s earlier than the one before it: sort the trace"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			_, err := Open(Config{Trace: &Trace{File: traceFileOf(t, row.text)}}.WithDefaults(), ".", 1)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\x00\x1b\x07") {
				t.Errorf("the error holds what a terminal obeys: %q", err)
			}
		})
	}
	if _, err := Open(Config{Trace: &Trace{File: "."}}.WithDefaults(), ".", 1); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("a folder: %v", err)
	}
	_, err := Open(Config{Trace: &Trace{File: "nowhere.csv"}}.WithDefaults(), ".", 1)
	if err == nil || !strings.Contains(err.Error(), "github.com/Azure/AzurePublicDataset") {
		t.Errorf("a trace that is not there: %v", err)
	}
}

// FuzzTrace: whatever a trace holds, reading it ends, and does not panic.
func FuzzTrace(f *testing.F) {
	f.Add("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n")
	f.Add("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n")
	f.Add(`{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}` + "\n")
	f.Fuzz(func(t *testing.T, s string) {
		rows := newTraceRows(strings.NewReader(s), Trace{Speed: 3}, "fuzz")
		last := int64(0)
		for {
			r, ok, err := rows.next()
			if err != nil || !ok {
				return
			}
			if r.at < last {
				t.Fatalf("time goes back from %d to %d", last, r.at)
			}
			last = r.at
		}
	})
}
