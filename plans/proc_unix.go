//go:build unix

package plans

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
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

// startGroup starts cmd in a process group of its own, with a watchdog that
// ends the group if this process dies without doing so, kill -9 included. The
// watchdog is a shell that waits on a pipe: only the kernel can be relied on
// to act for a process that was killed, and closing its pipes is what it does.
func startGroup(cmd *exec.Cmd) (*group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A child that keeps the output pipe open must not hold up Wait.
	cmd.WaitDelay = 2 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &group{cmd: cmd, pgid: cmd.Process.Pid, exited: make(chan struct{})}
	if err := g.watch(); err != nil {
		_ = syscall.Kill(-g.pgid, syscall.SIGKILL)
		_ = cmd.Wait()
		return nil, fmt.Errorf("start the watchdog of the target: %w", err)
	}
	go func() {
		g.err = cmd.Wait()
		close(g.exited)
	}()
	return g, nil
}

// watchScript reads until the pipe closes, then ends the group: politely,
// and after 2 s for good. It ignores the signals that a terminal sends, as
// Ctrl-C must leave it in place.
const watchScript = `trap '' INT TERM HUP; read _; kill -TERM -- -"$1" 2>/dev/null || exit 0; sleep 2; kill -KILL -- -"$1" 2>/dev/null; exit 0`

func (g *group) watch() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	dog := exec.Command("/bin/sh", "-c", watchScript, "chaos-watchdog", strconv.Itoa(g.pgid))
	dog.Stdin = r
	dog.Env = []string{"PATH=/bin:/usr/bin"}
	dog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := dog.Start(); err != nil {
		w.Close()
		return err
	}
	g.watchdog, g.leash = dog, w
	return nil
}

// stop ends the group: SIGTERM, then SIGKILL after grace. It returns when no
// process of the group is left, or an error that says which group is.
func (g *group) stop(grace time.Duration) error {
	defer g.release()
	_ = syscall.Kill(-g.pgid, syscall.SIGTERM)
	if g.gone(grace) {
		return nil
	}
	_ = syscall.Kill(-g.pgid, syscall.SIGKILL)
	if g.gone(3 * time.Second) {
		return nil
	}
	return fmt.Errorf("processes of the target's group %d are still there after SIGKILL", g.pgid)
}

// gone waits until the group has no process left, at most for d. There is no
// event for that, only a question: signal 0.
func (g *group) gone(d time.Duration) bool {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if errors.Is(syscall.Kill(-g.pgid, 0), syscall.ESRCH) {
			<-g.exited
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
// before the leash is let go: a group id may by then belong to someone else.
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
