package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

// errInterrupted is why a context ended: the user asked.
var errInterrupted = errors.New("interrupted")

// interruptible returns a context that the first Ctrl-C, SIGTERM or hang-up of
// the terminal cancels, and a channel that the second one closes: the first
// stops the load and waits for what is open, the second does not wait. The
// first prints what follows from it.
func interruptible(parent context.Context, w io.Writer, follows string) (ctx context.Context, hurry <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup means what it says
		signal.Notify(signals, syscall.SIGHUP)
	}
	second := make(chan struct{})
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for n := 0; ; n++ {
			select {
			case <-quit:
				return
			case <-signals:
			}
			switch n {
			case 0:
				fmt.Fprintln(w, "\nchaos: interrupted: "+follows)
				cancel(errInterrupted)
			case 1:
				fmt.Fprintln(w, "chaos: not waiting any longer (again: end at once, without a report)")
				close(second)
				signal.Stop(signals) // the third one kills; the target's watchdog sees to the rest
			}
		}
	}()
	return ctx, second, func() {
		signal.Stop(signals)
		close(quit)
		done.Wait()
		cancel(nil)
	}
}

// signalOf returns the signal that ended a child, 0 where it was none.
func signalOf(e *exec.ExitError) int {
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return int(ws.Signal())
	}
	return 0
}
