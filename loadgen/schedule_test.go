package loadgen

import (
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

func TestRepeatsAskAnEarlierPromptOfTheSameTenant(t *testing.T) {
	as := arrivals(t, opened(t, Config{Phases: []Phase{phase("a", "100", 10*time.Second)}, Mix: []Mix{{Name: "m", Repeat: 0.3}}, Tenants: 3}, 1))
	byKey := map[string]Arrival{}
	repeats := 0
	for _, a := range as {
		byKey[a.Key.String()] = a
		if a.PromptOf == a.Key {
			continue
		}
		repeats++
		of := byKey[a.PromptOf.String()]
		if of.Tenant != a.Tenant || Prompt(1, of) != Prompt(1, a) || of.DueNs > a.DueNs {
			t.Fatalf("%+v repeats %+v", a, of)
		}
	}
	if share := float64(repeats) / float64(len(as)); share < 0.25 || share > 0.35 {
		t.Errorf("%.2f of the requests are repeats, want about 0.3", share)
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

func TestTraceFormats(t *testing.T) {
	rows := []struct{ words, text, want string }{
		{"Azure 2023, without a line end at the end", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8", "0/4808/10/ 52/3180/8/"},
		{"Azure 2024, with an offset and a missing fraction", "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00+00:00,1,2\n2024-05-10 00:00:00.009930+00:00,2162,5\n", "0/1/2/ 9.93/2162/5/"},
		{"BurstGPT with 6 columns", "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,230,1317,Conversation log\n", "0/472/18/ 40000/1087/230/gpt-4o"},
		{"BurstGPT with 8 columns, a failed row kept", "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n19440110.0,1722ac82,43,GPT-4,906,446,1352,Conversation log\n19440110.5,,2,ChatGPT,36,0,36,API log\n", "0/906/446/gpt-4o 500/36/0/"},
		{"Mooncake, with ties", `{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}` + "\n" + `{"timestamp": 0, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}` + "\n", "0/6758/500/ 0/7322/490/"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "trace")
			if err := os.WriteFile(path, []byte(row.text), 0o644); err != nil {
				t.Fatal(err)
			}
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
		{"empty", "", "is empty"},
		{"a row with a missing column", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9,4808\n", "trace:2: has 2 columns, and the header 3"},
		{"a row that is no time", "TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,4808,1\n", `trace:2: "yesterday" is no timestamp`},
		{"rows out of order", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,1\n2023-11-16 18:17:01,1,1\n", "trace:3: the row is 2s earlier than the one before it: sort the trace"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "trace")
			if err := os.WriteFile(path, []byte(row.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(Config{Trace: &Trace{File: path}}.WithDefaults(), ".", 1); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
		})
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
