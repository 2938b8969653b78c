// Package assertions says what a run proves. It folds the records of a journal
// into figures and judges properties on them: pure, no clock, no I/O, the same
// bytes for the same records in whatever order they come.
//
// The parts, in the order in which data flows:
//
//   - history.go joins requests with the attempts made for them, relation.go names the
//     relation of each attempt to the one before (retry, hedge, fallback ...).
//   - fold.go and its neighbours count and measure: load, phases, faults, join, cost.
//   - One file per family of checks looks at the history and says what it saw.
//   - judge.go turns that into one of five verdicts, in one order for all checks.
//
// A new check is one file with a struct of arguments, and one line in
// [Catalogue].
package assertions
