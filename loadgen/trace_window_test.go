package loadgen

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// Windows and phases of a trace are half-open and in trace time; what is due
// is in run time.
func TestTraceWindows(t *testing.T) {
	const trace = "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
		"2023-11-16 00:00:00,1,1\n2023-11-16 00:00:01,2,1\n2023-11-16 00:00:01.9999999,3,1\n2023-11-16 00:00:02,4,1\n2023-11-16 00:00:10,5,1\n"
	span := func(text string) Span {
		var s Span
		if err := s.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	whole := func(text string) *Span { s := span(text); return &s }
	rows := []struct {
		words string
		trace Trace
		want  string // due time in ns, row in the file; phases with their requests, or the error
	}{
		{"all of it, in one phase", Trace{}, "0@0 1000000000@1 1999999900@2 2000000000@3 10000000000@4; trace 0s-10.001s 5"},
		{"the start is in, the end is out", Trace{Window: whole("1s..2s")}, "0@1 999999900@2; trace 0s-1s 2"},
		{"twice as fast", Trace{Window: whole("1s..3s"), Speed: 2}, "0@1 499999950@2 500000000@3; trace 0s-1s 3"},
		{"half as fast", Trace{Window: whole("1s..3s"), Speed: 0.5}, "0@1 1999999800@2 2000000000@3; trace 0s-4s 3"},
		{"a window that ends behind the trace", Trace{Window: whole("10s..20s")}, "0@4; trace 0s-10s 1"},
		{"phases; a row in none of them is sent too", Trace{Window: whole("0s..10s"), Speed: 2, Phases: []TracePhase{{"calm", span("0s..1s")}, {"spike", span("1s..2s")}}},
			"0@0 500000000@1 999999950@2 1000000000@3; calm 0s-500ms 1, spike 500ms-1s 2"},
		{"a window in a gap", Trace{Window: whole("3s..9s")}, "load.trace.window: no row of"},
		{"a window behind the trace", Trace{Window: whole("1h..2h")}, "the last one before its end is at 10s"},
		{"a phase without rows", Trace{Phases: []TracePhase{{"calm", span("0s..1s")}, {"gap", span("3s..9s")}}}, "load.trace.phases[1].window: no row of"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			row.trace.File = traceFileOf(t, trace)
			cfg := Config{Trace: &row.trace}.WithDefaults()
			if ps := cfg.Validate(); len(ps) > 0 {
				t.Fatal(ps)
			}
			s, err := Open(cfg, ".", 1)
			if err != nil {
				if !strings.Contains(err.Error(), row.want) {
					t.Errorf("%v, want %q", err, row.want)
				}
				return
			}
			var due, phases []string
			for _, a := range arrivals(t, s) {
				due = append(due, fmt.Sprintf("%d@%d", a.DueNs, a.TraceRow))
			}
			for _, w := range s.Windows() {
				phases = append(phases, fmt.Sprintf("%s %v-%v %d", w.Name, time.Duration(w.FromNs), time.Duration(w.ToNs), w.Planned))
			}
			if got := strings.Join(due, " ") + "; " + strings.Join(phases, ", "); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if int(s.Planned()) != len(due) {
				t.Errorf("planned %d, came %d", s.Planned(), len(due))
			}
		})
	}
}

func TestModelsOfATrace(t *testing.T) {
	const burst = "Timestamp,Model,Request tokens,Response tokens\n1,GPT-4,1,1\n2,ChatGPT,1,1\n"
	const azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 00:00:00,1,1\n"
	rows := []struct {
		words, trace string
		models       []TraceModel
		want         string // the models asked for, or the error
	}{
		{"each row by its own", burst, []TraceModel{{"GPT-4", "gpt-4o"}, {"ChatGPT", "gpt-4o-mini"}}, "gpt-4o gpt-4o-mini"},
		{"what is not mapped asks for the model of its kind", burst, []TraceModel{{"GPT-4", "gpt-4o"}}, "gpt-4o default"},
		{"a name that no row has", burst, []TraceModel{{"GPT4", "gpt-4o"}}, `load.trace.models: no row that is replayed has the model "GPT4"; they have ChatGPT, GPT-4`},
		{"a trace without models", azure, []TraceModel{{"GPT-4", "gpt-4o"}}, "default"},
	}
	for _, row := range rows {
		cfg := Config{Trace: &Trace{File: traceFileOf(t, row.trace), Models: row.models}, Mix: []Mix{{Name: "m", Model: "default"}}}.WithDefaults()
		s, err := Open(cfg, ".", 1)
		if err != nil {
			if err.Error() != row.want {
				t.Errorf("%s: %v, want %s", row.words, err, row.want)
			}
			continue
		}
		var got []string
		for _, a := range arrivals(t, s) {
			got = append(got, a.Model)
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: %v, want %s", row.words, got, row.want)
		}
	}
}

// What Validate refuses of a load, where and in which words.
func TestLoadsThatAreRefused(t *testing.T) {
	ok := func() Config { return Config{Phases: []Phase{phase("a", "4", time.Second)}} }
	rows := []struct {
		words  string
		change func(*Config)
		path   string
		says   string
	}{
		{"nothing to do", func(c *Config) { c.Phases = nil }, "", "has no phases and no trace"},
		{"phases and a trace", func(c *Config) { c.Trace = &Trace{File: "x"} }, "trace", "contradicts phases"},
		{"a phase shorter than a millisecond", func(c *Config) { c.Phases[0].For = time.Microsecond }, "phases[0].for", "from 1ms"},
		{"more requests than can be counted", func(c *Config) { c.Phases[0] = phase("a", "0 -> 1000000", time.Hour) }, "phases", "ask for 1800000000 requests"},
		{"a phase of no requests", func(c *Config) { c.Phases[0].Rate = Rate{} }, "phases[0].rate", "is 0"},
		{"a phase by the name of a duration", func(c *Config) { c.Phases[0].Name = "5s" }, "phases[0].name", "has a meaning of its own"},
		{"two phases of one name", func(c *Config) { c.Phases = append(c.Phases, c.Phases[0]) }, "phases[1].name", "used twice"},
		{"two kinds of one name", func(c *Config) { c.Mix = []Mix{{Name: "m"}, {Name: "m"}} }, "mix[1].name", "used twice"},
		{"a kind without a name", func(c *Config) { c.Mix = []Mix{{}} }, "mix[0].name", "is missing"},
		{"a share above 1", func(c *Config) { c.Mix = []Mix{{Name: "m", Repeat: 1.5}} }, "mix[0].repeat", "from 0 to 1"},
		{"a weight below 0", func(c *Config) { c.Mix = []Mix{{Name: "m", Weight: -1}} }, "mix[0].weight", "positive"},
		{"a prompt of no sane length", func(c *Config) { c.Mix = []Mix{{Name: "m", PromptTokens: 1_000_001}} }, "mix[0].prompt_tokens", "1000000"},
		{"bursts of no shape", func(c *Config) { c.Arrivals = Arrivals{Process: "gamma", Shape: math.NaN()} }, "arrivals.gamma.shape", "from 0.01"},
		{"a user with the patience of a day", func(c *Config) { c.Client.Timeout = 24 * time.Hour }, "client.timeout", "up to 1h"},
		{"a trace without a file", func(c *Config) { c.Phases, c.Trace = nil, &Trace{} }, "trace.file", "is missing"},
		{"a trace that runs backwards", func(c *Config) { c.Phases, c.Trace = nil, &Trace{File: "x", Speed: -1} }, "trace.speed", "above 0"},
		{"phases of a trace that overlap", func(c *Config) {
			c.Phases, c.Trace = nil, &Trace{File: "x", Phases: []TracePhase{{"a", Span{0, 2}}, {"b", Span{1, 3}}}}
		}, "trace.phases[1].window", "follow each other"},
		{"a phase outside the window of its trace", func(c *Config) {
			c.Phases, c.Trace = nil, &Trace{File: "x", Window: &Span{0, 2}, Phases: []TracePhase{{"a", Span{0, 3}}}}
		}, "trace.phases[0].window", "not inside"},
	}
	for _, row := range rows {
		c := ok()
		row.change(&c)
		got := c.WithDefaults().Validate()
		if len(got) != 1 || got[0].Path != row.path || !strings.Contains(got[0].Msg, row.says) {
			t.Errorf("%s: %q, want %s: ...%s...", row.words, got, row.path, row.says)
		}
	}
}
