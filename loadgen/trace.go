package loadgen

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/chaoskit/chaos/internal/journal"
)

// row is one request of a trace.
type row struct {
	number int64 // in the file, from 0; the header does not count
	at     int64 // nanoseconds on the trace's own clock
	model  string
	in     int
	out    int
	failed bool // when it was recorded
}

// traceFormat is one format: it recognises its first line and reads the others.
type traceFormat struct {
	name string
	// failures is why its rows do not say which requests failed; "": they do.
	failures string
	// open returns a reader of lines, or nil where the first line is not its.
	// rows is true where the first line is a row already.
	open func(first string) (parse func(line string) (row, error), firstIsRow bool)
}

// traceFormats are tried in this order.
var traceFormats = []traceFormat{azureFormat, burstFormat, mooncakeFormat}

// lineMax bounds a line: Mooncake rows list their prefix blocks.
const lineMax = 1 << 20

// traceFile is a trace on disk, and the part of it that is replayed.
type traceFile struct {
	cfg  Trace
	path string
}

func openTrace(cfg Trace, dir string) (*traceFile, error) {
	path := cfg.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("load.trace.file: there is no %s\n%s", path, whereTraces)
	case err != nil:
		return nil, fmt.Errorf("load.trace.file: %w", err)
	case !info.Mode().IsRegular():
		// The arrivals are counted before they are sent: a pipe reads only once.
		return nil, fmt.Errorf("load.trace.file: %s is no regular file: give the path of one trace", path)
	}
	return &traceFile{cfg: cfg, path: path}, nil
}

// whereTraces says where the public traces are.
const whereTraces = `  set it with --set load.trace.file=PATH; public traces are at
    Azure 2023  github.com/Azure/AzurePublicDataset, data/AzureLLMInferenceTrace_code.csv and _conv.csv (CC-BY)
    Azure 2024  the same repository, AzureLLMInferenceDataset2024.md (CC-BY)
    BurstGPT    github.com/HPMLL/BurstGPT, data/BurstGPT_1.csv (CC-BY-4.0)
    Mooncake    github.com/kvcache-ai/Mooncake, FAST25-release/traces (Apache-2.0)`

// rows starts reading the trace. Only rows of the window come, with their time
// since the window's start in run time as at.
func (t *traceFile) rows() (*traceRows, error) {
	f, err := os.Open(t.path)
	if err != nil {
		return nil, fmt.Errorf("load.trace.file: %w", err)
	}
	r := newTraceRows(f, t.cfg, t.path)
	r.file = f
	return r, nil
}

// traceRows reads a trace row by row.
type traceRows struct {
	file   io.Closer
	lines  *bufio.Scanner
	cfg    Trace
	path   string
	format *traceFormat
	parse  func(string) (row, error)
	line   int64 // last read, from 1
	number int64
	begun  bool
	first  int64
	last   int64
}

func newTraceRows(r io.Reader, cfg Trace, path string) *traceRows {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), lineMax)
	return &traceRows{lines: lines, cfg: cfg, path: path}
}

func (t *traceRows) Close() {
	if t.file != nil {
		t.file.Close()
	}
}

// next returns the next row of the window; false at its end.
func (t *traceRows) next() (row, bool, error) {
	for {
		r, ok, err := t.read()
		if err != nil || !ok {
			return row{}, false, err
		}
		since := r.at - t.first
		from, to := t.span()
		if since < from {
			continue
		}
		if to > 0 && since >= to {
			return row{}, false, nil
		}
		r.at = t.scale(since - from)
		return r, true, nil
	}
}

// span is the window in trace time; to is 0 where it has no end.
func (t *traceRows) span() (from, to int64) {
	if t.cfg.Window == nil {
		return 0, 0
	}
	return int64(t.cfg.Window.From), int64(t.cfg.Window.To)
}

// scale turns trace time into run time. A whole speed divides exactly.
func (t *traceRows) scale(ns int64) int64 {
	if whole := int64(t.cfg.Speed); float64(whole) == t.cfg.Speed {
		return ns / whole
	}
	return int64(float64(ns) / t.cfg.Speed)
}

// read returns the next row of the file.
func (t *traceRows) read() (row, bool, error) {
	for {
		line, ok, err := t.readLine()
		if err != nil || !ok {
			return row{}, false, err
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		r, err := t.parse(line)
		if err != nil {
			return row{}, false, fmt.Errorf("%s:%d: %w\n  %s", t.path, t.line, err, shorten(line))
		}
		r.number = t.number
		t.number++
		if !t.begun {
			t.begun, t.first, t.last = true, r.at, r.at
		}
		if r.at < t.last {
			return row{}, false, fmt.Errorf("%s:%d: the row is %s earlier than the one before it: sort the trace by time first", t.path, t.line, time.Duration(t.last-r.at))
		}
		t.last = r.at
		return r, true, nil
	}
}

func (t *traceRows) readLine() (string, bool, error) {
	if !t.lines.Scan() {
		return "", false, t.ended(t.lines.Err())
	}
	t.line++
	line := strings.TrimSuffix(t.lines.Text(), "\r")
	if t.parse != nil {
		return line, true, nil
	}
	if t.line == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	if strings.TrimSpace(line) == "" {
		return t.readLine()
	}
	for i, f := range traceFormats {
		parse, isRow := f.open(line)
		if parse == nil {
			continue
		}
		t.parse, t.format = parse, &traceFormats[i]
		if isRow {
			return line, true, nil
		}
		return t.readLine()
	}
	return "", false, t.unknown(line)
}

// ended is what the end of the file means, where err is the scanner's.
func (t *traceRows) ended(err error) error {
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: the line is longer than %d MiB: no row of a trace is", t.path, t.line+1, lineMax>>20)
	case err != nil:
		return fmt.Errorf("%s:%d: %w", t.path, t.line+1, err)
	case t.parse == nil:
		return fmt.Errorf("%s: is empty", t.path)
	case !t.begun:
		return fmt.Errorf("%s:%d: a header, and no row after it", t.path, t.line)
	}
	return nil
}

// unknown says that no format knows the first line.
func (t *traceRows) unknown(first string) error {
	if strings.HasPrefix(first, "\x1f\x8b") || strings.HasPrefix(first, "PK\x03\x04") {
		return fmt.Errorf("%s: is compressed: unpack it first", t.path)
	}
	return fmt.Errorf("%s:%d: not a trace that chaos knows (Azure 2023/2024, BurstGPT, Mooncake); it begins with\n  %s", t.path, t.line, shorten(first))
}

// shorten is a line as an error shows it: not all of it, and nothing that a
// terminal would obey.
func shorten(line string) string {
	const size = 120
	end := ""
	if len(line) > size {
		line, end = line[:size], " ..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\t' {
			return r
		}
		return '\uFFFD'
	}, line) + end
}

// countTrace walks the trace once: how many rows each phase has, and when the
// last one is due.
func (s *Schedule) countTrace() error {
	rows, err := s.trace.rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	s.traceWindows(rows)
	var last int64
	models := map[string]bool{}
	for {
		r, ok, err := rows.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		s.planned++
		last = r.at
		if len(models) < traceModelsMax {
			models[r.model] = true
		}
		for i := range s.windows {
			if w := &s.windows[i]; r.at >= w.FromNs && (w.ToNs == 0 || r.at < w.ToNs) {
				w.Planned++
				break
			}
		}
	}
	s.noFailures = rows.format.failures
	if s.planned == 0 {
		return fmt.Errorf("load.trace.window: no row of %s is in %s; the last one before its end is at %s", s.trace.path, s.cfg.Trace.Window, time.Duration(rows.last-rows.first))
	}
	for i, w := range s.windows {
		if w.Planned == 0 && len(s.cfg.Trace.Phases) > 0 {
			return fmt.Errorf("load.trace.phases[%d].window: no row of %s is in %s, so the phase %s would prove nothing", i, s.trace.path, s.cfg.Trace.Phases[i].Window, w.Name)
		}
	}
	if err := s.checkTraceModels(models); err != nil {
		return err
	}
	if end := &s.windows[len(s.windows)-1]; end.ToNs == 0 {
		end.ToNs = last + int64(time.Millisecond)
	}
	s.endNs = max(last+int64(time.Millisecond), s.windows[len(s.windows)-1].ToNs)
	return nil
}

// NoFailures says why the load cannot tell which of its requests failed when they
// were recorded; "" where it can, and they have [Arrival.Failed].
func (s *Schedule) NoFailures() string {
	if s.trace == nil {
		return "the load replays no trace"
	}
	return s.noFailures
}

// traceModelsMax is how many models of a trace are told apart. Where there are
// more, a name that does not occur is not noticed.
const traceModelsMax = 64

// checkTraceModels refuses a name under load.trace.models that no row has:
// misspelt, it would change nothing in silence. A trace that names no models
// takes any.
func (s *Schedule) checkTraceModels(models map[string]bool) error {
	delete(models, "")
	if len(models) == 0 || len(models) >= traceModelsMax-1 {
		return nil
	}
	for _, m := range s.cfg.Trace.Models {
		if !models[m.Name] {
			return fmt.Errorf("load.trace.models: no row that is replayed has the model %q; they have %s", m.Name, strings.Join(slices.Sorted(maps.Keys(models)), ", "))
		}
	}
	return nil
}

// traceWindows sets the phases: those that the plan names, or one.
func (s *Schedule) traceWindows(rows *traceRows) {
	from, to := rows.span()
	for _, p := range s.cfg.Trace.Phases {
		s.windows = append(s.windows, Window{Name: p.Name, FromNs: rows.scale(int64(p.Window.From) - from), ToNs: rows.scale(int64(p.Window.To) - from), Rate: "trace"})
	}
	if len(s.windows) == 0 {
		w := Window{Name: journal.PhaseTrace, Rate: "trace"}
		if to > 0 {
			w.ToNs = rows.scale(to - from)
		}
		s.windows = []Window{w}
	}
}

type traceIter struct {
	s       *Schedule
	rows    *traceRows
	choices *choices
}

func (it *traceIter) Close() { it.rows.Close() }

func (it *traceIter) Next() (Arrival, bool, error) {
	r, ok, err := it.rows.next()
	if err != nil || !ok {
		return Arrival{}, false, err
	}
	a := it.choices.arrival(journal.Key{Phase: journal.PhaseTrace, Index: r.number}, r.in)
	a.DueNs, a.TraceRow, a.Failed = r.at, r.number, r.failed
	if r.out > 0 {
		a.OutputTokens = r.out
	}
	for _, m := range it.s.cfg.Trace.Models {
		if m.Name == r.model {
			a.Model = m.Model
		}
	}
	return a, true, nil
}
