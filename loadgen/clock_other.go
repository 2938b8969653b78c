//go:build !linux

package loadgen

// RealClock returns the most exact clock of this machine.
func RealClock() Clock { return TimerClock() }
