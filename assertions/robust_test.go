package assertions

import (
	"testing"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
)

// Silence never passes: of a run without records no check says that it went well.
func TestAnEmptyRunProvesNothing(t *testing.T) {
	for name, j := range map[string]journal.Journal{
		"nothing at all":     {},
		"cut after a header": {Cut: true},
		"only its end":       {Marks: []journal.Mark{{Kind: journal.MarkRunEnd}}},
	} {
		for setupName, s := range map[string]Setup{"no plan": {}, "a plan": newTale().setup} {
			out := Judge(&j, s, allSpecs(t))
			for _, f := range out.Assertions {
				want := Vacuous
				if j.Cut {
					want = Inconclusive
				}
				if f.Verdict != want {
					t.Errorf("%s, %s: %s: %s: %s", name, setupName, f.ID, f.Verdict, f.Reason)
				}
			}
			if v := Merge(out.Assertions); v == Pass || v == Fail {
				t.Errorf("%s: merged %s", name, v)
			}
		}
	}
}

// Whatever a journal holds, the judge ends with one of the five verdicts, and a
// pass rests on something.
func TestDamagedJournals(t *testing.T) {
	specs := allSpecs(t)
	rnd := draw.NewStream(7, "damage")
	for round := range 150 {
		tale := stormy()
		j := *tale.end()
		j.Cut = rnd.IntN(4) == 0
		j.Header.PlannedReqs = 0
		damage(rnd, &j, []int{8, 60, 600}[round%3])
		for _, f := range Judge(&j, tale.setup, specs).Assertions {
			if severityOf(f.Verdict) < 0 || f.Reason == "" {
				t.Fatalf("%s: verdict %q, reason %q", f.ID, f.Verdict, f.Reason)
			}
			if f.Verdict == Pass && (f.Exposure == 0 || j.Cut) {
				t.Fatalf("%s passes with exposure %d, cut %v", f.ID, f.Exposure, j.Cut)
			}
			if f.Verdict == Fail && len(f.Witnesses) == 0 {
				t.Fatalf("%s fails without a witness: %s", f.ID, f.Reason)
			}
		}
	}
}

// damage takes away one record in so many, and forgets stamps and outcomes of others.
func damage(rnd *draw.Stream, j *journal.Journal, odds int) {
	requests, attempts := make([]journal.Request, 0, len(j.Requests)), make([]journal.Attempt, 0, len(j.Attempts))
	for _, r := range j.Requests {
		switch rnd.IntN(odds) {
		case 0:
			continue
		case 1:
			r.Outcome, r.EndBy = journal.OutcomeNone, journal.EndRunEnd
		case 2:
			r.Dropped, r.SentNs, r.EndNs, r.Outcome = "max_in_flight", journal.Never, journal.Never, journal.OutcomeNone
		case 3:
			r.EndNs = journal.Never
		}
		requests = append(requests, r)
	}
	for _, a := range j.Attempts {
		switch rnd.IntN(odds) {
		case 0:
			continue
		case 1:
			a.End, a.EndNs = journal.AttemptRunEnd, journal.Never
		case 2:
			a.Key, a.Carrier = journal.Key{Phase: journal.PhaseAnon}, 0
		case 3:
			a.HeaderNs, a.LastNs, a.Status = journal.Never, journal.Never, 0
		case 4:
			a.PeerClosedNs = a.ArrivedNs
		}
		attempts = append(attempts, a)
	}
	j.Requests, j.Attempts = requests, attempts
}
