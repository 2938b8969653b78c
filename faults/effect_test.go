package faults

import (
	"math"
	"testing"
	"time"
)

func TestSlots(t *testing.T) {
	if got := (SlotDelay | SlotConnection | SlotEnding).String(); got != "connection+delay+ending" {
		t.Errorf("slots print as %q", got)
	}
	if got := Slots(0).String(); got != "" {
		t.Errorf("no slots print as %q", got)
	}
	full := Effect{new(Connection), new(Status), new(Delay), new(Pace), new(Mutation), new(Ending)}
	if got := full.Slots().String(); got != "connection+status+delay+pace+mutation+ending" {
		t.Errorf("a full effect has %q", got)
	}
}

func TestFirstToken(t *testing.T) {
	const ms = time.Millisecond
	brownout := Delay{From: 20, PerRequest: 20 * ms, Max: time.Second}
	for _, c := range []struct {
		say      string
		delay    Delay
		inFlight int
		want     time.Duration
	}{
		{"by adds to the model's own time", Delay{Extra: 500 * ms}, 1, 800 * ms},
		{"factor multiplies it", Delay{Factor: 10}, 1, 3000 * ms},
		{"both: factor first", Delay{Factor: 2, Extra: 100 * ms}, 1, 700 * ms},
		{"at from nothing grows", brownout, 20, 300 * ms},
		{"one above it: one share", brownout, 21, 320 * ms},
		{"thirty above it", brownout, 50, 900 * ms},
		{"max bounds the growth, not the sum", brownout, 10000, 1300 * ms},
		{"growth without max", Delay{From: 20, PerRequest: 20 * ms}, 10020, 200300 * ms},
		{"no overflow", brownout, math.MaxInt, 1300 * ms},
	} {
		if got := c.delay.FirstToken(300*ms, c.inFlight); got != c.want {
			t.Errorf("%s: %s, want %s", c.say, got, c.want)
		}
	}
}

func TestGap(t *testing.T) {
	const ms = time.Millisecond
	brownout := Pace{From: 20, Stretch: 0.5, StretchMax: 4}
	for _, c := range []struct {
		say      string
		pace     Pace
		inFlight int
		want     time.Duration
	}{
		{"interval replaces the model's own gap", Pace{Interval: 2 * time.Second}, 1, 2 * time.Second},
		{"at from nothing grows", brownout, 20, 10 * ms},
		{"two above it: twice as long", brownout, 22, 20 * ms},
		{"bounded", brownout, 1000, 40 * ms},
	} {
		if got := c.pace.Gap(10*ms, c.inFlight); got != c.want {
			t.Errorf("%s: %s, want %s", c.say, got, c.want)
		}
	}
}

// How long a step stays limited after a 429.
func TestHold(t *testing.T) {
	wall := time.Date(2026, 1, 2, 12, 0, 0, 250e6, time.UTC)
	two := Hint{Kind: HintSeconds, For: 2 * time.Second}
	for _, c := range []struct {
		say    string
		status Status
		want   time.Duration
	}{
		{"an honest hint holds as long as it says", Status{RetryAfter: two, Honest: true}, 2 * time.Second},
		{"a lie holds longer", Status{RetryAfter: two, Honest: true, Lie: 5 * time.Second}, 7 * time.Second},
		{"a date holds until the second that was sent", Status{RetryAfter: Hint{HintDate, 2 * time.Second}, Honest: true}, 2750 * time.Millisecond},
		{"not honest: every attempt has dice of its own", Status{RetryAfter: two}, 0},
		{"no hint: nothing to be honest about", Status{Honest: true}, 0},
		{"a word: the same", Status{RetryAfter: Hint{Kind: HintText}, Honest: true}, 0},
		{"a negative wait: the same", Status{RetryAfter: Hint{HintSeconds, -time.Second}, Honest: true}, 0},
	} {
		if got := c.status.Hold(wall); got != c.want {
			t.Errorf("%s: %s, want %s", c.say, got, c.want)
		}
	}
}

// What each fault puts into its slots.
func TestEffects(t *testing.T) {
	n := func(i int) *int { return &i }
	const s = time.Second
	for _, c := range []struct {
		fault Fault
		want  string
		check func(Effect) bool
	}{
		{newFault("hang_before_headers"), "connection", func(e Effect) bool { return e.Connection.Kind == ConnectionHang }},
		{newFault("conn_reset_pre"), "connection", func(e Effect) bool { return e.Connection.Kind == ConnectionResetPre }},
		{newFault("empty_200"), "mutation", func(e Effect) bool { return e.Mutation.Kind == MutationEmpty }},
		{&WrongModel{Model: "mini", Declared: true}, "mutation", func(e Effect) bool {
			return *e.Mutation == Mutation{Kind: MutationWrongModel, Model: "mini", Declared: true}
		}},
		{newFault("stall_mid_stream"), "ending", func(e Effect) bool { return *e.Ending == Ending{Kind: EndingStall, After: Position{10, Tokens}} }},
		{&Cut{kind: EndingReset, AfterBytes: n(0)}, "ending", func(e Effect) bool { return *e.Ending == Ending{Kind: EndingReset, After: Position{0, Bytes}} }},
		{&Cut{kind: EndingEOF, AfterEvents: n(3)}, "ending", func(e Effect) bool { return *e.Ending == Ending{Kind: EndingEOF, After: Position{3, Events}} }},
		{&InStreamError{AfterTokens: n(4), Type: "rate_limit"}, "ending", func(e Effect) bool {
			return *e.Ending == Ending{Kind: EndingInStreamError, After: Position{4, Tokens}, Type: "rate_limit"}
		}},
		{newFault("conn_refuse"), "connection", func(e Effect) bool { return *e.Connection == Connection{Kind: ConnectionRefuse, For: s} }},
		{newFault("half_open"), "connection", func(e Effect) bool { return *e.Connection == Connection{Kind: ConnectionHalfOpen} }},
		{&HalfOpen{AfterBytes: n(3)}, "ending", func(e Effect) bool { return *e.Ending == Ending{Kind: EndingHalfOpen, After: Position{3, Bytes}} }},
		{newFault("slow_headers"), "delay", func(e Effect) bool { return *e.Delay == Delay{Extra: 30 * s, Headers: true} }},
		{newFault("late_success"), "delay", func(e Effect) bool { return *e.Delay == Delay{Extra: 60 * s, Headers: true, Finish: true} }},
		{newFault("ping_only"), "ending", func(e Effect) bool {
			return *e.Ending == Ending{Kind: EndingKeepAlive, After: Position{0, Tokens}, Every: 5 * s}
		}},
		{newFault("close_keepalive"), "ending", func(e Effect) bool { return *e.Ending == Ending{Kind: EndingClose} }},
		{&AuthFlap{Status: 403}, "status", func(e Effect) bool { return e.Status.Code == 403 }},
		{newFault("rate_limit"), "status", func(e Effect) bool {
			return e.Status.Code == 429 && e.Status.RetryAfter == Hint{HintSeconds, 2 * s} && e.Status.Honest && e.Status.ShouldRetry == nil
		}},
		{newFault("http_503"), "status", func(e Effect) bool { return *e.Status == Status{Code: 503} }},
		{&SlowTTFT{By: 5 * s}, "delay", func(e Effect) bool { return *e.Delay == Delay{Extra: 5 * s} }},
		{&SlowTTFT{Factor: 10, Jitter: 0.2}, "delay", func(e Effect) bool { return *e.Delay == Delay{Factor: 10} }}, // the middle of the jitter
		{&Trickle{TokensPerSecond: 4}, "pace", func(e Effect) bool { return *e.Pace == Pace{Interval: s / 4} }},
		{&Trickle{Interval: 3 * s}, "pace", func(e Effect) bool { return *e.Pace == Pace{Interval: 3 * s} }},
		{newFault("brownout"), "delay", func(e Effect) bool { return *e.Delay == Delay{From: 20, PerRequest: s / 50, Max: 10 * s} }},
		{&Brownout{From: 5, PerRequest: s, Max: s, Stretch: 0.02, StretchMax: 3}, "delay+pace", func(e Effect) bool {
			return *e.Pace == Pace{From: 5, Stretch: 0.02, StretchMax: 3}
		}},
	} {
		e := c.fault.Effect(Dice{})
		if e.Slots().String() != c.want || !c.check(e) {
			t.Errorf("%T %+v fills %s: %+v", c.fault, c.fault, e.Slots(), e)
		}
	}
}

func newFault(name string) Fault {
	e, ok := Lookup(name)
	if !ok {
		panic("no fault " + name)
	}
	return e.New()
}
