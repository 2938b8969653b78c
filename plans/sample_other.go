//go:build !linux

package plans

// usage is what a process or a group of processes uses.
type usage struct {
	rssBytes int64
	fds      int64
	cpuNs    int64
	procs    int
}

// selfUsage and groupUsage know nothing where there is no /proc; the report
// then says "not measured".
func selfUsage() (usage, bool)     { return usage{}, false }
func groupUsage(int) (usage, bool) { return usage{}, false }

// groupAlive leaves the question to the kernel.
func groupAlive(int) (alive, known bool) { return false, false }
