//go:build unix

package plans

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// group is a target's process group: the command, and whatever it started.
type group struct {
	cmd      *exec.Cmd
	pgid     int
	watchdog *exec.Cmd
	leash    io.Closer     // the watchdog ends the group when this closes unexpectedly
	exited   chan struct{} // closed when the command itself has ended
	err      error         // how it ended; read after exited
}

// startGroup starts cmd in a process group with a watchdog that ends the group
// if this process dies without doing so, kill -9 included. The watchdog is a
// shell that waits on a pipe: only the kernel can be relied on to act for a
// process that was killed, and closing its pipes is what it does. The watchdog
// comes first and leads the group, so there is no instant at which the target
// runs unwatched.
func startGroup(cmd *exec.Cmd) (*group, error) {
	g := &group{cmd: cmd, exited: make(chan struct{})}
	if err := g.watch(); err != nil {
		return nil, fmt.Errorf("start the watchdog of the target: %w", err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: g.pgid}
	// A child that keeps the output pipe open must not hold up Wait.
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		g.release()
		return nil, err
	}
	go func() {
		g.err = cmd.Wait()
		close(g.exited)
	}()
	return g, nil
}

// how says in a few words how the command ended. Not before exited.
func (g *group) how() string {
	if g.err != nil {
		return g.err.Error()
	}
	return "exit status 0"
}

// watchScript reads until the pipe closes, then ends its own group: politely,
// and after 2 s for good. It ignores the signals that a terminal sends, as
// Ctrl-C must leave it in place, and its own SIGTERM. `kill 0` is the group of
// the caller: POSIX, kill(1).
const watchScript = `trap '' INT TERM HUP; read _; kill -s TERM 0; sleep 2; kill -s KILL 0`

func (g *group) watch() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	dog := exec.Command("/bin/sh", "-c", watchScript, "chaos-watchdog")
	dog.Stdin = r
	dog.Env = []string{"PATH=/bin:/usr/bin"}
	dog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := dog.Start(); err != nil {
		w.Close()
		return err
	}
	g.watchdog, g.leash, g.pgid = dog, w, dog.Process.Pid
	return nil
}

// orphanGrace is what children of a target get to end once it has.
const orphanGrace = 100 * time.Millisecond

// stop ends the group: SIGTERM, then SIGKILL after grace. It returns when no
// process of the group is left, or an error that says which group is.
func (g *group) stop(grace time.Duration) error {
	_ = syscall.Kill(-g.pgid, syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-g.exited:
		timer.Reset(orphanGrace)
		<-timer.C
	case <-timer.C:
	}
	g.release()
	_ = syscall.Kill(-g.pgid, syscall.SIGKILL)
	if g.gone(3 * time.Second) {
		<-g.exited
		return nil
	}
	return fmt.Errorf("processes of the target's group %d are still there after SIGKILL", g.pgid)
}

// gone waits until the group has no process left, at most for d. There is no
// event for that, only a question: signal 0. It is answered for the dead too
// until someone takes note of them, and in a container nobody may: the first
// process there is often chaos itself, which has children that it never
// started. So the answer is looked at twice.
func (g *group) gone(d time.Duration) bool {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if errors.Is(syscall.Kill(-g.pgid, 0), syscall.ESRCH) {
			return true
		}
		if alive, known := groupAlive(g.pgid); known && !alive {
			return true
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return false
		}
	}
}

// release ends the watchdog, which has nothing left to watch. It is killed
// before the leash is let go, as that is what it acts on.
func (g *group) release() {
	_ = g.watchdog.Process.Kill()
	_ = g.watchdog.Wait()
	_ = g.leash.Close()
}

// fileLimit returns how many files this process may have open. The Go runtime
// has raised the soft limit to the hard one at start.
func fileLimit() (uint64, bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
