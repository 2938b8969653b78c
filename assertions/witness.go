package assertions

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// clue is one request that breaks a claim, or shows why a figure is what it is.
type clue struct {
	req    *request
	guilty *attempt // the attempt that breaks the claim; nil: the request does
	what   string   // in one line
	weight int64    // how bad it is; the worst are shown
}

// timelineMax bounds the lines of a timeline; what lies far from the guilty
// attempts is left out and counted.
const timelineMax = 24

// worst returns the witnesses to show: the worst clues, one a request, then by
// due instant.
func (v *view) worst(clues []clue) []Witness {
	picked := slices.Clone(clues)
	slices.SortStableFunc(picked, func(a, b clue) int {
		return cmp.Or(-cmp.Compare(a.weight, b.weight), cmp.Compare(a.req.DueNs, b.req.DueNs),
			cmp.Compare(a.req.Key.Phase, b.req.Key.Phase), cmp.Compare(a.req.Key.Index, b.req.Key.Index))
	})
	out := []Witness{}
	shown := map[*request]bool{}
	for _, c := range picked {
		if shown[c.req] {
			continue
		}
		shown[c.req] = true
		out = append(out, v.witness(c, clues))
		if len(out) == WitnessesMax {
			break
		}
	}
	return out
}

// witness tells the story of a request. Every attempt of it that breaks the
// claim is marked, not only the worst.
func (v *view) witness(c clue, all []clue) Witness {
	r := c.req
	w := Witness{Request: r.Key.String(), Tenant: r.Tenant, What: c.what}
	if r.phase >= 0 {
		p := v.h.phases[r.phase]
		w.Phase, w.PhaseS = p.Name, ptr(sOf(r.DueNs-p.FromNs))
	}
	notes := map[*attempt]string{}
	for _, o := range all {
		if o.req == r && o.guilty != nil {
			notes[o.guilty] = o.what
		}
	}
	w.Timeline = timeline(r, notes)
	return w
}

// timeline is the client's and the provider's side of one request, in
// milliseconds since it was due. guilty are the attempts that break a claim.
func timeline(r *request, guilty map[*attempt]string) []Event {
	var events []Event
	client := func(ns int64, event, note string, status int) {
		if ns >= 0 {
			events = append(events, Event{TMs: msOf(ns - r.DueNs), Lane: LaneClient, Event: event, Status: status, Note: note})
		}
	}
	if !r.sent() {
		client(r.DueNs, "due", "not sent: "+r.Dropped, 0)
	}
	client(r.SentNs, "sent", r.ModelAsked, 0)
	events = append(events, providerEvents(r, guilty)...)
	client(r.FirstNs, "first", "first content", 0)
	client(r.EndNs, "end", endNote(r), r.Status)
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.TMs, b.TMs) })
	return events
}

// endNote says what the user got.
func endNote(r *request) string {
	parts := []string{r.outcomeName()}
	if r.outcomeName() == "" {
		parts[0] = "no outcome"
	}
	if r.OutcomeReason != "" {
		parts = append(parts, numbered(r, r.OutcomeReason))
	}
	if r.EndBy != journal.EndServer && r.EndBy != "" && r.Outcome != journal.OutcomeTimeout {
		parts = append(parts, "ended by "+string(r.EndBy))
	}
	return strings.Join(parts, ", ")
}

// attemptID is how an outcome's reason names the attempt of a watermark.
var attemptID = regexp.MustCompile(`attempt [0-9]+`)

// numbered names the attempts of the request itself by their number in it, as
// its timeline does, and not by their number in the run.
func numbered(r *request, reason string) string {
	return attemptID.ReplaceAllStringFunc(reason, func(name string) string {
		for _, a := range r.attempts {
			if name == fmt.Sprintf("attempt %d", a.MarkID) {
				return fmt.Sprintf("attempt %d", a.number)
			}
		}
		return name + " of the run"
	})
}

// providerEvents are the lines of the provider; of long chains only the start,
// the end and what is near a guilty attempt.
func providerEvents(r *request, guilty map[*attempt]string) []Event {
	keep := make([]bool, len(r.attempts))
	near := func(i int) {
		for j := max(0, i-1); j <= min(i, len(keep)-1); j++ {
			keep[j] = true
		}
	}
	room := timelineMax
	for i, a := range r.attempts {
		_, is := guilty[a]
		if len(r.attempts) <= timelineMax || i < 3 || i >= len(keep)-2 || is && room > 0 {
			near(i)
			room--
		}
	}
	var events []Event
	skipped := 0
	for i, a := range r.attempts {
		if !keep[i] {
			skipped++
			continue
		}
		if skipped > 0 {
			events = append(events, Event{TMs: msOf(a.ArrivedNs - r.DueNs), Lane: LaneProvider, Event: "skipped", Note: strconv.Itoa(skipped) + " more attempts"})
			skipped = 0
		}
		what, is := guilty[a]
		e := providerEvent(r, a)
		if e.Guilty = is; is {
			e.Note = what
		}
		events = append(events, e)
	}
	return events
}

func providerEvent(r *request, a *attempt) Event {
	e := Event{
		TMs: msOf(a.ArrivedNs - r.DueNs), Lane: LaneProvider, Event: "attempt", Attempt: a.number, Status: a.Status,
		Kind: a.Kind, Model: a.ModelAsked, Relation: string(a.relation), Rule: a.rule,
	}
	if a.EndNs >= 0 {
		e.EndMs = ptr(msOf(a.EndNs - r.DueNs))
	}
	if a.RetryAfterNs >= 0 {
		e.RetryAfterMs = ptr(msOf(a.RetryAfterNs))
	}
	if a.relation.isRetry() {
		e.Note = "waited " + millis(max(0, a.ArrivedNs-a.prev.knownNs))
	}
	if a.HeldNs > 0 {
		e.Note = strings.TrimPrefix(e.Note+", held "+millis(a.HeldNs)+" by a barrier", ", ")
	}
	if a.End != journal.AttemptComplete && a.End != "" {
		e.Note = strings.TrimPrefix(e.Note+", ended by "+string(a.End), ", ")
	}
	return e
}

// Story is all that the journal knows of one request, of the load or of the
// trial. false: the journal has no such request.
func Story(j *journal.Journal, key journal.Key) (Witness, bool) {
	h := newHistory(j, Setup{})
	v := &view{h: h, spec: &Spec{}, entry: &Entry{}}
	for _, list := range [][]*request{h.reqs, h.trial} {
		for _, r := range list {
			if r.Key == key {
				what := endNote(r)
				if h.alone() {
					what = "" // nobody knows what came of it
				}
				return v.witness(clue{req: r, what: what}, nil), true
			}
		}
	}
	return Witness{}, false
}
