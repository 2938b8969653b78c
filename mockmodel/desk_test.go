package mockmodel

import (
	"testing"
	"unsafe"
)

// Nothing of the stream before is left on a desk, and it does not grow for ever.
func TestDeskIsCleared(t *testing.T) {
	d := desk{out: frames{said: 3, last: true, omitted: true, from: 1, to: 2, seen: 3, changed: 4, shaped: 5}}
	d.out.buf, d.out.breaks = append(d.out.buf, "left"...), append(d.out.breaks, 2)
	d.out.end()
	d.buf = append(d.buf, "said"...)
	d.clear(7)
	out := &d.out
	if len(out.buf) != 0 || len(out.ends) != 0 || len(out.breaks) != 0 || out.said != 7 || out.last || out.omitted || out.from+out.to+out.seen+out.changed+out.shaped != 0 {
		t.Errorf("left: %+v", *out)
	}
	for _, n := range []int{0, 10, writeMax, 3 * bufferKeep} {
		if room := d.roomFor(n); len(room) != 0 || cap(room) < n+frameMax {
			t.Errorf("room for %d: %d", n, cap(room))
		}
	}
	d.out.buf = make([]byte, 0, 2*bufferKeep)
	d.clear(0)
	if cap(d.out.buf) > bufferKeep || cap(d.room) > bufferKeep {
		t.Errorf("keeps %d and %d bytes", cap(d.out.buf), cap(d.room))
	}
	if own := new(desk); own.roomFor(10) != nil {
		t.Error("an attempt's own desk has room for frames")
	}
}

var onHeap *attempt

// What a pacer needs of an attempt for each token lies on few lines of memory: with
// thousands of streams each line is waited for.
func TestLinesOfAToken(t *testing.T) {
	const line, most = 64, 8
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("laid out for 64 bits")
	}
	onHeap = new(attempt) // which aligns it
	a := onHeap
	x, rec := &a.saying, &a.rec
	lines := map[uintptr]bool{}
	for _, p := range []unsafe.Pointer{
		unsafe.Pointer(&a.s), unsafe.Pointer(&a.desk), unsafe.Pointer(&a.ctx),
		unsafe.Pointer(&x.form), unsafe.Pointer(&x.t), unsafe.Pointer(&x.next.part), unsafe.Pointer(&x.next.due), unsafe.Pointer(&x.n), unsafe.Pointer(&x.more), unsafe.Pointer(&x.full), unsafe.Pointer(&x.try),
		unsafe.Pointer(&x.reel), unsafe.Pointer(&x.reel.heads), unsafe.Pointer(&x.few[0].token), unsafe.Pointer(&x.few[0].due),
		unsafe.Pointer(&x.own.admitted), unsafe.Pointer(&x.own.gap), unsafe.Pointer(&x.own.batch), unsafe.Pointer(&x.own.table),
		unsafe.Pointer(&a.wroteNs), unsafe.Pointer(&a.writesNs), unsafe.Pointer(&a.sent), unsafe.Pointer(&a.sent.events),
		unsafe.Pointer(&a.effect.Delay), unsafe.Pointer(&a.effect.Pace), unsafe.Pointer(&a.effect.Mutation), unsafe.Pointer(&a.effect.Ending), unsafe.Pointer(&a.ans.nowNs),
		unsafe.Pointer(&rec.FirstNs), unsafe.Pointer(&rec.LastNs), unsafe.Pointer(&rec.LateMaxNs), unsafe.Pointer(&rec.TokensEmitted), unsafe.Pointer(&rec.Emitted),
	} {
		lines[uintptr(p)/line] = true
	}
	if len(lines) > most {
		t.Errorf("on %d lines, more than %d: put what is new behind what a token needs", len(lines), most)
	}
}
