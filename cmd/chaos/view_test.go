package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

func ready() *plans.ReadyEvent {
	return &plans.ReadyEvent{Took: 400 * time.Millisecond, Trial: 20, Joined: 20, Steps: []string{"embed", "search", "rerank", "chat"}, Planned: 2960, Lasts: 40 * time.Second}
}

// spiking is a run in the middle of its spike.
func spiking() *plans.Snapshot {
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return &plans.Snapshot{
		Elapsed: at(17.7), Lasts: at(40), Offered: 200, Sent: 200, Good: 199, InFlight: 1448, Joined: 0.998, LagP99: 300 * time.Microsecond,
		Phases: []plans.PhaseLive{
			{Name: "warm", To: at(8), Rate: "20/s", Done: 160, GoodShare: 1, P99: at(1.9), Begun: true, End: true},
			{Name: "ramp", From: at(8), To: at(12), Rate: "20 -> 200/s", Done: 440, GoodShare: 0.9977, P99: at(1.9), Begun: true, End: true},
			{Name: "spike", From: at(12), To: at(22), Rate: "200/s", Done: 900, GoodShare: 0.99972, P99: at(5.8), Begun: true},
			{Name: "recovery", From: at(22), To: at(40), Rate: "20/s"},
		},
		Outcomes: []plans.CountLive{{Name: "degraded:cached", Count: 8}, {Name: "degraded:smaller_model", Count: 400}, {Name: "error", Count: 2}, {Name: "full", Count: 1082}, {Name: "rejected", Count: 6}},
		Models:   []plans.ModelLive{{Name: "gpt-4o", PerSecond: 242, RefusedPerS: 97, AttemptsPerStep: 1.21}, {Name: "gpt-4o-mini", PerSecond: 54}},
		Rules:    []plans.RuleLive{{Name: "storm", On: true, Eligible: 1379, Injected: 552}, {Name: "early", Eligible: 20, Injected: 3}, {Name: "later", Eligible: 0}},
	}
}

// after is the view after some events.
func after(events ...plans.Event) view {
	v := view{name: "spike", target: "builtin:resilient", seed: 42}
	for _, e := range events {
		v = v.observe(e)
	}
	return v
}

// Every stage of a run, as a terminal shows it.
func TestGoldenViews(t *testing.T) {
	wide := spiking()
	wide.Dropped = 12
	for _, name := range []string{"empty", "timeout", "truncated", "wrong"} {
		wide.Outcomes = append(wide.Outcomes, plans.CountLive{Name: name, Count: 1})
	}
	for _, name := range []string{"unavailable", "forbidden", "hang", "slow", "cut", "empty"} {
		wide.Rules = append(wide.Rules, plans.RuleLive{Name: name, On: true, Eligible: 2339, Injected: 46})
	}
	over := spiking()
	over.Elapsed = over.Lasts - 200*time.Millisecond
	over.Phases[2].End, over.Phases[3].Begun, over.Phases[3].Done = true, true, 100
	closed := after(plans.Event{Ready: ready()}, plans.Event{Tick: over}, plans.Event{Stage: plans.StageJudge})
	closed.closed = true
	load := after(plans.Event{Ready: ready()}, plans.Event{Stage: plans.StageLoad}, plans.Event{Tick: spiking()})
	views := map[string]view{
		"start":       after(plans.Event{Stage: plans.StageStart}),
		"trial":       after(plans.Event{Stage: plans.StageStart}, plans.Event{Stage: plans.StageTrial}),
		"load":        load,
		"many-rules":  after(plans.Event{Ready: ready()}, plans.Event{Tick: wide}),
		"drain":       after(plans.Event{Ready: ready()}, plans.Event{Tick: over}, plans.Event{Stage: plans.StageDrain}),
		"closed":      closed,
		"interrupted": load.observe(plans.Event{Message: "interrupted: sending nothing more; open requests are waited for, then comes the report (again: do not wait)"}),
	}
	styles := map[string]report.Style{
		"80": {Width: 80, Unicode: true}, "200": {Width: 200, Unicode: true}, "50": {Width: 50, Unicode: true}, "ascii": {Width: 80}, "color": {Width: 80, Unicode: true, Color: true},
	}
	for name, v := range views {
		for style, s := range styles {
			if style != "80" && name != "load" && name != "many-rules" {
				continue
			}
			lines := v.lines(s.Width, s)
			for _, line := range lines {
				if n := report.Columns(line); n > s.Width || strings.Contains(line, "\n") {
					t.Errorf("%s at %s: %d columns in %q", name, style, n, line)
				}
			}
			golden.Check(t, filepath.Join("view", name+"-"+style+".txt"), strings.Join(lines, "\n")+"\n")
		}
	}
}

// Whatever a target or a plan is called, and however narrow the terminal: each
// line is one line, and nothing moves the cursor.
func TestViewsAreHarmless(t *testing.T) {
	const bad = "\x1b[2J\x1b]0;x\a\r\n\u202e"
	tick := spiking()
	tick.Models[0].Name, tick.Rules[0].Name, tick.Outcomes[0].Name, tick.Phases[0].Name = bad, bad, "degraded:"+bad, bad
	v := after(plans.Event{Ready: &plans.ReadyEvent{Steps: []string{bad}}}, plans.Event{Tick: tick}, plans.Event{Message: bad})
	for _, width := range []int{0, 1, 20, 80, 300} {
		for _, line := range v.lines(width, report.Style{Width: width, Unicode: true}) {
			if report.Plain(line) != line || strings.Contains(line, "\n") {
				t.Errorf("at %d columns: %q", width, line)
			}
			if n := report.Columns(line); width >= 20 && n > width {
				t.Errorf("%d columns at %d: %q", n, width, line)
			}
		}
	}
}

func TestGauge(t *testing.T) {
	unicode := report.Style{Unicode: true}
	for _, c := range []struct {
		part, whole time.Duration
		s           report.Style
		want        string
	}{
		{0, 8, unicode, "░░░░"},
		{1, 32, unicode, "▏░░░"},
		{7, 32, unicode, "▉░░░"},
		{8, 32, unicode, "█░░░"},
		{31, 32, unicode, "███▉"},
		{32, 32, unicode, "████"},
		{99, 32, unicode, "████"},
		{-1, 32, unicode, "░░░░"},
		{5, 0, unicode, "████"},
		{16, 32, report.Style{}, "##.."},
		{31, 32, report.Style{}, "###."},
	} {
		if got := gauge(c.part, c.whole, 4, c.s); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", -1: "0:00", 59_999 * time.Millisecond: "0:59", time.Minute: "1:00", 3661 * time.Second: "61:01"} {
		if got := clock(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// The display is drawn while events come in from several sides, faster than it
// is drawn: neither may ever wait for the other.
func TestBarsNeverStopTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := newBars(&out, &plans.Plan{Name: "spike"}, report.Style{Width: 80, Unicode: true})
		done := make(chan struct{})
		for side := range 3 {
			go func() {
				defer func() { done <- struct{}{} }()
				for i := range 400 {
					switch {
					case side == 0 && i == 5:
						b.observe(plans.Event{Ready: ready()})
					case side == 0:
						b.observe(plans.Event{Tick: spiking()})
					case side == 1 && i%100 == 0:
						b.observe(plans.Event{Message: "another line"})
					default:
						b.observe(plans.Event{Stage: plans.StageLoad})
					}
					time.Sleep(refresh / 4)
				}
			}()
		}
		for range 3 {
			<-done
		}
		b.close()
		b.observe(plans.Event{Message: "too late"})
		last := out.String()[strings.LastIndex(out.String(), "chaos run"):]
		for _, want := range []string{"chaos run spike", "good 100.0 %", "200/s", "another line", "0:17 of 0:40"} {
			if !strings.Contains(last, want) {
				t.Errorf("%q is not in the last picture:\n%s", want, last)
			}
		}
		if strings.Contains(last, "Ctrl-C") {
			t.Errorf("the last picture still speaks of Ctrl-C:\n%s", last)
		}
	})
}

// Where no terminal is, a run says plain lines: at each stage, and every five
// seconds of load.
func TestPlainLines(t *testing.T) {
	var out bytes.Buffer
	l := newProgress(&out, runFlags{}, &plans.Plan{Name: "spike", Target: plans.Target{Builtin: "naive"}})
	l.observe(plans.Event{Stage: plans.StageStart})
	l.observe(plans.Event{Stage: plans.StageTrial})
	l.observe(plans.Event{Ready: ready()})
	l.observe(plans.Event{Stage: plans.StageLoad})
	for s := range 12 {
		tick := spiking()
		tick.Elapsed = time.Duration(s) * time.Second
		l.observe(plans.Event{Tick: tick})
	}
	l.observe(plans.Event{Message: "the target died: \x1b[2J"})
	l.observe(plans.Event{Stage: plans.StageDrain})
	l.close()
	golden.Check(t, "lines.txt", out.String())
}

func TestNoProgressLeavesTheLoadOut(t *testing.T) {
	var out bytes.Buffer
	l := newProgress(&out, runFlags{noProgress: true}, &plans.Plan{Name: "spike"})
	l.observe(plans.Event{Tick: &plans.Snapshot{Elapsed: time.Minute}})
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
	l.observe(plans.Event{Message: "the target died"})
	if out.String() != "chaos: the target died\n" {
		t.Errorf("%q", out.String())
	}
}

func TestQuietIsQuiet(t *testing.T) {
	var out bytes.Buffer
	l := newProgress(&out, runFlags{quiet: true}, &plans.Plan{Name: "spike"})
	for _, e := range []plans.Event{{Stage: plans.StageStart}, {Ready: ready()}, {Tick: spiking()}, {Message: "x"}} {
		l.observe(e)
	}
	l.close()
	if out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}

// What is said from outside of a run goes into the display while there is one,
// and to standard error otherwise.
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, screen bytes.Buffer
		n := &notices{w: &out}
		n.Write([]byte("\nchaos: before\n"))
		b := newBars(&screen, &plans.Plan{Name: "spike"}, report.Style{Width: 80})
		n.show(b)
		n.Write([]byte("\nchaos: interrupted\n"))
		n.show(nil)
		b.close()
		n.Write([]byte("\nchaos: after\n"))
		if got := out.String(); got != "\nchaos: before\n\nchaos: after\n" {
			t.Errorf("standard error got %q", got)
		}
		if !strings.Contains(screen.String(), "chaos: interrupted") {
			t.Errorf("the display shows %q", screen.String())
		}
	})
}

func TestUTF8Locale(t *testing.T) {
	for _, c := range []struct {
		words string
		env   map[string]string
		want  bool
	}{
		{"nothing set", nil, false},
		{"C", map[string]string{"LANG": "C"}, false},
		{"POSIX", map[string]string{"LANG": "POSIX"}, false},
		{"C in UTF-8", map[string]string{"LANG": "C.UTF-8"}, true},
		{"a language", map[string]string{"LANG": "de_DE.utf8"}, true},
		{"another encoding", map[string]string{"LANG": "ja_JP.SJIS"}, false},
		{"LC_ALL goes first", map[string]string{"LC_ALL": "C", "LC_CTYPE": "en_US.UTF-8", "LANG": "en_US.UTF-8"}, false},
		{"LC_CTYPE goes before LANG", map[string]string{"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, true},
		{"an empty variable is not set", map[string]string{"LC_ALL": "", "LANG": "en_US.UTF-8"}, true},
	} {
		if got := utf8Locale(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %v", c.words, got)
		}
	}
}

// What is not a terminal gets 80 columns and no colours.
func TestStyleOfAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if s := styleOf(w); s.Width != 80 || s.Color {
		t.Errorf("%+v", s)
	}
	if isTerminal(w) {
		t.Error("a pipe is taken for a terminal")
	}
}

// The report names the run folder `latest` while that is what it is.
func TestShownFolder(t *testing.T) {
	base := t.TempDir()
	old, run := filepath.Join(base, "old"), filepath.Join(base, "new")
	if err := os.Symlink("new", filepath.Join(base, "latest")); err != nil {
		t.Skip("no links here: ", err)
	}
	if got := shown(&plans.Result{Dir: run}).Dir; got != filepath.Join(base, "latest") {
		t.Errorf("the newest run is shown as %s", got)
	}
	if got := shown(&plans.Result{Dir: old}).Dir; got != old {
		t.Errorf("an older run is shown as %s", got)
	}
	if got := shown(&plans.Result{Dir: "elsewhere"}).Dir; got != "elsewhere" {
		t.Errorf("a run elsewhere is shown as %s", got)
	}
}
