package plans

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/tcpproxy"
	"github.com/chaoskit/chaos/internal/wire"
	"github.com/chaoskit/chaos/loadgen"
	"github.com/chaoskit/chaos/mockmodel"
)

// RunOptions says how a plan is carried out: everything that is not the
// experiment itself.
type RunOptions struct {
	Dir     string          // the run folder; created
	Version string          // of chaos
	Network Network         // nil: TCP
	Clock   loadgen.Clock   // nil: the real one
	Observe func(Event)     // nil: nobody looks; called from one goroutine at a time
	Hurry   <-chan struct{} // closed: do not wait for the drain any longer
	Bits    faults.Bits     // nil: the keyed dice; only tests throw others

	temporary bool // Dir goes when the run ends, so no message sends the user there
}

// Names of the files of a run folder.
const (
	FilePlan    = "plan.yaml"
	FileJournal = "journal.chaos"
	FileResult  = "result.json"
	FileJUnit   = "junit.xml"
	FileSummary = "summary.md"
	FileLog     = "target.log"
)

// Causes of a load that ends before its time, beside the caller's.
var (
	errStopped   = errors.New("stopped for safety") // safety.stop_when
	errNoJournal = errors.New("the journal cannot be written")
)

// run is one plan being carried out. Its parts are made in the order of the
// fields and ended in the opposite order.
type run struct {
	plan *Plan
	opt  RunOptions

	epoch     journal.Epoch
	schedule  *loadgen.Schedule
	codec     *wire.Codec
	mock      *mockmodel.Server
	listening []endpointListener // of the mock, the main endpoint first
	writer    *journal.Writer
	live      *live
	origin    int64            // of the load, on the epoch; set when the load starts
	rules     *faults.Schedule // set with origin
	provider  providerURLs
	proxies   []*tcpproxy.Proxy
	target    *target
	client    *loadgen.Client
	ready     ReadyEvent
	done      []func() error // what was started, to be ended last first
	secrets   secrets        // that no record, log or message may hold
	ending    atomic.Bool    // the target is being stopped, so its end is no news

	interrupted, stopped bool
	failure              string // why the run was given up, for its journal

	// What the goroutines of the journal, the samples and the progress read
	// while the run goes on.
	runner atomic.Pointer[loadgen.Runner]
	trying atomic.Pointer[journal.Key] // the request of the trial that is open
	pgid   atomic.Int64                // of the target's group, 0: none
}

// Run carries out the plan, writes the journal, judges it and returns the
// result, whose exit code says how it went. With an error there may be nothing
// to judge, and no result: a *HarnessError, or the context's error when it was
// interrupted before the load began. With both, the result could not be kept.
//
// Cancelling ctx stops the load; the open requests are waited for, at most for
// the client timeout or until opt.Hurry, and judged. No goroutine, child or
// listener is left when Run returns.
func Run(ctx context.Context, p *Plan, opt RunOptions) (*Result, error) {
	r := newRun(p, opt)
	err := r.carryOut(ctx)
	if err != nil && !r.interrupted {
		r.failure = r.secrets.hide(err).Error()
	}
	// Undo comes before the verdict: whatever it finds, nothing is left behind.
	if undoErr := r.end(); err == nil && undoErr != nil {
		err = undoErr
	}
	err = r.secrets.hide(err)
	if err != nil && (r.writer == nil || r.origin == 0) {
		return nil, err
	}
	r.opt.Observe(Event{Stage: StageJudge})
	return r.judge(err)
}

func newRun(p *Plan, opt RunOptions) *run {
	r := &run{plan: p, opt: opt, secrets: newSecrets(slices.Concat(p.secrets, inheritedSecrets(os.Environ())))}
	if r.opt.Network == nil {
		r.opt.Network = newTCPNetwork()
	}
	if r.opt.Clock == nil {
		r.opt.Clock = loadgen.RealClock()
	}
	if r.opt.Observe == nil {
		r.opt.Observe = func(Event) {}
	}
	// Several goroutines tell what happens.
	var one sync.Mutex
	observe := r.opt.Observe
	r.opt.Observe = func(e Event) { one.Lock(); defer one.Unlock(); observe(e) }
	return r
}

// carryOut starts everything, sends the load and waits for its end.
func (r *run) carryOut(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := r.trial(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return r.interrupt(ctx)
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil && !r.interrupted {
		// All was sent by then, and waited for as long as the user let it.
		r.interrupted = true
		r.mark(journal.MarkInterrupt, "while open requests were waited for", journal.Never)
	}
	return nil
}

// start makes everything ready for the first request.
func (r *run) start(ctx context.Context) error {
	r.opt.Observe(Event{Stage: StageStart})
	for _, step := range []func(context.Context) error{r.prepare, r.listen, r.startJournal, r.startMock, r.startProxies, r.startTarget, r.makeClient} {
		err := step(ctx)
		if ctx.Err() != nil {
			return r.interrupt(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// interrupt writes down that the run was ended before its load.
func (r *run) interrupt(ctx context.Context) error {
	r.interrupted = true
	if r.writer != nil {
		r.mark(journal.MarkInterrupt, "before the load", journal.Never)
	}
	return context.Cause(ctx)
}

// prepare opens the schedule, makes the run folder and looks whether the
// machine can carry the plan at all.
func (r *run) prepare(context.Context) error {
	schedule, err := loadgen.Open(r.plan.Load, r.plan.Dir(), r.plan.SeedValue())
	if err != nil {
		return err
	}
	r.schedule = schedule
	if err := checkSafety(r.plan, schedule); err != nil {
		return err
	}
	if err := checkFiles(r.plan, schedule); err != nil {
		return err
	}
	if err := os.MkdirAll(r.opt.Dir, 0o755); err != nil {
		return &HarnessError{What: "cannot make the run folder: " + err.Error(), Do: "choose another with --out", Err: err}
	}
	if err := os.WriteFile(filepath.Join(r.opt.Dir, FilePlan), r.plan.Kept(), 0o644); err != nil {
		return diskError(err)
	}
	r.epoch = journal.NewEpoch()
	r.codec = &wire.Codec{Run: runID(r.plan, r.epoch.Started()), Phases: phaseNames(schedule), Tenants: r.plan.Load.TenantNames(), Models: r.plan.Provider.ModelNames()}
	return nil
}

// startJournal opens the journal. From here on everything that happens is on
// record.
func (r *run) startJournal(context.Context) error {
	w, err := journal.NewWriter(filepath.Join(r.opt.Dir, FileJournal), r.header(), journal.WriterOptions{Epoch: r.epoch, Inflight: r.inflight})
	if err != nil {
		return diskError(err)
	}
	r.writer = w
	r.live.next = w
	r.mark(journal.MarkRunStart, r.plan.Name, 0)
	ctx, stop := context.WithCancel(context.Background())
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		sampleUntil(ctx, r.epoch, r.live, func() int { return int(r.pgid.Load()) })
	}()
	r.done = append([]func() error{r.closeJournal}, r.done...)
	r.done = append(r.done, func() error { stop(); <-sampled; return nil })
	return nil
}

// closeJournal writes run.end, which must be the last record.
func (r *run) closeJournal() error {
	err := r.writer.Close(journal.Mark{TNs: r.epoch.Now(), PlannedNs: journal.Never, Kind: journal.MarkRunEnd, Attrs: r.endAttrs()})
	if err != nil {
		return diskError(err)
	}
	return nil
}

// end undoes what was started, last first, and returns the first error.
func (r *run) end() error {
	var first error
	for i := len(r.done) - 1; i >= 0; i-- {
		if err := r.done[i](); err != nil && first == nil {
			first = err
		}
	}
	r.done = nil
	return first
}

func (r *run) mark(kind journal.MarkKind, name string, planned int64) {
	r.live.Mark(&journal.Mark{TNs: r.epoch.Now(), PlannedNs: planned, Kind: kind, Name: name})
}

// inflight lists what is open, for the marks that the journal writes of it.
func (r *run) inflight() ([]journal.Key, []uint64) {
	var reqs []journal.Key
	if key := r.trying.Load(); key != nil {
		reqs = append(reqs, *key)
	}
	if runner := r.runner.Load(); runner != nil {
		reqs = append(reqs, runner.Open()...)
	}
	return reqs, r.mock.InFlight()
}

func diskError(err error) error {
	return &HarnessError{What: "cannot write the run folder: " + err.Error(), Do: "free some space, or choose another folder with --out; what was written before can be read with `chaos check`", Err: err}
}
