//go:build !linux || (!amd64 && !arm64)

package http1

import "net"

// socket is not used here: nothing is sent without waiting, nothing is stamped.
type socket struct{ in reader }

func stampAll(net.Listener) {}

type reader struct{}

func (reader) stamps() bool                    { return false }
func (reader) read([]byte) (int, int64, error) { return 0, 0, net.ErrClosed }

// held is nothing that a descriptor is kept in here.
type held struct{}

func (held) holds() bool                  { return false }
func (held) TryWrite([]byte) (int, error) { return 0, net.ErrClosed }

func trySocket(*socket, net.Conn) trier { return nil }
