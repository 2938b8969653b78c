package faults

import "time"

// Delay makes the first token late. Before the first token of a stream the
// headers are already out; with an error status there is no token, and the
// delay comes before its headers.
type Delay struct {
	Rule   int
	Extra  time.Duration // added to the model's own time to first token
	Factor float64       // multiplies the model's own time to first token; 0: by 1
	// Load makes the delay grow with what the provider is serving.
	From       int           // attempts in flight that are still free of charge
	PerRequest time.Duration // for each one above From
	Max        time.Duration // bound of the part that grows; 0: none
	// Headers: those of a stream are late too, by what the delay adds.
	Headers bool
	// Finish: the work goes on, and is paid for, though the caller has left.
	Finish bool

	// Of a proxy's connection: Extra is added to each piece of a direction, and
	// varies by the share Jitter of it to both sides, drawn from Draw.
	Direction Direction
	Jitter    float64
	Draw      uint64
}

// FirstToken returns the time to first token where the model alone would take
// base and inFlight attempts (this one included) are being served:
//
//	base * Factor + Extra + min(Max, PerRequest * max(0, inFlight - From))
func (d *Delay) FirstToken(base time.Duration, inFlight int) time.Duration {
	wait := base
	if d.Factor > 0 {
		wait = scale(base, d.Factor)
	}
	return wait + d.Extra + d.grown(inFlight)
}

func (d *Delay) grown(inFlight int) time.Duration {
	over := time.Duration(max(0, inFlight-d.From))
	if over == 0 || d.PerRequest <= 0 {
		return 0
	}
	if d.Max > 0 && over > d.Max/d.PerRequest { // also keeps the product from overflowing
		return d.Max
	}
	return over * d.PerRequest
}

// Pace makes the tokens after the first one slow.
type Pace struct {
	Rule       int
	Interval   time.Duration // gap between two tokens; 0: the model's own
	From       int           // attempts in flight that are still free of charge
	Stretch    float64       // share by which gaps grow for each one above From
	StretchMax float64       // bound of the factor; 0: none

	// Of a proxy's connection: no token has a gap, bytes of a direction have.
	BytesPerSecond int64
	Direction      Direction
}

// Gap returns the gap between two tokens where the model alone would take base
// and inFlight attempts (this one included) are being served:
//
//	gap * min(StretchMax, 1 + Stretch * max(0, inFlight - From))
//
// with gap = Interval, or base where no interval is set.
func (p *Pace) Gap(base time.Duration, inFlight int) time.Duration {
	gap := base
	if p.Interval > 0 {
		gap = p.Interval
	}
	factor := 1 + float64(p.Stretch*float64(max(0, inFlight-p.From)))
	if p.StretchMax > 0 {
		factor = min(factor, p.StretchMax)
	}
	return scale(gap, factor)
}

// scale multiplies and saturates instead of wrapping around.
func scale(d time.Duration, by float64) time.Duration {
	const most = time.Duration(1<<63 - 1)
	f := float64(d) * by
	if f >= float64(most) {
		return most
	}
	return time.Duration(f)
}
