// Command speed measures what one second of a processor is worth to the mock
// model, and whether it keeps time when it has a core to itself.
//
//	go run ./.ci/speed            all three
//	go run ./.ci/speed answers    answers per CPU-second, beside @copilotkit/aimock
//	go run ./.ci/speed streams    2,000 streams of 50 tokens a second
//	go run ./.ci/speed rules      what 50 rules cost that never match
//
// It needs two cores, taskset, node and npm, and installs wrk (Debian) and
// @copilotkit/aimock (npm, by the lock file beside it) where they are missing.
//
// Method of answers. Three servers are measured: `chaos mock --check --out`, with
// its journal in a file, aimock with its journal (the last 1,000 calls, in memory,
// as it comes), and a net/http handler that does nothing but parse the body
// with encoding/json. Each has core 0 to itself, wrk has core 1: one thread, 64
// connections, the same request of 117 bytes again and again. Mock and aimock
// are told to say the same 500 bytes at once; the bodies around them are what
// each makes of it (the mock's is the longer one, 1,071 bytes to 793), and
// the bare handler's is as long as the mock's. After a warm-up of each, the
// three take turns in rounds. What counts is the answers that wrk counted over
// the user and system time of the server's process, from /proc/PID/stat before
// and after, all its threads included: that of the collector and, with the
// mock, that of writing the journal. A round with an answer other than 200 or
// a socket error is no round, and at the end the journal must hold a record of
// every answer. Printed are each round and the medians. The limit is five
// times aimock's.
//
// Methods of streams and rules: at the heads of streams.go and rules.go. The program
// ends with status 0 where all limits are kept, 1 where one is not, and 3 where the
// machine did not let it be seen.
//
// Both sides run before all else that the machine does, as far as the kernel
// lets them (the weight of their sessions, /proc/PID/autogroup, which takes
// root): what others do is not what is measured. On a machine with two busy
// neighbours the answers per CPU-second still fall, for the mock and net/http
// more than for aimock, as theirs are spent in the kernel; and where others
// take a tenth of a core away, 2,000 streams are late by what they take.
//
// SPEED_PROFILE=FILE keeps a CPU profile of the server that was started last.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	part := "all"
	if len(os.Args) > 1 {
		part = os.Args[1]
	}
	switch part {
	case "serve-mock", "serve-bare", "serve-sender", "client":
		child(part, os.Args[2:])
		return
	case "all", "answers", "streams", "rules":
	default:
		fail(fmt.Errorf("%q is none of answers, streams, rules: give one of them, or nothing for all", part))
	}
	dir, err := os.MkdirTemp("", "chaos-speed-")
	check(err)
	defer os.RemoveAll(dir)
	worst := good
	for _, p := range []struct {
		name string
		run  func(dir string) outcome
	}{{"answers", answers}, {"streams", streams}, {"rules", rules}} {
		if part == "all" || part == p.name {
			worst = max(worst, p.run(dir))
		}
	}
	if worst != good {
		os.RemoveAll(dir)
		os.Exit(status[worst])
	}
}

// outcome is what a part found. The worst of several counts: what was seen to be bad
// is so, whatever is not known.
type outcome int

const (
	good    outcome = iota
	unknown         // the machine did not let it be seen
	bad
)

// status is what the program ends with.
var status = [...]int{good: 0, unknown: 3, bad: 1}

// is returns good or bad.
func is(ok bool) outcome {
	if ok {
		return good
	}
	return bad
}

// child is a process that this program starts of itself.
func child(part string, args []string) {
	switch part {
	case "serve-mock":
		serveMock(args[0])
	case "serve-bare":
		serveBare()
	case "serve-sender":
		serveSender()
	case "client":
		client(args[0])
	}
}

// A server is a child process that says on its first line where it listens,
// ends when its standard input does, and then may say more.
type server struct {
	cmd  *exec.Cmd
	in   interface{ Close() error }
	out  *bufio.Scanner
	addr string
}

// serverCore and clientCore are the cores of the two sides.
const serverCore, clientCore = "0", "1"

// pinned returns a command that runs on one core alone, in a session of its own.
func pinned(core, name string, args ...string) *exec.Cmd {
	const first = `echo -20 2>/dev/null > /proc/self/autogroup; exec "$@"`
	cmd := exec.Command("taskset", append([]string{"-c", core, "sh", "-c", first, "sh", name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = os.Stderr
	return cmd
}

// self starts this program again as one of its children.
func self(part string, args ...string) *server {
	s := &server{cmd: pinned(serverCore, os.Args[0], append([]string{part}, args...)...)}
	in, err := s.cmd.StdinPipe()
	check(err)
	s.in = in
	s.start()
	s.addr = s.line()
	return s
}

func (s *server) start() {
	out, err := s.cmd.StdoutPipe()
	check(err)
	s.out = bufio.NewScanner(out)
	check(s.cmd.Start())
}

// line returns the next line that the child says.
func (s *server) line() string {
	if !s.out.Scan() {
		fail(fmt.Errorf("%s ended without a word: %v", strings.Join(s.cmd.Args, " "), s.cmd.Wait()))
	}
	return s.out.Text()
}

// stop ends the child and returns its last line, if it says one.
func (s *server) stop() string {
	if s.in == nil {
		check(s.cmd.Process.Signal(os.Interrupt))
		_ = s.cmd.Wait() // a signal ended it, or chaos had too little to judge
		return ""
	}
	check(s.in.Close())
	last := ""
	for s.out.Scan() {
		last = s.out.Text()
	}
	check(s.cmd.Wait())
	return last
}

// cpu returns the processor time that a process has used so far.
func cpu(pid int) time.Duration {
	b, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "stat"))
	check(err)
	// Behind the name, which may hold anything, state is field 3; user and
	// system time are fields 14 and 15, in hundredths of a second.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var user, system int64
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	check(err)
	return time.Duration(user+system) * time.Second / 100
}

func median(vs []float64) float64 {
	vs = slices.Sorted(slices.Values(vs))
	return vs[len(vs)/2]
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "speed:", err)
	os.Exit(2)
}
