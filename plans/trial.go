package plans

import (
	"context"
	"fmt"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
)

// trialDefault is the number of serial requests before the load: enough that
// 5 % of them is one, few enough to be over in seconds.
const trialDefault = 20

// carriersSurvive is the share of trial attempts that must arrive with the id
// in a header for the prompt marker to be left out. Markers break exact caches,
// so they are only used where they are needed.
const carriersSurvive = 0.95

// trialHopeless is after how many requests in a row without any answer a trial
// gives up: nobody is there, and twenty timeouts would take minutes.
const trialHopeless = 3

// trial sends a few healthy requests one after the other and refuses to go on
// when they show that the experiment could prove nothing.
func (r *run) trial(ctx context.Context) error {
	n := trialDefault
	if r.plan.Calibrate != nil {
		n = *r.plan.Calibrate
	}
	r.ready.Planned, r.ready.Lasts = r.schedule.Planned(), time.Duration(r.schedule.EndNs())
	if n == 0 {
		r.client.SetMarker(r.plan.Correlate.Marker == "on")
		r.opt.Observe(Event{Ready: &r.ready})
		return nil
	}
	r.opt.Observe(Event{Stage: StageTrial})
	r.client.SetMarker(r.plan.Correlate.Marker != "off")
	// A service may call the mock while it starts; that says nothing of requests.
	before := r.mock.Calls()
	recs, err := r.sendTrial(ctx, n)
	if err != nil || ctx.Err() != nil {
		return err
	}
	seen := r.live.trial()
	if err := r.judgeTrial(recs, r.mock.Calls()-before); err != nil {
		return err
	}
	r.ready.Trial, r.ready.Joined, r.ready.Steps = len(recs), r.joinedTrial(recs, seen), seen.kinds
	r.ready.Marker = r.plan.Correlate.Marker == "on" ||
		r.plan.Correlate.Marker != "off" && float64(seen.byHeader) < carriersSurvive*float64(seen.attempts)
	r.client.SetMarker(r.ready.Marker)
	r.opt.Observe(Event{Ready: &r.ready})
	return nil
}

// sendTrial sends the first n requests of the schedule under keys of their own.
func (r *run) sendTrial(ctx context.Context, n int) ([]journal.Request, error) {
	iter, err := r.schedule.Iter()
	if err != nil {
		return nil, err
	}
	defer iter.Close()
	var recs []journal.Request
	silent := 0
	for i := range n {
		a, ok, err := iter.Next()
		if err != nil {
			return nil, err
		}
		if !ok || ctx.Err() != nil {
			break
		}
		a.Key = journal.Key{Phase: journal.PhaseTrial, Index: int64(i)}
		a.PromptOf = a.Key
		rec := r.sendOne(ctx, a)
		recs = append(recs, rec)
		silent++
		if rec.Status != 0 {
			silent = 0
		}
		if silent == trialHopeless {
			break
		}
	}
	return recs, nil
}

// sendOne sends one request now and writes it down.
func (r *run) sendOne(ctx context.Context, a loadgen.Arrival) journal.Request {
	a.DueNs = r.epoch.Now()
	rec := loadgen.NewRecord(a, r.plan.Load.Client.Timeout)
	rec.Purpose, rec.DispatchNs = journal.PurposeTrial, a.DueNs
	ctx, cancel := context.WithDeadline(ctx, r.epoch.Time(rec.DeadlineNs))
	defer cancel()
	r.trying.Store(&a.Key)
	r.client.Do(ctx, a, &rec)
	r.live.Request(&rec)
	r.trying.Store(nil)
	return rec
}

// joinedTrial counts the trial requests whose calls could be told apart. With
// every attempt joined that is all of them; otherwise the share of attempts.
func (r *run) joinedTrial(recs []journal.Request, seen trialCounts) int {
	if seen.attempts == 0 {
		return 0
	}
	return int(int64(len(recs)) * seen.joined / seen.attempts)
}

// trialHealthy is the share of trial requests that must be full: DESIGN
// section 9.
const trialHealthy = 0.95

var errNoRequest = &HarnessError{What: "the load has no request to try", Do: "raise a rate or a duration in load.phases"}

// judgeTrial says why the load would prove nothing, or nil. calls is how often
// the mock was called for the requests.
func (r *run) judgeTrial(recs []journal.Request, calls int) error {
	if len(recs) == 0 {
		return errNoRequest
	}
	t := tallyTrial(recs)
	switch {
	case t.worst != nil && t.worst.Status == 0 && r.targetEnded():
		return &HarnessError{
			What: fmt.Sprintf("trial: the target (%s) ended by itself: %s", r.target.name, r.target.proc.how()),
			Do:   "no fault was active, so look at the service first" + r.logTail(),
		}
	case t.worst != nil && t.worst.EndBy == journal.EndRefused:
		return &HarnessError{What: fmt.Sprintf("trial: nobody answers at %s: connection refused", r.target.url), Do: "start the service, or correct target.url (target.port, target.path)"}
	case calls == 0:
		return r.neverCalled(len(recs), t)
	case t.empty == len(recs):
		return &HarnessError{
			What: fmt.Sprintf("trial: no answer text was found in any of %d responses (the service does call the mock: %d calls)", len(recs), calls),
			Do:   "say in target.response where the text is: `format: json` with `answer: $.path.to.text`, or `format: text`" + excerptOf(t.worst),
		}
	case float64(t.full) < trialHealthy*float64(len(recs)):
		return &HarnessError{
			What: fmt.Sprintf("trial: %d of %d healthy requests were not full: %s", len(recs)-t.full, len(recs), describe(t.worst)),
			Do:   "no fault was active, so look at the service first: `chaos run --once` shows one request from both ends" + excerptOf(t.worst),
		}
	}
	return nil
}

// trialTally is what became of the trial's requests.
type trialTally struct {
	full, empty, timeout int
	worst                *journal.Request // the last that was not full, nil if all were
}

func tallyTrial(recs []journal.Request) trialTally {
	var t trialTally
	for i := range recs {
		switch recs[i].Outcome {
		case journal.OutcomeFull:
			t.full++
			continue
		case journal.OutcomeEmpty:
			t.empty++
		case journal.OutcomeTimeout:
			t.timeout++
		}
		t.worst = &recs[i]
	}
	return t
}

// targetEnded reports whether the target's own process has ended. Its
// connections are refused a moment before that is known.
func (r *run) targetEnded() bool {
	if r.target.proc == nil {
		return false
	}
	moment := time.NewTimer(endedWithin)
	defer moment.Stop()
	select {
	case <-r.target.proc.exited:
		return true
	case <-moment.C:
		return false
	}
}

// endedWithin is how long after its connections a process may take to end: it
// may be writing down why.
const endedWithin = 500 * time.Millisecond

// neverCalled is the error for a service that still talks to somebody else.
func (r *run) neverCalled(sent int, t trialTally) error {
	e := &HarnessError{What: fmt.Sprintf("trial: %d requests were sent (%d answered in full), and the mock model was never called: the service still calls its real provider, or none", sent, t.full)}
	if t.timeout == sent {
		e.What = fmt.Sprintf("trial: none of %d requests was answered within %s, and the mock model was never called: the service hangs, or waits for its real provider", sent, r.plan.Load.Client.Timeout)
	}
	switch {
	case t.worst != nil && t.full == 0 && t.worst.Status >= 400 && t.worst.Status < 500:
		e.What = fmt.Sprintf("trial: the service refused %d of %d requests itself, and never called the mock model: %s", sent-t.full, sent, describe(t.worst))
		e.Do = "say in target.request what it wants: `headers: {authorization: \"Bearer ${env:TOKEN}\"}`, `body: ...`" + excerptOf(t.worst)
	case r.target.proc != nil:
		e.Do = fmt.Sprintf("OPENAI_BASE_URL=%s was set for the command; if the service reads another variable, add it:\n    target:\n      env: {YOUR_BASE_URL: \"${provider.openai}\"}", r.provider.base("openai"))
	default:
		e.Do = fmt.Sprintf("start the service with OPENAI_BASE_URL=%s (or ANTHROPIC_BASE_URL=%s), and keep that address fixed in the plan:\n    provider:\n      listen: %s:%s\n    a gateway that is told its provider in each request finds it by ${provider.openai} in target.request.headers", r.provider.base("openai"), r.provider.base("anthropic"), r.provider.host, r.provider.port)
	}
	if t.worst != nil && t.worst.Status >= 500 {
		// What it says of its own failure often names whom it called.
		e.Do += "\n    the service answered: " + describe(t.worst) + excerptOf(t.worst)
	}
	return e
}

// describe says in a few words how a request went wrong.
func describe(rec *journal.Request) string {
	if rec == nil {
		return "no reason recorded"
	}
	s := string(rec.Outcome)
	if rec.DegradedKind != "" {
		s += ":" + rec.DegradedKind
	}
	if rec.Status != 0 {
		s += fmt.Sprintf(", status %d", rec.Status)
	}
	if why := rec.OutcomeReason; why != "" && why != fmt.Sprintf("status %d", rec.Status) {
		s += ", " + why
	}
	if rec.Err != "" {
		s += " (" + rec.Err + ")"
	}
	return s
}

func excerptOf(rec *journal.Request) string {
	if rec == nil || rec.Excerpt == "" {
		return ""
	}
	return "\n    it said: " + rec.Excerpt
}
