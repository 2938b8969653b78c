package plans

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// Check judges a recorded run again: with its own plan, or with the assertions
// of another. It reads the run folder's journal and plan and nothing else, so
// it says what Run said.
func Check(dir string, other *Plan) (*Result, error) {
	p, err := KeptPlan(dir)
	if err != nil {
		return nil, err
	}
	j, err := LoadJournal(dir)
	if err != nil {
		return nil, err
	}
	judged := p
	if other != nil {
		judged = other
	}
	return newResult(dir, p, judged.Assertions, j), nil
}

// KeptPlan reads the plan of a run folder. Its `${env:..}` stay unexpanded:
// judging needs no secret.
func KeptPlan(dir string) (*Plan, error) {
	path := filepath.Join(dir, FilePlan)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a run folder: it has no %s", dir, FilePlan)
	}
	return Load(Source{Path: path}, Options{KeepEnv: true})
}

// LoadJournal reads the journal of a run folder.
func LoadJournal(dir string) (*journal.Journal, error) {
	j, err := journal.Load(filepath.Join(dir, FileJournal))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a run folder: it has no %s", dir, FileJournal)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the run: %w", err)
	}
	return j, nil
}

// judge reads back what the run has written and judges that: the run and the
// judgement are two programs joined by a file.
func (r *run) judge(failed error) (*Result, error) {
	j, err := LoadJournal(r.opt.Dir)
	if err != nil {
		return nil, err
	}
	res := newResult(r.opt.Dir, r.plan, r.plan.Assertions, j)
	if failed != nil {
		// What could not be written is missing, so no verdict is better than error.
		res.Error = failed.Error()
		res.ExitCode = ExitHarness
		switch { // the order of the codes
		case r.interrupted:
			res.ExitCode = ExitInterrupted
		case r.stopped:
			res.ExitCode = ExitStopped
		}
	}
	return res, res.Write()
}

// newResult folds a journal into a result. Everything in it comes from the
// journal and the plan.
func newResult(dir string, p *Plan, specs []assertions.Spec, j *journal.Journal) *Result {
	res := &Result{
		Schema: ResultSchema,
		Plan:   PlanInfo{Name: p.Name, SHA256: j.Header.PlanSHA256, Description: p.Description, Target: p.Target.String(), File: p.Source, Set: p.Set},
		Seed:   seedText(j.Header.Seed), Started: j.Header.Started,
		Duration:  seconds(j.LastNs),
		Judgement: assertions.Judge(j, setupOf(p, j), specs),
		Dir:       dir,
	}
	if j.Header.Alone {
		res.Plan.Target = aloneTarget(j)
	}
	verdict := assertions.Merge(res.Assertions)
	res.Verdict = string(verdict)
	res.ExitCode = exitOf(res.Verdict)
	interrupted, stopped, failed := endOf(j)
	if failed != "" {
		res.Error, res.ExitCode = failed, ExitHarness
	}
	if stopped != "" {
		res.Stopped, res.ExitCode = stopped, ExitStopped
	}
	if interrupted != "" {
		res.Stopped, res.ExitCode = interrupted, ExitInterrupted
	}
	res.TargetExit = targetExit(j)
	return res
}

// attrFailed, of the mark at the end of a run, says why it was given up.
const attrFailed = "failed"

// endOf finds out whether the load ended before its time, or never began.
func endOf(j *journal.Journal) (interrupted, stopped, failed string) {
	for _, m := range j.Marks {
		switch m.Kind {
		case journal.MarkInterrupt:
			interrupted = strings.TrimSpace("interrupted " + m.Name)
		case journal.MarkStop:
			stopped = m.Name
		case journal.MarkRunEnd:
			failed = m.Attrs[attrFailed]
		}
	}
	return interrupted, stopped, failed
}

// targetExit says how and when a target ended that was not asked to. That is a
// finding about it, which explains many another.
func targetExit(j *journal.Journal) string {
	var origin int64 = -1
	for _, m := range j.Marks {
		switch {
		case m.Kind == journal.MarkPhaseStart && origin < 0:
			origin = m.PlannedNs
		case m.Kind == journal.MarkTargetExit && m.Attrs[attrAsked] == "" && origin >= 0:
			return fmt.Sprintf("%s, %.1f s into the load", m.Name, seconds(m.TNs-origin))
		}
	}
	return ""
}

// setupOf tells the judge what a journal cannot know of the plan. When things
// were comes from the marks, not from the plan; the phases the judge reads there
// itself.
func setupOf(p *Plan, j *journal.Journal) assertions.Setup {
	if j.Header.Alone {
		return assertions.Setup{Rules: aloneRules(j)}
	}
	s := assertions.Setup{
		Shared: sharedShare(p.Load), ClientTimeoutNs: int64(p.Load.Client.Timeout), DegradedKinds: degradedKinds(p), Unmarked: !p.Provider.Watermarks(), Rules: ruleInfos(p, j),
	}
	if p.Load.Trace != nil {
		s.TraceSpeed = p.Load.Trace.Speed
	}
	return s
}

// ruleInfos describes the plan's rules, with the windows that the journal saw.
func ruleInfos(p *Plan, j *journal.Journal) []assertions.RuleInfo {
	var out []assertions.RuleInfo
	for _, rule := range p.Faults {
		info := ruleInfo(rule)
		for _, m := range j.Marks {
			if m.Name != info.Name {
				continue
			}
			switch m.Kind {
			case journal.MarkRuleOn:
				if info.FromNs == journal.Never { // a rule in several phases comes again
					info.FromNs = m.PlannedNs
				}
			case journal.MarkRuleOff:
				info.ToNs = m.PlannedNs
			}
		}
		out = append(out, info)
	}
	return out
}

// ruleInfo describes a rule, without its window.
func ruleInfo(r faults.Rule) assertions.RuleInfo {
	info := assertions.RuleInfo{
		Name: r.RuleName(), Fault: r.Fault.Name(), Text: r.String(), Probability: 1, Requests: int(min(int64(r.Requests), math.MaxInt32)),
		Every: int(min(int64(r.Every), math.MaxInt32)), Links: r.Match.Proxy != "", FromNs: journal.Never, ToNs: journal.Never,
	}
	if r.Probability != nil {
		info.Probability = float64(*r.Probability)
	}
	if b := r.Barrier; b != nil {
		info.Barrier = &assertions.BarrierInfo{Wait: int(b.Wait), At: b.At != nil}
	}
	if s := r.Fault.Effect(faults.Dice{}).Status; s != nil {
		if _, usable := s.RetryAfter.Wait(time.Unix(0, 0)); usable {
			info.Hint = assertions.Hinted
		} else if s.RetryAfter.Kind != faults.HintNone {
			info.Hint = assertions.Unusable
		}
	}
	return info
}

func seconds(ns int64) float64 { return float64(ns) / float64(time.Second) }

// endAttrs are the figures of a run that only its process knew.
func (r *run) endAttrs() map[string]string {
	a := map[string]string{}
	put := func(k string, v int64) { a[k] = strconv.FormatInt(v, 10) }
	if r.failure != "" {
		a[attrFailed] = r.failure
	}
	if runner := r.runner.Load(); runner != nil {
		st := runner.Stats()
		put("lag_p50_ns", int64(st.LagP50))
		put("lag_p99_ns", int64(st.LagP99))
		put("lag_max_ns", int64(st.LagMax))
		put("not_due", r.schedule.Planned()-st.Due)
	}
	p50, p99, worst := r.mock.Lateness()
	put("late_p50_ns", int64(p50))
	put("late_p99_ns", int64(p99))
	put("refused_connections", int64(r.mock.Refused()))
	put("late_max_ns", int64(worst))
	for k, v := range harnessSample() {
		a[k] = v
	}
	return a
}
