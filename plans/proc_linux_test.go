package plans

import (
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestGroupOfTheDead: a process that has ended and that nobody took note of is
// none that is left. In a container whose first process is chaos, every child of
// a target's wrapper ends like that.
func TestGroupOfTheDead(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "echo; read _; exit 0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	g := &group{pgid: cmd.Process.Pid}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if alive, known := groupAlive(g.pgid); !alive || !known {
		t.Errorf("a process that waits: alive %v, known %v", alive, known)
	}
	if g.gone(time.Nanosecond) {
		t.Error("its group is gone while it waits")
	}
	in.Close()
	if _, err := io.ReadAll(out); err != nil {
		t.Fatal(err)
	}
	for { // its output ends a moment before it does
		if alive, _ := groupAlive(g.pgid); !alive {
			break
		}
		runtime.Gosched()
	}
	if err := syscall.Kill(-g.pgid, 0); err != nil {
		t.Fatalf("the kernel knows it no more, so this shows nothing: %v", err)
	}
	if !g.gone(time.Minute) {
		t.Error("a zombie counts as left")
	}
	if alive, known := groupAlive(1 << 30); alive || known {
		t.Errorf("a group that never was: alive %v, known %v", alive, known)
	}
}
