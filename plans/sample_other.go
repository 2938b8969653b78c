//go:build !linux

package plans

// selfUsage and groupUsage know nothing where there is no /proc; the report
// then says "not measured".
func selfUsage() (usage, bool)     { return usage{}, false }
func groupUsage(int) (usage, bool) { return usage{}, false }

// groupAlive leaves the question to the kernel.
func groupAlive(int) (alive, known bool) { return false, false }
