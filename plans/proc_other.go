//go:build !unix

package plans

import (
	"errors"
	"os/exec"
	"time"
)

type group struct {
	exited chan struct{}
	err    error
	pgid   int
}

// startGroup refuses: without process groups chaos cannot promise that the
// target's children end with it.
func startGroup(*exec.Cmd) (*group, error) {
	return nil, errors.New("target.command needs a Unix system; start the service yourself and use target.url with provider.listen")
}

func (g *group) how() string { return "" }

func (g *group) stop(time.Duration) error { return nil }

func fileLimit() (uint64, bool) { return 0, false }
