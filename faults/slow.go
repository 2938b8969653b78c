package faults

import "time"

// SlowTTFT holds the parameters of slow_ttft.
type SlowTTFT struct {
	By     time.Duration `yaml:"by" doc:"time added before the first token"`
	Factor float64       `yaml:"factor" doc:"factor on the model's own time to first token, such as 10"`
	Jitter Share         `yaml:"jitter" doc:"share by which the added time varies from attempt to attempt, evenly to both sides, such as 20%"`
}

// Name returns "slow_ttft".
func (*SlowTTFT) Name() string { return "slow_ttft" }

// Validate wants a delay that is one.
func (f *SlowTTFT) Validate() []Problem {
	var out problems
	if f.By == 0 && f.Factor == 0 {
		out.add("", "does not say how slow: give by, such as by: 5s, or factor, such as factor: 10")
	}
	if f.By < 0 {
		out.add("by", "is %s: give a duration above 0", f.By)
	}
	if f.Factor != 0 && !(f.Factor >= 1 && f.Factor <= 1e6) {
		out.add("factor", "is %v: give a factor from 1 to 1000000, such as 10", f.Factor)
	}
	if !(f.Jitter >= 0 && f.Jitter <= 1) {
		out.add("jitter", "%s is not between 0 and 1: give a share such as 20%%", f.Jitter)
	}
	return out
}

// Effect delays the first token.
func (f *SlowTTFT) Effect(d Dice) Effect {
	vary := 1.0
	if f.Jitter > 0 {
		vary += float64(float64(f.Jitter) * float64(2*d.Unit("jitter")-1))
	}
	delay := &Delay{Extra: scale(f.By, vary)}
	if f.Factor > 0 {
		delay.Factor = 1 + float64((f.Factor-1)*vary)
	}
	return Effect{Delay: delay}
}

var slowTTFT = Entry{
	Name: "slow_ttft", Stage: "stream", Slots: SlotDelay,
	Summary: "lets the first token come late",
	Doc: `The headers of a stream come at once, the first token only after the model's own time x factor + by; an answer in one piece comes that much later as a whole. ` +
		`With an error status from another rule the error is late instead. ` +
		`A good client has a budget for the first token, gives up or degrades when it is spent, and closes the call it gave up, so that no two answers are paid for. ` +
		`Seen in pi #7954 and #7959 (the same question sent twice).`,
	New: func() Fault { return &SlowTTFT{} },
}

// Trickle holds the parameters of trickle.
type Trickle struct {
	TokensPerSecond float64       `yaml:"tokens_per_second" doc:"tokens per second, instead of the model's own"`
	Interval        time.Duration `yaml:"interval" doc:"gap between two tokens, instead of tokens_per_second"`
}

// Name returns "trickle".
func (*Trickle) Name() string { return "trickle" }

// Validate wants exactly one speed.
func (f *Trickle) Validate() []Problem {
	var out problems
	switch {
	case f.TokensPerSecond == 0 && f.Interval == 0:
		out.add("", "does not say how slow: give tokens_per_second, such as tokens_per_second: 1, or interval, such as interval: 2s")
	case f.TokensPerSecond != 0 && f.Interval != 0:
		out.add("interval", "contradicts tokens_per_second: keep one of them")
	}
	if f.TokensPerSecond != 0 && !(f.TokensPerSecond >= 1e-6 && f.TokensPerSecond <= 1e9) {
		out.add("tokens_per_second", "is %v: give a rate above 0, such as 1", f.TokensPerSecond)
	}
	if f.Interval < 0 {
		out.add("interval", "is %s: give a duration above 0", f.Interval)
	}
	return out
}

// Effect sets the gap between tokens.
func (f *Trickle) Effect(Dice) Effect {
	gap := f.Interval
	if gap == 0 {
		gap = time.Duration(float64(time.Second) / f.TokensPerSecond)
	}
	return Effect{Pace: &Pace{Interval: gap}}
}

var trickle = Entry{
	Name: "trickle", Stage: "stream", Slots: SlotPace, Steps: []string{"chat"},
	Summary: "sends tokens far more slowly than the model does",
	Doc: `The first token comes as usual, the others one by one with the given gap; an answer in one piece takes as long as its tokens would. Calls that generate no tokens, such as embeddings, are not eligible. ` +
		`Bytes keep flowing, so no idle timeout fires: a good client has a deadline for the whole answer as well, and cuts or degrades at it. ` +
		`The same idea as the slicer of Shopify/toxiproxy and the trickle mode of VidaiMock.`,
	New: func() Fault { return &Trickle{} },
}

// Brownout holds the parameters of brownout.
type Brownout struct {
	From       int           `yaml:"from" default:"20" doc:"attempts in flight at the model that are still served at full speed"`
	PerRequest time.Duration `yaml:"per_request" default:"20ms" doc:"time added before the first token for each attempt in flight above from"`
	Max        time.Duration `yaml:"max" default:"10s" doc:"most time added before the first token"`
	Stretch    Share         `yaml:"stretch" doc:"share by which the gaps between tokens grow for each attempt in flight above from, such as 2%"`
	StretchMax float64       `yaml:"stretch_max" default:"10" doc:"greatest factor on the gaps between tokens"`
}

// Name returns "brownout".
func (*Brownout) Name() string { return "brownout" }

// Validate wants growth, and bounds that are above nothing.
func (f *Brownout) Validate() []Problem {
	var out problems
	if f.PerRequest == 0 && f.Stretch == 0 {
		out.add("", "does not grow with load: give per_request, such as 20ms, or stretch, such as 2%%")
	}
	if f.From < 0 {
		out.add("from", "is %d: give a number of attempts, 0 or more", f.From)
	}
	if f.PerRequest < 0 {
		out.add("per_request", "is %s: give a duration, 0 or more", f.PerRequest)
	}
	if f.Max <= 0 {
		out.add("max", "is %s: give a duration above 0", f.Max)
	}
	if !(f.Stretch >= 0 && f.Stretch <= 1) {
		out.add("stretch", "%s is not between 0 and 1: give a share such as 2%%", f.Stretch)
	}
	if !(f.StretchMax >= 1 && f.StretchMax <= 1e6) {
		out.add("stretch_max", "is %v: give a factor from 1 to 1000000, such as 10", f.StretchMax)
	}
	return out
}

// Effect makes delay and pace depend on the load. How much load there is, the
// interpreter knows: it is physics, not dice.
func (f *Brownout) Effect(Dice) Effect {
	var e Effect
	if f.PerRequest > 0 {
		e.Delay = &Delay{From: f.From, PerRequest: f.PerRequest, Max: f.Max}
	}
	if f.Stretch > 0 {
		e.Pace = &Pace{From: f.From, Stretch: float64(f.Stretch), StretchMax: f.StretchMax}
	}
	return e
}

var brownout = Entry{
	Name: "brownout", Stage: "quota", Slots: SlotDelay | SlotPace,
	Summary: "gets slower the more calls are in flight",
	Doc: `With n attempts in flight at the model, this one included, the first token comes min(max, per_request x (n - from)) later, and the gaps between tokens ` +
		`are min(stretch_max, 1 + stretch x (n - from)) times as long; up to from attempts nothing changes. The load is taken when the attempt is admitted. ` +
		`Slow answers keep more calls in flight, which makes answers slower: retries and waiting callers feed the loop. ` +
		`A good client sheds or degrades (a smaller model, shorter answers) instead of adding load, and recovers when the spike is over. ` +
		`Seen in OpenAI's incidents of 2024-11-25 (13 to 23 % errors) and 2024-12-26 (over 90 %).`,
	New: func() Fault {
		return &Brownout{From: 20, PerRequest: 20 * time.Millisecond, Max: 10 * time.Second, StretchMax: 10}
	},
}
