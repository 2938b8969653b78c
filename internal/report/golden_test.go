package report

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
	"github.com/chaoskit/chaos/plans"
)

// styles are the terminals that goldens are drawn for.
var styles = map[string]Style{
	"80":    {Width: 80, Unicode: true},
	"200":   {Width: 200, Unicode: true},
	"color": {Width: 80, Unicode: true, Color: true},
	"ascii": {Width: 80},
}

func rendered(t *testing.T, format string, r *plans.Result, s Style) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, format, r, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every way in which a run can end, in every format.
func TestGoldenReports(t *testing.T) {
	for name, r := range results() {
		golden.Check(t, filepath.Join("text", name+".txt"), rendered(t, "text", r, styles["80"]))
		golden.Check(t, filepath.Join("junit", name+".xml"), rendered(t, "junit", r, Style{}))
		golden.Check(t, filepath.Join("markdown", name+".md"), rendered(t, "markdown", r, Style{}))
	}
}

// A report on every kind of terminal.
func TestGoldenTerminals(t *testing.T) {
	for name, s := range styles {
		golden.Check(t, filepath.Join("text", "pass-"+name+".txt"), rendered(t, "text", passed(), s))
		golden.Check(t, filepath.Join("text", "fail-"+name+".txt"), rendered(t, "text", failed(), s))
	}
}

func TestGoldenOnce(t *testing.T) {
	for name, o := range map[string]*plans.OnceResult{
		"once": oneRequest(), "once-uncalled": {Target: "builtin:naive"},
		"once-refused": {Target: "http://127.0.0.1:8787/", Request: journal.Request{Status: 400, Outcome: journal.OutcomeError, Excerpt: `{"message":"Invalid custom host"}`}},
		"once-failed":  {Target: "http://127.0.0.1:8787/", Request: journal.Request{Status: 502, Outcome: journal.OutcomeError, Excerpt: "fetch failed"}},
	} {
		var b bytes.Buffer
		if err := Once(&b, o, styles["80"]); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name+".txt", b.Bytes())
	}
}

func TestGoldenStory(t *testing.T) {
	for name, events := range map[string][]assertions.Event{"storm": storm(), "hang": hang()} {
		for _, style := range []string{"80", "ascii"} {
			var b bytes.Buffer
			if err := Story(&b, &assertions.Witness{Request: "spike/7", Tenant: "2", Phase: "spike", PhaseS: f64(1.5), What: "error, status 500", Timeline: events}, styles[style]); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("story", name+"-"+style+".txt"), b.Bytes())
		}
	}
}

func preview() *plans.Preview {
	return &plans.Preview{
		Plan: &plans.Plan{Name: "spike"}, Lasts: 34 * time.Second, Planned: 2743,
		Phases: []loadgen.Window{
			{Name: "warm", ToNs: int64(6 * time.Second), Planned: 124, Rate: "20/s"},
			{Name: "ramp", FromNs: int64(6 * time.Second), ToNs: int64(8 * time.Second), Planned: 230, Rate: "20 -> 200/s"},
			{Name: "a recovery with a long name", FromNs: int64(8 * time.Second), ToNs: int64(34 * time.Second), Planned: 2389, Rate: "20/s"},
		},
		Rules: []plans.RulePreview{{Name: "storm", Text: "{name: storm, rate_limit: {}, during: spike, probability: 0.1, match: {model: gpt-4o, step: chat}}", From: 8 * time.Second, To: 18 * time.Second}},
		Forecasts: []assertions.Forecast{
			{ID: "retries.attempts", Name: "retries.attempts", Expected: 502, Exposed: "calls whose first try failed", Needed: 30, CanConclude: true},
			{ID: "degradation.fallback", Name: "checkout falls back", Expected: 12, Exposed: "requests whose first model failed for good", Needed: 59, Note: "for: 50s in phase spike would do"},
			{ID: "collapse.recovers", Name: "collapse.recovers", Expected: 332, Exposed: "requests due after the trouble", CanConclude: true},
		},
	}
}

func TestGoldenPreview(t *testing.T) {
	empty := preview()
	empty.Rules, empty.Forecasts = nil, nil
	for name, v := range map[string]*plans.Preview{"preview": preview(), "preview-empty": empty} {
		var b bytes.Buffer
		if err := Preview(&b, v, styles["80"]); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name+".txt", b.Bytes())
	}
}

// documents are all texts for a terminal that this package can write.
func documents() map[string]func(io.Writer, Style) error {
	out := map[string]func(io.Writer, Style) error{
		"once": func(w io.Writer, s Style) error { return Once(w, oneRequest(), s) },
		"story": func(w io.Writer, s Style) error {
			return Story(w, &assertions.Witness{Request: bad, Timeline: storm()}, s)
		},
		"preview": func(w io.Writer, s Style) error { return Preview(w, preview(), s) },
	}
	for name, r := range results() {
		out["text of "+name] = func(w io.Writer, s Style) error { return Text(w, r, s) }
	}
	for _, kind := range ListKindNames() {
		out["list of "+kind] = func(w io.Writer, s Style) error { return List(w, kind, s) }
	}
	for _, id := range []string{"retries.retry_after", "collapse.recovers", "rate_limit", "empty_200", assertions.BarrierID} {
		out["explain "+id] = func(w io.Writer, s Style) error { return Explain(w, id, s) }
	}
	return out
}

// Whatever is written, on whatever terminal: nothing moves its cursor, nothing
// is coloured where colours are off, nothing is beyond ASCII where that is all
// there is, no line ends in blanks, and lines fit.
func TestTerminalsAreRespected(t *testing.T) {
	for name, write := range documents() {
		for style, s := range styles {
			var b bytes.Buffer
			if err := write(&b, s); err != nil {
				t.Fatal(name, err)
			}
			for line := range strings.SplitSeq(b.String(), "\n") {
				bare := line
				if s.Color {
					for _, sgr := range []string{sgrBold, sgrDim, sgrRed, sgrGreen, sgrYellow, "0"} {
						bare = strings.ReplaceAll(bare, "\x1b["+sgr+"m", "")
					}
				}
				if strings.ContainsFunc(bare, unprintable) {
					t.Errorf("%s, %s: control characters in %q", name, style, line)
				}
				if !s.Unicode && strings.ContainsFunc(bare, func(r rune) bool { return r > '~' }) {
					t.Errorf("%s, %s: beyond ASCII in %q", name, style, line)
				}
				if strings.TrimRight(bare, " ") != bare {
					t.Errorf("%s, %s: %q ends in blanks", name, style, line)
				}
				if n := Columns(line); n > s.width() && !strings.Contains(name, "hostile") && slices.MaxFunc(strings.Fields(bare), longer) != strings.TrimSpace(bare) {
					t.Errorf("%s, %s: %d columns in %q", name, style, n, line)
				}
			}
		}
	}
}

func longer(a, b string) int { return len(a) - len(b) }

// Nothing that a service, a provider or a plan says begins a line of a report
// with a verdict.
func TestVerdictsAreNotForged(t *testing.T) {
	for line := range strings.SplitSeq(string(rendered(t, "text", hostile(), styles["80"])), "\n") {
		if strings.HasPrefix(line, "PASS") {
			t.Errorf("a line says %q", line)
		}
	}
}

// Narrow terminals get wrapped lines and no panic.
func TestAnyWidth(t *testing.T) {
	for name, write := range documents() {
		for _, width := range []int{-1, 1, 40, 41, 59, 79, 121, 1000} {
			if err := write(io.Discard, Style{Width: width, Unicode: true, Color: true}); err != nil {
				t.Error(name, width, err)
			}
		}
	}
}

// brokenPipe takes so many bytes, then fails for good.
type brokenPipe struct{ room int }

var errPipe = errors.New("broken pipe")

func (b *brokenPipe) Write(p []byte) (int, error) {
	if b.room -= len(p); b.room < 0 {
		return 0, errPipe
	}
	return len(p), nil
}

// A report that could not be written never counts as written.
func TestFailedWritesAreSaid(t *testing.T) {
	writers := documents()
	for _, f := range Formats() {
		writers["format "+f.Name] = func(w io.Writer, s Style) error { return f.Render(w, failed(), s) }
	}
	for _, name := range slices.Sorted(maps.Keys(writers)) {
		var whole bytes.Buffer
		if err := writers[name](&whole, styles["80"]); err != nil {
			t.Fatal(name, err)
		}
		for _, room := range []int{0, 1, whole.Len() / 2, whole.Len() - 1} {
			if err := writers[name](&brokenPipe{room}, styles["80"]); !errors.Is(err, errPipe) {
				t.Errorf("%s: %v after %d bytes of %d, want the error of the writer", name, err, room, whole.Len())
			}
		}
	}
}

// Rendering changes nothing: a report may be rendered any number of times.
func TestRenderingLeavesTheResultAlone(t *testing.T) {
	r := hostile()
	before := rendered(t, "json", r, Style{})
	for _, f := range []string{"text", "markdown", "junit"} {
		rendered(t, f, r, styles["80"])
	}
	if after := rendered(t, "json", r, Style{}); !bytes.Equal(before, after) {
		t.Error("a renderer changed the result")
	}
}

func TestUnknownNames(t *testing.T) {
	for what, err := range map[string]error{
		`unknown format "pdf": use one of text|json|junit|markdown`: Render(io.Discard, "pdf", passed(), Style{}),
		`cannot list "pets": choose one of `:                        List(io.Discard, "pets", Style{}),
		`did you mean retries.attempts?`:                            Explain(io.Discard, "retries.atempts", Style{}),
		`did you mean rate_limit?`:                                  Explain(io.Discard, "ratelimit", Style{}),
		`nothing is called "zzzzzzzz"`:                              Explain(io.Discard, "zzzzzzzz", Style{}),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}
