package plans

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
)

// Ports that a target gets: below those that systems give to whoever asks for
// any port (Linux from 32768 on, others from 49152 on). From there a second run
// on the machine could be given the same one in the moment before the target
// listens, and would then send its load to this run's service.
const (
	portLow   = 20_000
	portCount = 12_000
	portTries = 100
)

// portsTried counts the ports that this process has tried.
var portsTried atomic.Uint32

// freePort returns the asked port, or for 0 one that is free now. Between this
// and the target's own listen someone else may take it: the target then says so
// in its log, which the error of a target that is never ready quotes.
func (r *run) freePort(asked int) (int, error) {
	if asked != 0 {
		return r.tryPort(asked)
	}
	// Processes begin far apart, and no port is tried twice by one: its runs may
	// go on side by side, and none listens yet when the next one looks.
	for range portTries {
		n := int(portsTried.Add(1))
		if port, err := r.tryPort(portLow + (os.Getpid()*7919+n*101)%portCount); err == nil {
			return port, nil
		}
	}
	return r.tryPort(0)
}

func (r *run) tryPort(port int) (int, error) {
	l, err := r.opt.Network.Listen("127.0.0.1:" + strconv.Itoa(port))
	if err != nil {
		return 0, fmt.Errorf("target.port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
