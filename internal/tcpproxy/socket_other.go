//go:build !linux

package tcpproxy

import "net"

// wasReset would say whether a connection that reads as ended was reset. Without
// it, a reset that a write was told of passes as an end.
func wasReset(net.Conn) bool { return false }

// unsent would say how many bytes the other side's system has not taken yet.
// Without it, a reset may overtake what a slow reader has no room for.
func unsent(net.Conn) int { return 0 }
