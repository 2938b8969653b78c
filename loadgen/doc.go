// Package loadgen decides when requests are due and what they ask, sends each
// at its instant, and writes down what the user got.
//
// In the order in which data flows:
//
//	Config    the part `load` of a plan: phases or a trace, mix, tenants
//	Schedule  its arrivals, counted exactly before the run and never held in memory
//	Runner    the open-loop generator: a Clock to wait with, a goroutine per request
//	Client    a Doer: HTTP, and answers of each format read as they come
//	judge     the outcome: the first of eleven rules that holds
//
// The load is open: a request is due when the schedule says, whether or not the
// target is ready. It is never sent early and never sent twice. What cannot be
// sent is dropped with its reason; what is late is sent at once, with its lag on
// record. Due times are integers of a microsecond (of a trace: its own ticks),
// the same on every machine.
//
// A new arrival process is a case in gaps.next, a trace format a line in
// traceFormats, a response format a file format_NAME.go and a line in formats.
package loadgen
