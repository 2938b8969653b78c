package faults

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Direction is a way through a proxy.
type Direction string

// Ways through a proxy.
const (
	Both Direction = "both"
	Up   Direction = "up"   // from who dials the proxy to its upstream
	Down Direction = "down" // from the upstream back
)

// Has reports whether the one way o is meant.
func (d Direction) Has(o Direction) bool { return d == o || d == Both }

func (d Direction) validate(out *problems, allowed ...Direction) {
	if !slices.Contains(allowed, d) {
		names := make([]string, len(allowed))
		for i, a := range allowed {
			names[i] = string(a)
		}
		out.add("direction", "%q is unknown: one of %s", string(d), strings.Join(names, ", "))
	}
}

// TCP returns the faults of a connection through a proxy: what can go wrong
// between the target and a Redis, a vector store or a database, whose protocol
// nobody here reads.
func TCP() []Entry { return append([]Entry(nil), tcp...) }

var tcp = []Entry{tcpLatency, tcpBandwidth, tcpRefuse, tcpReset, tcpCut, tcpHalfOpen}

// IsTCP reports whether a fault is one of a proxy's connections.
func IsTCP(name string) bool {
	return slices.ContainsFunc(tcp, func(e Entry) bool { return e.Name == name })
}

// tcpDoc is what all of them have in common.
const tcpDoc = ` The dice of the n-th connection of a proxy, counted from 0, have the proxy's name and n in their key and nothing else: ` +
	`which connections are chosen repeats exactly, which question travels on which connection is the client's affair. ` +
	`A connection that is open already when the window of its rule opens is met as well, by the same dice. ` +
	`Each way through a connection has slots of its own: one rule may make late what goes up, and another what comes down.`

// TCPLatency holds the parameters of tcp_latency.
type TCPLatency struct {
	By        time.Duration `yaml:"by" default:"100ms" doc:"how late everything is that is sent, one way"`
	Jitter    Share         `yaml:"jitter" doc:"share by which it varies from piece to piece, evenly to both sides, such as 20%"`
	Direction Direction     `yaml:"direction" default:"both" enum:"both,up,down" doc:"up: from the target to the upstream; down: back; both: a question and its answer are late by twice the time"`
}

// Name returns "tcp_latency".
func (*TCPLatency) Name() string { return "tcp_latency" }

// Validate wants a delay that is one.
func (f *TCPLatency) Validate() []Problem {
	var out problems
	if f.By <= 0 {
		out.add("by", "is %s: give a duration above 0, such as 100ms", f.By)
	}
	if !(f.Jitter >= 0 && f.Jitter <= 1) {
		out.add("jitter", "%s is not between 0 and 1: give a share such as 20%%", f.Jitter)
	}
	f.Direction.validate(&out, Both, Up, Down)
	return out
}

// Way is what is late.
func (f *TCPLatency) Way() Direction { return f.Direction }

// Effect makes what is sent late.
func (f *TCPLatency) Effect(d Dice) Effect {
	of := &Delay{Extra: f.By, Direction: f.Direction, Jitter: float64(f.Jitter)}
	if f.Jitter > 0 {
		of.Draw = uint64(d.Unit("jitter") * (1 << 53))
	}
	return Effect{Delay: of}
}

var tcpLatency = Entry{
	Name: "tcp_latency", Stage: "connection", Slots: SlotDelay,
	Summary: "makes all bytes late, in their order",
	Doc: `Each piece that the proxy reads is passed on so much later, its order kept; many pieces may be under way at once, so it is distance and not a narrow pipe. ` +
		`Up to 256 KiB are under way one way (fewer where a proxy has more than 512 connections), then nothing more is read until some have arrived. The end of a direction is late as well. Connecting is not: the proxy accepts at once.` + tcpDoc +
		` A good client has a timeout for each call, sends what belongs together in one round trip (a pipeline, MGET, one query instead of n), and does not ask a cache that is slower than what it caches.`,
	New: func() Fault { return &TCPLatency{By: 100 * time.Millisecond, Direction: Both} },
}

// TCPBandwidth holds the parameters of tcp_bandwidth.
type TCPBandwidth struct {
	BytesPerSecond int64     `yaml:"bytes_per_second" doc:"how many bytes pass in a second, one way, on each connection"`
	Direction      Direction `yaml:"direction" default:"both" enum:"both,up,down" doc:"up: from the target to the upstream; down: back"`
}

// Name returns "tcp_bandwidth".
func (*TCPBandwidth) Name() string { return "tcp_bandwidth" }

// Validate wants a rate.
func (f *TCPBandwidth) Validate() []Problem {
	var out problems
	if f.BytesPerSecond <= 0 {
		out.add("bytes_per_second", "is %d: give 1 or more, such as 64000; for nothing at all there is tcp_half_open", f.BytesPerSecond)
	}
	f.Direction.validate(&out, Both, Up, Down)
	return out
}

// Way is what is narrow.
func (f *TCPBandwidth) Way() Direction { return f.Direction }

// Effect makes the connection narrow.
func (f *TCPBandwidth) Effect(Dice) Effect {
	return Effect{Pace: &Pace{BytesPerSecond: f.BytesPerSecond, Direction: f.Direction}}
}

var tcpBandwidth = Entry{
	Name: "tcp_bandwidth", Stage: "connection", Slots: SlotPace,
	Summary: "lets only so many bytes a second through",
	Doc: `Each connection has the rate for itself, without a burst at its start: n bytes have arrived n / rate after the first of them was read. What waits fills the proxy's buffer of 256 KiB, then the sender feels it.` + tcpDoc +
		` A good client bounds how long it waits for a whole value and not only for its first byte, keeps large values out of its cache, and reads with a limit.`,
	New: func() Fault { return &TCPBandwidth{Direction: Both} },
}

// TCPRefuse is tcp_refuse: it has no parameters.
type TCPRefuse struct{}

// Name returns "tcp_refuse".
func (*TCPRefuse) Name() string { return "tcp_refuse" }

// Validate finds nothing: there are no parameters.
func (*TCPRefuse) Validate() []Problem { return nil }

// ArrivalOnly: a connection that is open cannot be refused any more.
func (*TCPRefuse) ArrivalOnly() bool { return true }

// Effect resets the connection before anything is read.
func (*TCPRefuse) Effect(Dice) Effect {
	return Effect{Connection: &Connection{Kind: ConnectionRefuse}}
}

var tcpRefuse = Entry{
	Name: "tcp_refuse", Stage: "connection", Slots: SlotConnection,
	Summary: "resets new connections before a byte is read",
	Doc: `The connection is accepted and reset (RST), and the upstream is not dialled; connections that are open go on. ` +
		`The client sees "connection reset by peer" where a closed port would say "connection refused": the listener stays.` + tcpDoc +
		` A good client backs off before it dials again, answers without what it could not ask where it can, and says so.`,
	New: func() Fault { return &TCPRefuse{} },
}

// TCPEnd holds the parameters of the faults that end a connection: tcp_reset,
// tcp_cut and tcp_half_open.
type TCPEnd struct {
	name string
	kind EndingKind

	AfterBytes int       `yaml:"after_bytes" default:"0" doc:"behind so many bytes that passed since the rule came on, or since the connection was accepted; 0: at once"`
	Direction  Direction `yaml:"direction" default:"down" enum:"up,down" doc:"whose bytes are counted. up: from the target to the upstream; down: back"`
}

// Name returns the name of the fault in the catalogue.
func (f *TCPEnd) Name() string { return f.name }

// Validate wants a position that can be reached.
func (f *TCPEnd) Validate() []Problem {
	var out problems
	if f.AfterBytes < 0 {
		out.add("after_bytes", "is %d: give 0 or more", f.AfterBytes)
	}
	f.Direction.validate(&out, Up, Down)
	return out
}

// Way is where bytes are counted.
func (f *TCPEnd) Way() Direction { return f.Direction }

// Effect ends the connection.
func (f *TCPEnd) Effect(Dice) Effect {
	return Effect{Ending: &Ending{Kind: f.kind, After: Position{f.AfterBytes, Bytes}, Direction: f.Direction}}
}

func newTCPEnd(name string, kind EndingKind) func() Fault {
	return func() Fault { return &TCPEnd{name: name, kind: kind, Direction: Down} }
}

// tcpEndDoc is what the endings have in common.
const tcpEndDoc = ` The upstream's side is closed at once, so that it is rid of the connection. A connection that ends before so many bytes have passed is a miss.` + tcpDoc

var tcpReset = Entry{
	Name: "tcp_reset", Stage: "connection", Slots: SlotEnding,
	Summary: "resets the connection, at once or behind n bytes",
	Doc: `The bytes before the position are passed on, then the client's connection ends with RST ("connection reset by peer"). The RST waits for a client that reads slowly to have room for them, as long as it takes any within a second; what it has not read by then, some systems throw away. It is what a database does that is restarted, or a load balancer that forgot the connection.` + tcpEndDoc +
		` A good client drops the connection from its pool, asks again on a new one where the question may be asked twice, and never takes half an answer for a whole one.`,
	New: newTCPEnd("tcp_reset", EndingReset),
}

var tcpCut = Entry{
	Name: "tcp_cut", Stage: "connection", Slots: SlotEnding,
	Summary: "closes the connection cleanly, at once or behind n bytes",
	Doc: `The bytes before the position are passed on, then the client reads an end of file (FIN), in the middle of an answer where the position lies in one.` + tcpEndDoc +
		` A good client knows from its protocol that the answer is not whole, and treats it as a failure and not as a short answer.`,
	New: newTCPEnd("tcp_cut", EndingEOF),
}

var tcpHalfOpen = Entry{
	Name: "tcp_half_open", Stage: "connection", Slots: SlotEnding,
	Summary: "lets the connection go dead, and never closes it",
	Doc: `From the position on nothing is read and nothing is written, as if the other machine had gone, and it stays so when the rule's window has ended. No FIN comes, not even when the client closes its side, until the proxy itself is closed (of the first 1,000; further ones are reset).` + tcpEndDoc +
		` A good client has a timeout on reads, checks a connection that it has not used for long, and does not wait for the other side when it closes.`,
	New: newTCPEnd("tcp_half_open", EndingHalfOpen),
}

// validateProxy holds the two kinds of faults apart: those of a proxy's
// connections, and those of calls to the provider.
func (r Rule) validateProxy(out *problems) {
	name := r.Fault.Name()
	switch {
	case !IsTCP(name) && r.Match.Proxy != "":
		out.add("match.proxy", "%s strikes calls to the provider, and a proxy knows no calls: leave it out, or take a fault of connections (%s)", name, strings.Join(tcpNames(), ", "))
		return
	case !IsTCP(name):
		return
	case r.Match.Proxy == "":
		out.add("", "%s strikes the connections of a proxy, and the rule names none: add match: {proxy: NAME}, with a NAME of proxies", name)
	}
	for _, k := range []struct {
		key string
		set bool
	}{
		{"match.model", r.Match.Model != ""}, {"match.tenant", r.Match.Tenant != ""}, {"match.dialect", r.Match.Dialect != ""}, {"match.step", r.Match.Step != ""},
		{"match.endpoint", r.Match.Endpoint != ""}, {"match.attempt", r.Match.Attempt != 0}, {"match.header", r.Match.Header != nil},
		{"per", r.Per != "" && r.Per != PerAttempt}, {"times", r.Times != 0}, {"requests", r.Requests != 0}, {"trace", r.Trace != ""}, {"barrier", r.Barrier != nil},
	} {
		if k.set {
			out.add(k.key, "is about calls to the provider, and %s strikes connections, which belong to no request: leave it out; probability and every choose among connections", name)
		}
	}
}

func tcpNames() []string {
	var names []string
	for _, e := range tcp {
		names = append(names, e.Name)
	}
	return names
}

// proxyPhase is the phase in the key of a proxy's connections; no phase of a
// load is called so.
func proxyPhase(proxy string) string { return "proxy:" + proxy }

// Arrival is the call that stands for a connection of a proxy: its n-th, from
// 0. open says that it was accepted before nowNs.
func Arrival(proxy string, n, nowNs int64, open bool) Call {
	return Call{Phase: proxyPhase(proxy), Index: n, HasKey: true, Proxy: proxy, Open: open, Ordinal: 1, ArrivedNs: nowNs}
}

// NextEdge returns the first instant after ns at which a rule of the proxy may
// come on or go off; false where there is none.
func (s *Schedule) NextEdge(proxy string, ns int64) (at int64, ok bool) {
	for i := range s.rules {
		b := &s.rules[i]
		if b.rule.Match.Proxy != proxy {
			continue
		}
		for _, x := range s.Spans(i) {
			edges := []int64{x.FromNs, x.ToNs}
			if b.burst != nil && ns >= x.FromNs {
				edges[0] = min(x.ToNs, b.burst.origin+(b.burst.slot(ns)+1)*b.burst.slotNs)
			}
			for _, edge := range edges {
				if edge > ns && edge < math.MaxInt64 && (!ok || edge < at) {
					at, ok = edge, true
				}
			}
		}
	}
	return at, ok
}
