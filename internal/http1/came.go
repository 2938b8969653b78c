package http1

import "time"

// When a request came is when the kernel had it, where it says so: a server that
// is busy reads it later, and would make it out to have come then.

// ageMax is how long ago the kernel's stamp may be. Before that the wall clock has
// been set meanwhile, by which it stamps.
const ageMax = time.Minute

// read reads once from the connection, and notes when that came.
func (c *conn) read(p []byte) (int, error) {
	if !c.socket.in.stamps() {
		return c.nc.Read(p)
	}
	n, unixNs, err := c.socket.in.read(p)
	c.came = time.Time{}
	if unixNs > 0 {
		now := time.Now()
		if age := time.Duration(now.UnixNano() - unixNs); age >= 0 && age < ageMax {
			c.came = now.Add(-age) // on the monotonic clock, too
		}
	}
	return n, err
}

// HeadCame returns when the last of the request's head came, with a monotonic
// reading; zero: that is not known.
func (w *response) HeadCame() time.Time { return w.conn.headCame }

// BodyCame returns when the last of the body came, once it was read to its end, as
// HeadCame. It is that of the head where both came at once.
func (w *response) BodyCame() time.Time { return w.body.came }
