package assertions

import (
	"fmt"
	"math"
)

var retryJitterEntry = Entry{
	ID: "retries.jitter", Number: "R5",
	Claim: "Retries of calls that failed together do not come back together.",
	Doc: "The spread of the waits before retries without a Retry-After, relative to their mean, pooled over kind of step, model and number of the " +
		"try; the spread of queueing is subtracted, and must be the smaller part.",
	Source: SourceVendor, SourceNote: "the OpenAI SDKs spread by 8 %, Bifrost by 12 %, full jitter by 58 %",
	SoundSide:   "fail: queueing adds spread and never removes any",
	Confounders: []string{"C1 queueing inside the target looks like jitter", "waits too short to tell from queueing cannot be judged"},
	Calls:       true, Exposed: "retries without Retry-After",
	FedBy: fed(passing, empty, []string{"eof_no_done", "in_stream_error"}), Hints: []Hint{Unhinted},
	Provoke: "- {http_500: {}, during: %s, probability: 0.3}", Need: jitterGaps,
	New: func() Check { return &RetryJitter{Spread: 0.05} },
}

// RetryJitter are the arguments of retries.jitter.
type RetryJitter struct {
	Spread Share `yaml:"spread" default:"5%" doc:"least standard deviation of the waits, relative to their mean"`
}

// Validate says what is wrong with the arguments.
func (c *RetryJitter) Validate() []Problem {
	if !(c.Spread > 0) || c.Spread > 0.5 {
		return []Problem{{"spread", "must be above 0 and at most 50%: waits spread evenly between 0 and their longest have 58%"}}
	}
	return nil
}

// jitterGaps is the least number of waits to judge a spread on: DESIGN section 7.
const jitterGaps = 100

// jitterNone is the part of the asked spread below which there surely is none:
// queueing only adds, so what is left of it is the policy's at most.
const jitterNone = 0.4

// pooled is a spread relative to the mean, pooled over groups of waits.
type pooled struct {
	n             int64
	degrees       float64
	spread, noise float64 // relative variances
	unknown       bool    // queueing was not measured
	waits         []int64
}

// add pools one group: waits that one policy should have drawn alike.
func (p *pooled) add(gaps []gap) {
	values := make([]int64, len(gaps))
	var noise float64
	for i, g := range gaps {
		values[i] = g.ns
		if g.queueing == nil {
			p.unknown = true
			continue
		}
		noise += g.queueing.variance
	}
	p.waits = append(p.waits, values...)
	if len(gaps) < 2 {
		return
	}
	free := float64(len(gaps) - 1)
	p.n += int64(len(gaps))
	p.degrees += free
	mean, variance := moments(values)
	if mean <= 0 {
		return // no wait at all: nothing is spread
	}
	p.spread += free * variance / (mean * mean)
	p.noise += free * (noise / float64(len(gaps))) / (mean * mean)
}

func (c *RetryJitter) examine(v *view) exam {
	e := exam{label: "spread of the waits, relative to their mean", threshold: quantity(float64(c.Spread), "share", ">="), need: jitterGaps, joined: true, retries: true, rests: fitness{pace: true}}
	var p pooled
	groups, order := v.groupedWaits()
	for _, key := range order {
		p.add(groups[key])
		for _, g := range groups[key] {
			e.shown = append(e.shown, clue{req: g.req, guilty: g.to, weight: -g.ns, what: fmt.Sprintf("waited %s before retry %d", millis(g.ns), g.retriesAt)})
		}
	}
	e.exposure, e.samples = p.n, int64(len(p.waits))
	if p.n == 0 {
		e.exposure = 0
		e.exposed = "two retries of the same number, kind and model without Retry-After"
		return e
	}
	seen := math.Sqrt(p.spread / p.degrees)
	net := math.Sqrt(max(0, p.spread-p.noise) / p.degrees)
	e.measured = quantity(net, "share", "")
	m := medianOf(sorted(p.waits))
	e.details = append(e.details, fmt.Sprintf("spread %s as seen, %s without queueing; waited p50 %s", percent(seen), percent(net), millis(m.mid)))
	c.decide(v, &e, &p, seen, net, m)
	return e
}

func (c *RetryJitter) decide(v *view, e *exam, p *pooled, seen, net float64, m median) {
	want := float64(c.Spread)
	switch {
	case m.bounded && m.hi < noWait:
		e.verdict = Fail
		e.reason = fmt.Sprintf("nothing spreads the retries: half of them come back within %s", millis(m.hi))
		// The spread of waits that are none is a ratio of two noises.
		e.label = "half of the waits before a retry, at most"
		e.measured, e.threshold = quantity(msOf(m.hi), "ms", ""), quantity(msOf(noWait), "ms", ">=")
		e.source, e.note = SourceVendor, noWaitNote
		e.sure = noWaitSure
	case seen < jitterNone*want:
		e.verdict = Fail
		e.reason = fmt.Sprintf("the waits of %s differ by %s of their mean, and queueing can only add to that; %s asked", plural(p.n, "retry", "retries"), percent(seen), percent(want))
	case p.unknown:
		e.verdict, e.fix = Inconclusive, v.calibration()
		e.reason = v.unmeasured() + ", so jitter cannot be told from it"
	case net >= want && p.noise <= p.spread/2:
		e.verdict = Pass
		e.reason = fmt.Sprintf("the waits of %s differ by %s of their mean, queueing subtracted", plural(p.n, "retry", "retries"), percent(net))
	case net >= want:
		// Pauses that all calls share spread waits more than they spread first
		// attempts: what is left is the policy's only where queueing is small.
		e.verdict, e.fix = Inconclusive, v.slower()
		e.reason = fmt.Sprintf("most of the spread of %s is queueing: the %s left may be, too", percent(seen), percent(net))
	case seen >= want:
		e.verdict, e.fix = Inconclusive, v.slower()
		e.reason = fmt.Sprintf("the spread of %s may be queueing: without it %s are left, %s asked", percent(seen), percent(net), percent(want))
	default:
		e.verdict, e.fix = Inconclusive, v.slower()
		e.reason = fmt.Sprintf("the spread is %s: more than none, less than the %s asked", percent(seen), percent(want))
	}
}
