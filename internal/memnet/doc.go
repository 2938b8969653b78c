// Package memnet is a network in memory, for whole runs in virtual time: it
// waits only on channels and sync.Cond, which testing/synctest takes as idle.
//
// Connections behave as TCP on Linux does where programs can tell: a bounded
// buffer, deadlines, half-close, and reset. What was sent before a reset or a
// close can still be read. Two things are simpler. A write to an end that has
// closed fails at once, where the first one would be lost in silence. And a
// reset is an error for good, where it would be one once.
package memnet
