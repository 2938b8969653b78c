package journal

import (
	"maps"
	"slices"
	"sync"
)

// MemSink is a Sink that keeps copies of all records, for tests and for runs
// of which nothing shall stay.
type MemSink struct {
	mu       sync.Mutex
	requests []Request
	attempts []Attempt
	marks    []Mark
}

// Request keeps a request.
func (s *MemSink) Request(r *Request) {
	c := *r
	c.Headers, c.Marks, c.MarkFindings = maps.Clone(r.Headers), slices.Clone(r.Marks), slices.Clone(r.MarkFindings)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, c)
}

// Attempt keeps an attempt.
func (s *MemSink) Attempt(a *Attempt) {
	c := *a
	c.Rules, c.Emitted = slices.Clone(a.Rules), slices.Clone(a.Emitted)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, c)
}

// Mark keeps a mark.
func (s *MemSink) Mark(m *Mark) {
	c := *m
	c.Attrs, c.OpenRequests, c.OpenAttempts = maps.Clone(m.Attrs), slices.Clone(m.OpenRequests), slices.Clone(m.OpenAttempts)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks = append(s.marks, c)
}

// Requests returns the requests so far, in the order in which they came.
func (s *MemSink) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Attempts returns the attempts so far, in the order in which they came.
func (s *MemSink) Attempts() []Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attempts)
}

// Marks returns the marks so far, in the order in which they came.
func (s *MemSink) Marks() []Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.marks)
}

// Journal returns the records so far as Load would: Cut unless the last mark is
// run.end. h stands in for the header.
func (s *MemSink) Journal(h Header) *Journal {
	l := loader{journal: &Journal{Cut: true}, names: names{}}
	l.add(Record{Header: &h})
	for _, r := range s.Requests() {
		l.add(Record{Request: &r})
	}
	for _, a := range s.Attempts() {
		l.add(Record{Attempt: &a})
	}
	marks := s.Marks()
	for _, m := range marks {
		l.add(Record{Mark: &m})
	}
	if n := len(marks); n > 0 {
		l.journal.Cut = marks[n-1].Kind != MarkRunEnd
	}
	l.censor()
	return l.journal
}
