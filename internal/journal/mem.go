package journal

import "sync"

// MemSink keeps copies of all records, for tests.
type MemSink struct {
	mu       sync.Mutex
	requests []Request
	attempts []Attempt
	marks    []Mark
}

// Request implements Sink.
func (s *MemSink) Request(r *Request) {
	s.mu.Lock()
	s.requests = append(s.requests, *r)
	s.mu.Unlock()
}

// Attempt implements Sink.
func (s *MemSink) Attempt(a *Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := *a
	c.Rules = append([]RuleHit(nil), a.Rules...)
	c.Emitted = append([]Point(nil), a.Emitted...)
	s.attempts = append(s.attempts, c)
}

// Mark implements Sink.
func (s *MemSink) Mark(m *Mark) { s.mu.Lock(); s.marks = append(s.marks, *m); s.mu.Unlock() }

// Requests returns what came so far.
func (s *MemSink) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Attempts returns what came so far.
func (s *MemSink) Attempts() []Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Attempt(nil), s.attempts...)
}

// Marks returns what came so far.
func (s *MemSink) Marks() []Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mark(nil), s.marks...)
}
