package assertions

// Verdict is the judgement of one assertion, or of all of them.
type Verdict string

// Verdicts. NotApplicable is only given to a check of the standard bundle that
// has no subject in the plan; it does not count.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	Inconclusive  Verdict = "inconclusive" // not enough evidence
	Vacuous       Verdict = "vacuous"      // what the check is about never happened
	Error         Verdict = "error"        // the harness was unfit for this check
	NotApplicable Verdict = "not applicable"
)

// severity orders verdicts for Merge: the worst wins. A failure is worse than
// an unfit harness because a witness stays true on a bad harness.
var severity = map[Verdict]int{Fail: 4, Error: 3, Inconclusive: 2, Vacuous: 1, Pass: 0}

// severityOf is -1 for what is no verdict.
func severityOf(v Verdict) int {
	if s, ok := severity[v]; ok {
		return s
	}
	return -1
}

// Merge returns the verdict of a run: fail > error > inconclusive > vacuous >
// pass. Nothing judged is vacuous: silence never passes. A failure that the
// plan allows for now counts as a pass here and nowhere else.
func Merge(findings []Finding) Verdict {
	merged, judged := Pass, false
	for i := range findings {
		f := &findings[i]
		if f.Verdict == NotApplicable {
			continue
		}
		judged = true
		v := f.Verdict
		if v == Fail && f.AllowFail != nil && f.AllowFail.Active {
			v = Pass
		}
		if severityOf(v) < 0 {
			v = Error // a verdict that nobody gave is no pass
		}
		if severity[v] > severity[merged] {
			merged = v
		}
	}
	if !judged {
		return Vacuous
	}
	return merged
}
