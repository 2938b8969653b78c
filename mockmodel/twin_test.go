package mockmodel

import (
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

// family is a twin as the property test drives it.
type family struct {
	name   string
	twin   *twin
	limits Limits
	// windows says that the limits are counted in fixed windows; else they are
	// buckets.
	windows bool
	// asks and used are the tokens that a call takes in the words of the
	// provider's documentation; used < 0 is what it asked for.
	asks, used func(u use) int
	quota      func(h http.Header, q quotas, now time.Time)
	// headers are what the state must read like.
	headers func(o *oracle, now int64) map[string]string
}

var families = []family{
	{
		name: "openai", twin: &twinOpenAI, quota: openAIQuota, headers: openAIHeadersWanted,
		limits: Limits{RequestsPerMinute: 20, TokensPerMinute: 600, RequestsPerDay: 40},
		asks:   func(u use) int { return max(u.in, u.outMax) },
	},
	{
		name: "azure", twin: &twinAzure, quota: azureQuota, headers: azureHeadersWanted, windows: true,
		limits: Limits{RequestsPerMinute: 100, TokensPerMinute: 900},
		asks:   func(u use) int { return u.in + u.outMax },
	},
	{
		name: "azure, less than a request in 10 s", twin: &twinAzure, quota: azureQuota, headers: azureHeadersWanted, windows: true,
		limits: Limits{RequestsPerMinute: 4},
		asks:   func(u use) int { return u.in + u.outMax },
	},
	{
		name: "anthropic", twin: &twinAnthropic, quota: anthropicQuota, headers: anthropicHeadersWanted,
		limits: Limits{RequestsPerMinute: 25, InputTokensPerMinute: 500, OutputTokensPerMinute: 300},
		asks:   func(u use) int { return u.in },
		used:   func(u use) int { return u.in - u.cached + u.out },
	},
	{
		name: "anthropic, one limit for both", twin: &twinAnthropic, quota: anthropicQuota, headers: anthropicHeadersWanted,
		limits: Limits{TokensPerMinute: 350},
		asks:   func(u use) int { return u.in },
		used:   func(u use) int { return u.in - u.cached + u.out },
	},
	{
		name: "gemini", twin: &twinGemini, quota: func(http.Header, quotas, time.Time) {}, windows: true,
		limits: Limits{RequestsPerMinute: 10, TokensPerMinute: 400, RequestsPerDay: 30},
		asks:   func(u use) int { return u.in },
	},
	{
		name: "bedrock", twin: &twinBedrock, quota: bedrockQuota,
		limits: Limits{RequestsPerMinute: 8, TokensPerMinute: 4250, TokensPerDay: 9000},
		asks: func(u use) int {
			if u.outMax == 0 {
				return u.in + bedrockOutputMax
			}
			return u.in + u.outMax
		},
		used: func(u use) int { return u.in - u.cached + 5*u.out },
	},
	{
		name: "plain", twin: &twinPlain, quota: openAIQuota, headers: openAIHeadersWanted,
		limits: Limits{RequestsPerMinute: 7, TokensPerMinute: 333},
		asks:   func(u use) int { return u.in },
	},
}

// Of every family and every sequence of calls: what is let in, what is told,
// and when a refused call is let in agree with an oracle that counts with
// fractions, step by step.
func TestTwinsTellTheTruth(t *testing.T) {
	for _, f := range families {
		refusals, waits := 0, 0
		for seed := range uint64(12) {
			g := &calls{t: t, f: f, seed: seed, l: newLimiter(f.twin, f.limits), o: newOracle(f)}
			for g.step = range 60 {
				g.next()
			}
			refusals, waits = refusals+g.refusals, waits+g.waits
		}
		if refusals < 50 || waits < 50 {
			t.Errorf("%s: %d calls refused, %d of them until a time: the sequences prove nothing", f.name, refusals, waits)
		}
	}
}

// calls is one sequence of them.
type calls struct {
	t               *testing.T
	f               family
	seed            uint64
	step            int
	now             int64
	l               *limiter
	o               *oracle
	done            []func(l *limiter) // all that was done to l, to do it again to another
	open            []use
	refusals, waits int
}

func (g *calls) draw(what string, n int) int {
	return int(draw.Bits(g.seed, "test", g.f.name, what, strconv.Itoa(g.step)) % uint64(n))
}

func (g *calls) failf(format string, args ...any) {
	g.t.Helper()
	g.t.Fatalf("%s, seed %d, step %d at %v: %s", g.f.name, g.seed, g.step, time.Duration(g.now), fmt.Sprintf(format, args...))
}

func (g *calls) do(f func(l *limiter)) {
	f(g.l)
	g.done = append(g.done, f)
}

// again returns a limiter to which all has been done that was done to l.
func (g *calls) again() *limiter {
	l := newLimiter(g.f.twin, g.f.limits)
	for _, f := range g.done {
		f(l)
	}
	return l
}

func (g *calls) next() {
	switch g.draw("pause", 10) {
	case 0, 1, 2, 3: // the same instant
	case 4:
		g.now += int64(70*time.Second) + int64(g.draw("long", 1e9))
	default:
		g.now += int64(g.draw("short", 4e9))
	}
	now := g.now
	switch what := g.draw("what", 10); {
	case what == 0:
		g.do(func(l *limiter) { l.fail(now) })
		g.o.fail(now)
	case what < 4 && len(g.open) > 0:
		u := g.open[0]
		g.open = g.open[1:]
		u.cached, u.out = g.draw("cached", u.in+1), g.draw("out", 60)
		g.do(func(l *limiter) { l.settle(u, now) })
		g.o.settle(u, now)
	default:
		u := use{model: "anthropic.claude-sonnet-4", in: 1 + g.draw("in", 120), outMax: g.draw("max", 150)}
		if g.draw("large", 12) == 0 {
			u.in = 1 + g.draw("how large", 1000)
		}
		g.call(u)
	}
	g.compare(g.l.look(now))
}

func (g *calls) call(u use) {
	now := g.now
	over := g.o.inTheWay(u, now)
	q, r := quotas{}, (*refused)(nil)
	g.do(func(l *limiter) { q, r = l.admit(u, now) })
	if (r != nil) != (len(over) > 0) {
		g.failf("%+v: refused %+v, the oracle says %v", u, r, over)
	}
	if r == nil {
		g.open = append(g.open, u)
		g.o.admit(u, now)
		g.compare(q)
		return
	}
	g.refusals++
	g.o.fail(now)
	g.compare(q)
	if g.o.never(u) != (r.waitNs < 0) {
		g.failf("%+v: wait %d, the oracle says never: %v", u, r.waitNs, g.o.never(u))
	}
	for m := range meters {
		if over[m] && !r.over[m] {
			g.failf("%+v: %s is in the way and not named: %+v", u, meterWords[m].key, r)
		}
	}
	if r.waitNs < 0 {
		if _, r := g.again().admit(u, now+10*aDay); r == nil {
			g.failf("%+v: is let in, and was told never", u)
		}
		return
	}
	g.waits++
	if _, r := g.again().admit(u, now+r.waitNs); r != nil {
		g.failf("%+v: refused when the wait of %v was over: %+v", u, time.Duration(r.waitNs), r)
	}
	for _, early := range []time.Duration{50 * time.Millisecond, time.Microsecond} {
		if r.waitNs <= int64(early) {
			continue
		}
		if _, r := g.again().admit(u, now+r.waitNs-int64(early)); r == nil {
			g.failf("%+v: let in %v before the wait was over", u, early)
		}
	}
}

// compare holds what is told against the oracle, as values and as headers.
func (g *calls) compare(q quotas) {
	g.t.Helper()
	for m := range meters {
		if limit, remaining, fullNs := g.o.told(m, g.now); q[m] != (quota{limit, remaining, fullNs}) {
			g.failf("%s: told %+v, the oracle says limit %d, remaining %d, full in %d", meterWords[m].key, q[m], limit, remaining, fullNs)
		}
	}
	got := http.Header{}
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	g.f.quota(got, q, start.Add(time.Duration(g.now)))
	var want map[string]string
	if g.f.headers != nil {
		want = g.f.headers(g.o, g.now)
	}
	if len(got) != len(want) {
		g.failf("headers %v, want %v", got, want)
	}
	for name, v := range want {
		if got.Get(name) != v {
			g.failf("%s: %s, want %s", name, got.Get(name), v)
		}
	}
}

// oracle counts in fractions and from the whole history each time.
type oracle struct {
	f      family
	limits [meters]int64
	events []event
}

type event struct {
	at   int64
	take [meters]int64
}

func newOracle(f family) *oracle {
	l := f.limits
	return &oracle{f: f, limits: [meters]int64{
		requestsMinute: l.RequestsPerMinute, tokensMinute: l.TokensPerMinute, inputMinute: l.InputTokensPerMinute,
		outputMinute: l.OutputTokensPerMinute, requestsDay: l.RequestsPerDay, tokensDay: l.TokensPerDay,
	}}
}

func (o *oracle) asked(u use) [meters]int64 {
	n := int64(o.f.asks(u))
	return [meters]int64{requestsMinute: 1, requestsDay: 1, tokensMinute: n, tokensDay: n, inputMinute: int64(u.in)}
}

func (o *oracle) admit(u use, now int64) { o.events = append(o.events, event{now, o.asked(u)}) }

func (o *oracle) settle(u use, now int64) {
	take := [meters]int64{inputMinute: -int64(u.cached), outputMinute: int64(u.out)}
	if o.f.used != nil {
		take[tokensMinute] = int64(o.f.used(u) - o.f.asks(u))
		take[tokensDay] = take[tokensMinute]
	}
	o.events = append(o.events, event{now, take})
}

// fail is a failed call. At OpenAI it takes a request that is there.
func (o *oracle) fail(now int64) {
	if o.f.twin == &twinOpenAI && o.limits[requestsMinute] > 0 && o.has(requestsMinute, 1, now) {
		o.events = append(o.events, event{now, [meters]int64{requestsMinute: 1}})
	}
}

func (o *oracle) inTheWay(u use, now int64) map[meter]bool {
	over := map[meter]bool{}
	for m, n := range o.asked(u) {
		if o.limits[m] > 0 && !o.has(meter(m), max(1, n), now) {
			over[meter(m)] = true
		}
	}
	return over
}

func (o *oracle) never(u use) bool {
	for m, n := range o.asked(u) {
		if o.limits[m] > 0 && n > o.limits[m] {
			return true
		}
	}
	return false
}

func (o *oracle) has(m meter, n, now int64) bool {
	if !o.f.windows {
		return o.level(m, now).Cmp(new(big.Rat).SetInt64(n)) >= 0
	}
	if o.f.twin == &twinAzure && m == requestsMinute {
		return o.inWindow(m, now, int64(time.Second))+n <= (o.limits[m]+59)/60 && o.inWindow(m, now, o.azureLength())+n <= o.azureShare(now)
	}
	return o.inWindow(m, now, m.period())+n <= o.limits[m]
}

// level is what a bucket holds.
func (o *oracle) level(m meter, now int64) *big.Rat {
	full := new(big.Rat).SetInt64(o.limits[m])
	empty := new(big.Rat).Neg(full)
	level, at := new(big.Rat).Set(full), int64(0)
	refill := func(to int64) {
		level.Add(level, big.NewRat(1, 1).Mul(full, big.NewRat(to-at, m.period())))
		if level.Cmp(full) > 0 {
			level.Set(full)
		}
		at = to
	}
	for _, e := range o.events {
		refill(e.at)
		level.Sub(level, new(big.Rat).SetInt64(e.take[m]))
		if level.Cmp(empty) < 0 {
			level.Set(empty)
		}
		if level.Cmp(full) > 0 {
			level.Set(full)
		}
	}
	refill(now)
	return level
}

// inWindow is what was taken in the window of now.
func (o *oracle) inWindow(m meter, now, length int64) int64 {
	used := int64(0)
	for _, e := range o.events {
		if e.at/length == now/length {
			used = max(0, used+e.take[m])
		}
	}
	return used
}

func (o *oracle) azureLength() int64 {
	if o.limits[requestsMinute] < 6 {
		return aMinute
	}
	return aMinute / 6
}

// azureShare is the part of the limit that falls into the window of now: six of
// them are the limit, and no two differ by more than one.
func (o *oracle) azureShare(now int64) int64 {
	limit := o.limits[requestsMinute]
	if limit < 6 {
		return limit
	}
	k := now / o.azureLength() % 6
	return limit*(k+1)/6 - limit*k/6
}

func (o *oracle) told(m meter, now int64) (limit, remaining, fullNs int64) {
	limit = o.limits[m]
	if limit == 0 {
		return 0, 0, 0
	}
	if !o.f.windows {
		level := o.level(m, now)
		whole := new(big.Int).Div(level.Num(), level.Denom()).Int64()
		missing := new(big.Rat).Sub(new(big.Rat).SetInt64(limit), level)
		ns := missing.Mul(missing, big.NewRat(m.period(), limit))
		full := new(big.Int).Div(new(big.Int).Add(ns.Num(), new(big.Int).Sub(ns.Denom(), big.NewInt(1))), ns.Denom()).Int64()
		return limit, max(0, whole), full
	}
	length := m.period()
	if o.f.twin == &twinAzure && m == requestsMinute {
		length, limit = o.azureLength(), o.azureShare(now)
	}
	used := o.inWindow(m, now, length)
	if used > 0 {
		fullNs = length - now%length
	}
	return limit, max(0, limit-used), fullNs
}

// fewer is the limit that has less left, the first where none has.
func (o *oracle) fewer(now int64, of ...meter) (limit, remaining, fullNs int64) {
	for _, m := range of {
		if l, r, f := o.told(m, now); l > 0 && (limit == 0 || r < remaining) {
			limit, remaining, fullNs = l, r, f
		}
	}
	return limit, remaining, fullNs
}

func openAIHeadersWanted(o *oracle, now int64) map[string]string {
	want := map[string]string{}
	for name, of := range map[string][]meter{"requests": {requestsMinute, requestsDay}, "tokens": {tokensMinute}} {
		limit, remaining, fullNs := o.fewer(now, of...)
		if limit == 0 {
			continue
		}
		want["x-ratelimit-limit-"+name] = strconv.FormatInt(limit, 10)
		want["x-ratelimit-remaining-"+name] = strconv.FormatInt(remaining, 10)
		reset := time.Duration(fullNs)
		if up := reset.Truncate(time.Millisecond); up < reset {
			reset = up + time.Millisecond
		}
		want["x-ratelimit-reset-"+name] = reset.String()
	}
	return want
}

func azureHeadersWanted(o *oracle, now int64) map[string]string {
	want := map[string]string{}
	for name, m := range map[string]meter{"requests": requestsMinute, "tokens": tokensMinute} {
		limit, remaining, fullNs := o.told(m, now)
		if limit == 0 {
			continue
		}
		want["x-ratelimit-limit-"+name] = strconv.FormatInt(limit, 10)
		want["x-ratelimit-remaining-"+name] = strconv.FormatInt(remaining, 10)
		want["x-ratelimit-reset-"+name] = strconv.FormatInt((fullNs+999_999_999)/1_000_000_000, 10)
	}
	return want
}

func anthropicHeadersWanted(o *oracle, now int64) map[string]string {
	want := map[string]string{}
	set := func(name string, limit, remaining, fullNs int64) {
		if limit == 0 {
			return
		}
		want["anthropic-ratelimit-"+name+"-limit"] = strconv.FormatInt(limit, 10)
		want["anthropic-ratelimit-"+name+"-remaining"] = strconv.FormatInt(remaining, 10)
		second := (now + fullNs + 999_999_999) / 1_000_000_000
		want["anthropic-ratelimit-"+name+"-reset"] = time.Date(2000, 1, 1, 0, 0, int(second), 0, time.UTC).Format(time.RFC3339)
	}
	set2 := func(name string, m meter) {
		limit, remaining, fullNs := o.told(m, now)
		set(name, limit, remaining, fullNs)
	}
	set2("requests", requestsMinute)
	if o.limits[tokensMinute] > 0 {
		for _, name := range []string{"tokens", "input-tokens", "output-tokens"} {
			set2(name, tokensMinute)
		}
		return want
	}
	set2("input-tokens", inputMinute)
	set2("output-tokens", outputMinute)
	il, ir, inFull := o.told(inputMinute, now)
	ol, or, outFull := o.told(outputMinute, now)
	set("tokens", il+ol, ir+or, max(inFull, outFull))
	return want
}
