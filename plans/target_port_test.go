package plans

import (
	"net"
	"strconv"
	"testing"
)

// TestFreePort: a target's port is none that a system would give to somebody
// else, one that is taken is passed over, and an asked one is given or refused.
func TestFreePort(t *testing.T) {
	r := &run{opt: RunOptions{Network: newTCPNetwork()}}
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	seen := map[int]bool{}
	for range 3 {
		port, err := r.freePort(0)
		if err != nil || port < portLow || port >= portLow+portCount || seen[port] {
			t.Fatalf("port %d, %v; seen %v", port, err, seen)
		}
		if other, err := r.freePort(0); err != nil || other == port {
			t.Errorf("a run beside it gets port %d as well, %v", other, err)
		}
		seen[port] = true
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
		if _, err := r.freePort(port); err == nil {
			t.Errorf("port %d was given twice", port)
		}
	}
}
