package mockmodel

import "slices"

// desk is where an answer is written before it is sent. An attempt has its own. One
// that a pacer sends is written at the pacer's: of thousands of streams no buffer is
// in a cache when its turn comes, but that of the one before is.
type desk struct {
	out frames
	buf []byte // what is said next, or a whole body
	// room is what the frame of a write can be put in; nil: who sends has his own.
	room []byte
}

// clear makes the desk a stream's that has said so many tokens and of which nothing
// waits to be sent.
func (d *desk) clear(said int) {
	if cap(d.out.buf) > bufferKeep || cap(d.buf) > bufferKeep || cap(d.room) > bufferKeep {
		*d = desk{}
	}
	d.out.reset()
	d.out.said, d.out.last, d.out.omitted = said, false, false
	if d.room == nil {
		d.room = make([]byte, 0, writeMax)
	}
}

// frameMax is more than the frame of a write takes.
const frameMax = 64

// roomFor returns room for a write of n bytes in its frame; nil where who sends
// has his own.
func (d *desk) roomFor(n int) []byte {
	if d.room != nil {
		d.room = slices.Grow(d.room[:0], n+frameMax)
	}
	return d.room
}
