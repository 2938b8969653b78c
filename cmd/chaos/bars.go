package main

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// bars is the live display on a terminal: a bar for each phase, and below them
// what users, the provider, the faults and the harness do. mpb draws it anew at
// each refresh, on goroutines of its own, and waits for them while a line is
// added: so what they read must not need the lock that adds lines. They read
// one pointer.
type bars struct {
	style report.Style
	box   *mpb.Progress
	shown atomic.Pointer[view]
	width atomic.Int64 // columns at the last refresh

	mu   sync.Mutex // orders events; never taken while drawing
	next view
	rows []*mpb.Bar // one a line
}

// refresh is how often the display is drawn.
const refresh = 200 * time.Millisecond

// newBars shows a run on w. The width is that of the terminal at each refresh,
// and that of s where w is none.
func newBars(w io.Writer, p *plans.Plan, s report.Style) *bars {
	b := &bars{style: s, next: newView(p)}
	b.width.Store(int64(s.Width))
	b.box = mpb.New(mpb.WithOutput(w), mpb.WithWidth(s.Width), mpb.WithRefreshRate(refresh), mpb.WithAutoRefresh())
	b.show()
	return b
}

// show publishes the next view, and adds the rows that it needs. b.mu is held,
// or nobody else knows b yet.
func (b *bars) show() {
	v := b.next
	b.shown.Store(&v)
	for range len(v.lines(int(b.width.Load()), b.style)) - len(b.rows) {
		row, err := b.box.Add(1, mpb.BarFillerFunc(b.fill(len(b.rows))), mpb.BarFillerTrim())
		if err != nil {
			return // closed already
		}
		b.rows = append(b.rows, row)
	}
}

// fill draws row i.
func (b *bars) fill(i int) func(io.Writer, decor.Statistics) error {
	return func(w io.Writer, st decor.Statistics) error {
		b.width.Store(int64(st.AvailableWidth))
		lines := b.shown.Load().lines(st.AvailableWidth, b.style)
		if i >= len(lines) {
			return nil
		}
		if i == 0 {
			// The terminal echoes ^C where the cursor stands; mpb then goes up but
			// not back to the first column.
			lines[i] = "\r" + lines[i]
		}
		_, err := io.WriteString(w, lines[i])
		return err
	}
}

// observe implements progress.
func (b *bars) observe(e plans.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = b.next.observe(e)
	b.show()
}

// close draws the last state and gives the terminal back.
func (b *bars) close() {
	b.mu.Lock()
	b.next.closed = true
	b.show()
	rows := b.rows
	b.mu.Unlock()
	for _, row := range rows {
		row.Abort(false)
	}
	b.box.Wait()
}
