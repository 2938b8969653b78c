//go:build unix

package tcpproxy

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
)

// requireReal, set to anything, makes it a failure that a server is not there.
const requireReal = "CHAOS_REQUIRE_REAL_SERVERS"

// program returns where a program of Debian's packages is.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	// Debian keeps those of a PostgreSQL server out of the path.
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1]
	}
	say := name + " is not installed (Debian: apt-get install redis-server postgresql)"
	if os.Getenv(requireReal) != "" {
		t.Fatal(say + ", and " + requireReal + " is set")
	}
	t.Skip(say)
	return ""
}

// freePort returns a port that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// server is a process that a test has started.
type server struct {
	t    *testing.T
	addr string
	port string
	as   *syscall.SysProcAttr
	dir  string
	log  bytes.Buffer
}

// newServer prepares a folder and a port. A PostgreSQL refuses to run as root.
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, port: freePort(t), dir: t.TempDir()}
	s.addr = "127.0.0.1:" + s.port
	if os.Getuid() != 0 {
		return s
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	s.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	for dir := s.dir; strings.HasPrefix(dir, filepath.Clean(os.TempDir())+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(s.dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(program(s.t, name), args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, s.as, &s.log, &s.log
	return cmd
}

// start runs the server until the test ends, and waits until ready holds.
func (s *server) start(ready func() bool, name string, args ...string) {
	s.t.Helper()
	cmd := s.command(name, args...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // to both it is a quick and orderly end
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	eventually(s.t, name+" answers", func() bool {
		select {
		case <-ended:
			s.t.Fatalf("%s has ended: %s", name, s.log.String())
		default:
		}
		return ready()
	})
}

// eventually waits for what comes when others have done their work.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("in 30 s never: %s", what)
		}
	}
}

// proxyTo serves a proxy before a real server.
func proxyTo(t *testing.T, upstream string, rules ...faults.Rule) *rig {
	t.Helper()
	r := &rig{t: t, net: &tcpNet{}, started: time.Now()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	r.proxy = New(Config{Name: "cache", Upstream: upstream}, Options{Epoch: journal.NewEpoch(), Sink: r})
	r.faults(rules...)
	r.served.Add(1)
	go func() { defer r.served.Done(); _ = r.proxy.Serve(l) }()
	r.stop = append(r.stop, func() { _ = r.proxy.Close(); r.served.Wait() })
	t.Cleanup(r.close)
	return r
}

// realFaults is what a real client must notice. Nothing is asked of times but
// that they are not shorter than the fault makes them.
type realFault struct {
	words string
	rule  func(t *testing.T) []faults.Rule
	state string // of the record
}

var unharmed = realFault{"no fault", func(*testing.T) []faults.Rule { return nil }, ""}

func slow(t *testing.T) []faults.Rule {
	return []faults.Rule{latency(t, 100*ms, faults.Both)}
}

func narrow(t *testing.T) []faults.Rule { return []faults.Rule{bandwidth(t, 100_000, faults.Down)} }

func ends(name string, after int) func(*testing.T) []faults.Rule {
	return func(t *testing.T) []faults.Rule { return []faults.Rule{ending(t, name, after)} }
}

func refuses(t *testing.T) []faults.Rule { return []faults.Rule{fault(t, "tcp_refuse", nil)} }

// within runs a client's program, for so long at most.
func within(d time.Duration, cmd *exec.Cmd) (out, errs string, code int, took time.Duration, killed bool) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	var o, e bytes.Buffer
	c := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	c.Env, c.Stdout, c.Stderr = cmd.Env, &o, &e
	began := time.Now()
	_ = c.Run()
	return o.String(), e.String(), c.ProcessState.ExitCode(), time.Since(began), ctx.Err() != nil
}
