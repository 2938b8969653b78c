package plans

import (
	"context"
	"fmt"
	"os"
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
		return nil, diskError(err)
	}
	defer os.RemoveAll(dir)
	opt.Dir = dir
	r := newRun(p, opt)
	err = r.start(ctx)
	var rec journal.Request
	if err == nil {
		r.client.SetMarker(p.Correlate.Marker != "off")
		var recs []journal.Request
		if recs, err = r.sendTrial(ctx, 1); err == nil && len(recs) > 0 {
			rec = recs[0]
		}
	}
	if endErr := r.end(); err == nil {
		err = endErr
	}
	if err != nil {
		return nil, err
	}
	return r.onceResult(rec)
}

func (r *run) onceResult(rec journal.Request) (*OnceResult, error) {
	j, err := LoadJournal(r.opt.Dir)
	if err != nil {
		return nil, err
	}
	res := &OnceResult{Plan: r.plan, Target: r.target.name, Request: rec, Called: r.mock.Calls() > 0, Unknown: r.mock.UnknownModels()}
	res.Attempts = j.Attempts
	for _, a := range j.Attempts {
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
	phase, index, ok := strings.Cut(request, "/")
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
