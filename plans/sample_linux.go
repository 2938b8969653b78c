package plans

import (
	"bytes"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// clockTick is the unit of CPU times in /proc: USER_HZ is 100 on every
// architecture that Go runs on.
const clockTick = 10_000_000

// selfUsage reads this process's use from /proc.
func selfUsage() (usage, bool) { return processUsage("self") }

// groupUsage sums the use of all processes of a process group.
func groupUsage(pgid int) (usage, bool) {
	var sum usage
	for pid := range groupMembers(pgid) {
		if u, ok := processUsage(pid); ok {
			sum.rssBytes += u.rssBytes
			sum.fds += u.fds
			sum.cpuNs += u.cpuNs
			sum.procs++
		}
	}
	return sum, sum.procs > 0
}

// groupAlive reports whether a process group has a process that is not dead: one
// that has ended, and that no parent has taken note of, still has its entry.
func groupAlive(pgid int) (alive, known bool) {
	for _, state := range groupMembers(pgid) {
		known = true
		// Z is a zombie, X is dead: proc(5).
		alive = alive || state != "Z" && state != "X"
	}
	return alive, known
}

// groupMembers yields the processes of a group with their state.
func groupMembers(pgid int) iter.Seq2[string, string] {
	return func(yield func(pid, state string) bool) {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return
		}
		for _, e := range entries {
			if _, err := strconv.Atoi(e.Name()); err != nil {
				continue
			}
			stat, err := statFields(e.Name())
			if err == nil && len(stat) > 2 && stat[2] == strconv.Itoa(pgid) && !yield(e.Name(), stat[0]) {
				return
			}
		}
	}
}

// statFields returns /proc/PID/stat from the state on; the command before it
// may hold spaces and parentheses. Index 2 is the process group, 11 and 12 are
// user and system time: proc(5).
func statFields(pid string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return nil, err
	}
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return nil, os.ErrInvalid
	}
	return strings.Fields(string(b[i+1:])), nil
}

func processUsage(pid string) (usage, bool) {
	stat, err := statFields(pid)
	if err != nil || len(stat) < 22 {
		return usage{}, false
	}
	num := func(i int) int64 { n, _ := strconv.ParseInt(stat[i], 10, 64); return n }
	u := usage{cpuNs: (num(11) + num(12)) * clockTick, rssBytes: num(21) * int64(os.Getpagesize()), procs: 1}
	if fds, err := os.ReadDir(filepath.Join("/proc", pid, "fd")); err == nil {
		u.fds = int64(len(fds))
	}
	return u, true
}
