package mockmodel

import (
	"testing"
	"time"
)

// Who hangs up and calls again at once has not called before, however late and in
// which order the mock sees the two.
func TestOrderOfHangUpAndCall(t *testing.T) {
	const ms = int64(time.Millisecond)
	for _, c := range []struct {
		name       string
		see        func(o *order) (left, came int64)
		left, came int64 // in ms
	}{
		{name: "at once", see: func(o *order) (int64, int64) {
			return o.left(100 * ms), o.came(101*ms, 101*ms)
		}, left: 100, came: 101},
		{name: "both 30 ms late, the hang-up first", see: func(o *order) (int64, int64) {
			return o.left(130 * ms), o.came(101*ms, 131*ms)
		}, left: 130, came: 130},
		{name: "both 30 ms late, the call first", see: func(o *order) (int64, int64) {
			came := o.came(101*ms, 131*ms)
			return o.left(132 * ms), came
		}, left: 102, came: 101},
		{name: "the call first, among others that were read sooner", see: func(o *order) (int64, int64) {
			came := o.came(101*ms, 131*ms)
			o.came(131*ms, 131*ms)
			return o.left(132 * ms), came
		}, left: 102, came: 101},
		{name: "a call long before the hang-up is none of its: a hedge", see: func(o *order) (int64, int64) {
			came := o.came(50*ms, 80*ms)
			return o.left(131 * ms), came
		}, left: 131, came: 50},
		{name: "a machine that was busy once is so no more", see: func(o *order) (int64, int64) {
			o.came(101*ms, 131*ms)
			came := o.came(150*ms, 150*ms)
			return o.left(151 * ms), came
		}, left: 151, came: 150},
		{name: "a stamp of the future", see: func(o *order) (int64, int64) {
			return o.left(100 * ms), o.came(900*ms, 101*ms)
		}, left: 100, came: 101},
		{name: "before the run", see: func(o *order) (int64, int64) {
			return o.left(0), o.came(-900*ms, 101*ms)
		}, left: 0, came: 0},
	} {
		left, came := c.see(new(order))
		if left != c.left*ms || came != c.came*ms {
			t.Errorf("%s: left at %v, called at %v, want %d and %d ms", c.name, time.Duration(left), time.Duration(came), c.left, c.came)
		}
	}
}
