package plans

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/journal"
)

// OnceResult is one healthy request seen from both ends.
type OnceResult struct {
	Plan     *Plan
	Target   string
	Request  journal.Request
	Attempts []journal.Attempt // in order of arrival
	Story    assertions.Witness
	Joined   int // attempts that carried the request's id
	Called   bool
	Unknown  []string // models that were asked for and are not in the plan
}

// Once starts everything as Run does, sends one request without any fault, and
// shows what came of it. Nothing is judged and nothing is kept.
func Once(ctx context.Context, p *Plan, opt RunOptions) (*OnceResult, error) {
	dir, err := os.MkdirTemp("", "chaos-once-")
	if err != nil {
		return nil, &HarnessError{What: "cannot make a folder for the request: " + err.Error(), Do: "set TMPDIR to a folder that can be written to", Err: err}
	}
	defer os.RemoveAll(dir)
	opt.Dir, opt.temporary = dir, true
	r := newRun(p, opt)
	rec, calls, err := r.sendOnce(ctx)
	if endErr := r.end(); err == nil {
		err = endErr
	}
	if err != nil {
		return nil, r.secrets.hide(err)
	}
	return r.onceResult(rec, calls)
}

// sendOnce sends the one request, and says how many calls of the mock it led
// to: a service may call it while it starts as well.
func (r *run) sendOnce(ctx context.Context) (rec journal.Request, calls int, err error) {
	if err := r.start(ctx); err != nil {
		return rec, 0, err
	}
	r.client.SetMarker(r.plan.Correlate.Marker != "off")
	before := r.mock.Calls()
	recs, err := r.sendTrial(ctx, 1)
	switch {
	case ctx.Err() != nil:
		return rec, 0, r.interrupt(ctx)
	case err != nil:
		return rec, 0, err
	case len(recs) == 0:
		return rec, 0, errNoRequest
	}
	return recs[0], r.mock.Calls() - before, nil
}

func (r *run) onceResult(rec journal.Request, calls int) (*OnceResult, error) {
	j, err := LoadJournal(r.opt.Dir)
	if err != nil {
		return nil, err
	}
	res := &OnceResult{Plan: r.plan, Target: r.target.name, Request: rec, Called: calls > 0, Unknown: r.mock.UnknownModels()}
	res.Attempts = slices.DeleteFunc(j.Attempts, func(a journal.Attempt) bool { return a.Kind == journal.KindTCP })
	for _, a := range res.Attempts {
		if a.Key == rec.Key {
			res.Joined++
		}
	}
	res.Story, _ = assertions.Story(j, rec.Key)
	return res, nil
}

// Story tells all that a run's journal knows of one request, named as in the
// report: phase/index.
func Story(dir, request string) (*assertions.Witness, error) {
	// A name of a caller's own may hold a slash: tests/test_a.py::test_b/0.
	at := strings.LastIndex(request, "/")
	phase, index, ok := request[:max(0, at)], request[at+1:], at > 0
	n, err := strconv.ParseInt(index, 10, 64)
	if !ok || err != nil {
		return nil, fmt.Errorf("request %q: write phase/index, as in the report, e.g. spike/1432", request)
	}
	j, err := LoadJournal(dir)
	if err != nil {
		return nil, err
	}
	w, ok := assertions.Story(j, journal.Key{Phase: phase, Index: n})
	if !ok {
		return nil, fmt.Errorf("no request %s in %s; phases of this run: %s", request, dir, strings.Join(append(j.Header.Phases, journal.PhaseTrial), ", "))
	}
	return &w, nil
}
