package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// bars is the live view on a terminal: a bar for each phase, and below them
// what users, the provider, the faults and the harness do.
type bars struct {
	plan  *plans.Plan
	style report.Style
	box   *mpb.Progress

	mu     sync.Mutex
	last   plans.Snapshot
	stage  plans.Stage
	phases []*mpb.Bar
	texts  []*mpb.Bar
}

// refresh is how often the view is drawn.
const refresh = 200 * time.Millisecond

// barWidth leaves room for name, length, rate and figures in 80 columns.
const barWidth = 22

func newBars(w io.Writer, p *plans.Plan, s report.Style) *bars {
	b := &bars{plan: p, style: s, box: mpb.New(mpb.WithOutput(w), mpb.WithWidth(s.Width), mpb.WithRefreshRate(refresh), mpb.WithAutoRefresh())}
	b.text(func(*plans.Snapshot) string { return startLine(p) })
	return b
}

// observe implements progress.
func (b *bars) observe(e plans.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case e.Ready != nil:
		for _, line := range readyLines(b.plan, e.Ready) {
			b.text(func(*plans.Snapshot) string { return line })
		}
	case e.Message != "":
		line := "chaos: " + e.Message
		b.text(func(*plans.Snapshot) string { return line })
	case e.Tick != nil:
		first := b.last.Phases == nil
		b.last = *e.Tick
		if first {
			b.layout()
		}
		b.advance()
	case e.Stage != plans.StageNone:
		b.stage = e.Stage
	}
}

// layout adds the lines of the load: it is known only now which phases and
// rules there are.
func (b *bars) layout() {
	b.text(blank)
	for i := range b.last.Phases {
		b.phases = append(b.phases, b.phase(i))
	}
	b.text(blank)
	for _, line := range []func(*plans.Snapshot) string{usersLine, outcomesLine, providerLine, faultsLine, b.harnessLine, b.clockLine} {
		b.text(line)
	}
}

func blank(*plans.Snapshot) string { return "" }

// text adds a line that is drawn anew at each refresh.
func (b *bars) text(line func(*plans.Snapshot) string) {
	fill := func(w io.Writer, st decor.Statistics) error {
		b.mu.Lock()
		s := b.last
		b.mu.Unlock()
		_, err := io.WriteString(w, report.Fit(line(&s), min(st.AvailableWidth, b.style.Width)))
		return err
	}
	bar, err := b.box.Add(1, mpb.BarFillerFunc(fill), mpb.BarFillerTrim())
	if err != nil {
		return // the view is already closed
	}
	b.texts = append(b.texts, bar)
}

// phase adds the bar of phase i.
func (b *bars) phase(i int) *mpb.Bar {
	style := mpb.BarStyle().Lbound("").Rbound("").Filler("█").Tip("█").Padding("░")
	if !b.style.Unicode {
		style = mpb.BarStyle().Lbound("").Rbound("").Filler("#").Tip("#").Padding(".")
	}
	p := b.last.Phases[i]
	return b.box.New(int64(p.To-p.From), style, mpb.BarWidth(barWidth),
		mpb.PrependDecorators(decor.Name(" "+p.Name, decor.WCSyncWidthR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			b.mu.Lock()
			defer b.mu.Unlock()
			return phaseText(b.last.Phases[i], b.style)
		})))
}

// phaseText is what stands beside a phase's bar.
func phaseText(p plans.PhaseLive, s report.Style) string {
	text := fmt.Sprintf(" %6s  %-12s", report.Duration(p.To-p.From), p.Rate)
	if p.Done == 0 {
		return text
	}
	return text + fmt.Sprintf(" good %5.1f %%  p99 %7s%s", 100*p.GoodShare, report.Duration(p.P99), done(p, s))
}

func done(p plans.PhaseLive, s report.Style) string {
	if !p.End {
		return ""
	}
	return "  " + s.Glyph("✓", "ok")
}

func (b *bars) advance() {
	for i, p := range b.last.Phases {
		if i < len(b.phases) {
			b.phases[i].SetCurrent(int64(min(max(0, b.last.Elapsed-p.From), p.To-p.From)))
		}
	}
}

func usersLine(s *plans.Snapshot) string {
	return fmt.Sprintf(" users     offered %.0f/s   sent %.0f/s   good %.0f/s        in flight %d", s.Offered, s.Sent, s.Good, s.InFlight)
}

func outcomesLine(s *plans.Snapshot) string {
	var total int64
	for _, o := range s.Outcomes {
		total += o.Count
	}
	var parts []string
	for _, o := range s.Outcomes {
		parts = append(parts, fmt.Sprintf("%s %.1f %%", o.Name, 100*float64(o.Count)/float64(total)))
	}
	return "           " + strings.Join(parts, "   ")
}

func providerLine(s *plans.Snapshot) string {
	var parts []string
	for _, m := range s.Models {
		parts = append(parts, fmt.Sprintf("%s %.0f/s, %.2f a step, %.0f/s refused", m.Name, m.PerSecond, m.AttemptsPerStep, m.RefusedPerS))
	}
	return " provider  " + strings.Join(parts, "   ")
}

func faultsLine(s *plans.Snapshot) string {
	var parts []string
	for _, r := range s.Rules {
		if r.On || r.Injected > 0 {
			parts = append(parts, fmt.Sprintf("%s hit %s of %s", r.Name, report.Count(r.Injected), report.Count(r.Eligible)))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none active"}
	}
	return " faults    " + strings.Join(parts, "   ")
}

func (b *bars) harnessLine(s *plans.Snapshot) string {
	return fmt.Sprintf(" harness   lag p99 %s   dropped %d   joined %.1f %%", report.Duration(s.LagP99), s.Dropped, 100*s.Joined)
}

func (b *bars) clockLine(s *plans.Snapshot) string {
	left := fmt.Sprintf(" %s of %s", clock(min(s.Elapsed, s.Lasts)), clock(s.Lasts))
	right := "Ctrl-C: stop load, then write the report"
	if s.Elapsed > s.Lasts {
		right = "waiting for open requests"
	}
	return left + strings.Repeat(" ", max(2, min(b.style.Width, widthDefault)-len(left)-len(right)-1)) + right
}

// close draws the last state and gives the terminal back.
func (b *bars) close() {
	b.mu.Lock()
	all := append(append([]*mpb.Bar(nil), b.phases...), b.texts...)
	b.mu.Unlock()
	for _, bar := range all {
		bar.Abort(false)
	}
	b.box.Wait()
}
