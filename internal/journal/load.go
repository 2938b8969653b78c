package journal

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Journal is all of a run, in memory. Records stand in the order in which they
// were written.
type Journal struct {
	Header   Header
	Requests []Request
	Attempts []Attempt
	Marks    []Mark // the open lists only in the last inflight marks
	Cut      bool   // the last record is not run.end
	Lost     int64  // records of attempts that a bounded memory has dropped; a file loses none
	LastNs   int64  // latest stamp of anything that happened; 0 if nothing did

	// Open in the last inflight mark and without a record: no outcome, never an
	// orphan, never a witness.
	CensoredRequests map[Key]bool
	CensoredAttempts map[uint64]bool
}

// Load reads the journal at path.
func Load(path string) (*Journal, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	j, err := ReadAll(r)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), r.Close())
	}
	return j, r.Close()
}

// ReadAll reads all that r has left, from the header on.
func ReadAll(r *Reader) (*Journal, error) {
	l := loader{journal: new(Journal), names: names{}}
	for first := true; ; first = false {
		rec, err := r.Next()
		if err == io.EOF && first {
			return nil, errors.New("journal: cut before its header was written")
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		l.add(rec)
	}
	l.journal.Cut = r.Cut()
	l.censor()
	return l.journal, nil
}

// loader collects records.
type loader struct {
	journal *Journal
	names   names

	// Indices in Marks of the last inflight marks: those of the last instant
	// that is complete, and those of a later one that is not.
	whole, part []int
}

func (l *loader) add(rec Record) {
	j := l.journal
	switch {
	case rec.Header != nil:
		j.Header = *rec.Header
	case rec.Request != nil:
		l.names.request(rec.Request)
		j.LastNs = max(j.LastNs, rec.Request.last())
		j.Requests = append(j.Requests, *rec.Request)
	case rec.Attempt != nil:
		l.names.attempt(rec.Attempt)
		j.LastNs = max(j.LastNs, rec.Attempt.last())
		j.Attempts = append(j.Attempts, *rec.Attempt)
	case rec.Mark != nil:
		j.LastNs = max(j.LastNs, rec.Mark.TNs)
		j.Marks = append(j.Marks, *rec.Mark)
		if rec.Mark.Kind == MarkInflight {
			l.inflight(len(j.Marks) - 1)
		}
	}
}

// inflight keeps the lists of the newest instant and drops those of the ones
// before: a mark a second, each with all that is open, would soon be more than
// the records.
func (l *loader) inflight(i int) {
	marks := l.journal.Marks
	if len(l.part) > 0 && marks[l.part[0]].TNs != marks[i].TNs {
		l.drop(l.part)
		l.part = nil
	}
	l.part = append(l.part, i)
	if marks[i].Value == 0 {
		l.drop(l.whole)
		l.whole, l.part = l.part, nil
	}
}

func (l *loader) drop(marks []int) {
	for _, i := range marks {
		l.journal.Marks[i].OpenRequests, l.journal.Marks[i].OpenAttempts = nil, nil
	}
}

// censor finds what was open at last and has no record.
func (l *loader) censor() {
	j := l.journal
	requests, attempts := map[Key]bool{}, map[uint64]bool{}
	for _, i := range slices.Concat(l.whole, l.part) {
		for _, k := range j.Marks[i].OpenRequests {
			requests[k] = true
		}
		for _, id := range j.Marks[i].OpenAttempts {
			attempts[id] = true
		}
	}
	for i := range j.Requests {
		delete(requests, j.Requests[i].Key)
	}
	for i := range j.Attempts {
		delete(attempts, j.Attempts[i].ID)
	}
	j.CensoredRequests, j.CensoredAttempts = requests, attempts
}

// last returns the latest stamp of what happened to r. A deadline is none.
func (r *Request) last() int64 {
	return max(r.DueNs, r.DispatchNs, r.ConnNs, r.SentNs, r.WroteNs, r.HeaderNs, r.FirstNs, r.LastNs, r.TerminalNs, r.EndNs)
}

// last returns the latest stamp of what happened to a. EarliestNs lies ahead.
func (a *Attempt) last() int64 {
	return max(a.ArrivedNs, a.BodyNs, a.AdmittedNs, a.HeaderNs, a.FirstNs, a.LastNs, a.EndNs, a.PeerClosedNs)
}

// names keeps one copy of each of the few names that stand in every record.
type names map[string]string

// namesMax bounds a file with as many names as records.
const namesMax = 1 << 14

func (n names) one(s *string) {
	if *s == "" || len(*s) > 64 {
		return
	}
	if known, ok := n[*s]; ok {
		*s = known
	} else if len(n) < namesMax {
		n[*s] = *s
	}
}

func (n names) request(r *Request) {
	for _, s := range [...]*string{
		&r.Key.Phase, &r.Tenant, &r.Mix, &r.ModelAsked, &r.ModelDeclared, &r.Finish, &r.TerminalKind, &r.DegradedKind,
		(*string)(&r.Purpose), (*string)(&r.EndBy), (*string)(&r.Outcome), &r.ErrorCode, &r.OutcomeReason,
	} {
		n.one(s)
	}
	for i := range r.Marks {
		n.one(&r.Marks[i].Key.Phase)
		n.one(&r.Marks[i].Tenant)
		n.one(&r.Marks[i].Model)
	}
}

func (n names) attempt(a *Attempt) {
	for _, s := range [...]*string{
		&a.Key.Phase, &a.Tenant, &a.Endpoint, &a.Dialect, &a.Kind, &a.ModelAsked, &a.ModelServed, &a.Code,
		(*string)(&a.End), (*string)(&a.Cause), &a.HintRaw, &a.QuotaKey, &a.SDK, &a.Source,
	} {
		n.one(s)
	}
	for i := range a.Rules {
		n.one(&a.Rules[i].Name)
		n.one((*string)(&a.Rules[i].State))
		n.one(&a.Rules[i].Slot)
	}
}
