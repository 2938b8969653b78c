package faults

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/draw"
)

func tcpFault(t *testing.T, name string) Fault {
	t.Helper()
	e, ok := Lookup(name)
	if !ok || !IsTCP(name) {
		t.Fatalf("%s is no fault of connections", name)
	}
	return e.New()
}

func TestFaultsOfConnectionsAndOfCallsAreHeldApart(t *testing.T) {
	cache := Match{Proxy: "cache"}
	for _, row := range []struct {
		words string
		rule  Rule
		says  string // part of the first problem; "": none
	}{
		{"a fault of connections at a proxy", Rule{Fault: tcpFault(t, "tcp_refuse"), Match: cache}, ""},
		{"one in three of them", Rule{Fault: tcpFault(t, "tcp_refuse"), Match: cache, Every: 3}, ""},
		{"a fault of connections without a proxy", Rule{Fault: tcpFault(t, "tcp_reset")}, "add match: {proxy: NAME}"},
		{"a fault of calls at a proxy", Rule{Fault: newFault("close_keepalive"), Match: cache}, "a proxy knows no calls"},
		{"a model at a proxy", Rule{Fault: tcpFault(t, "tcp_cut"), Match: Match{Proxy: "cache", Model: "gpt-4o"}}, "belong to no request"},
		{"a tenant at a proxy", Rule{Fault: tcpFault(t, "tcp_cut"), Match: Match{Proxy: "cache", Tenant: "1"}}, "belong to no request"},
		{"requests at a proxy", Rule{Fault: tcpFault(t, "tcp_cut"), Match: cache, Requests: 2}, "belong to no request"},
		{"steps at a proxy", Rule{Fault: tcpFault(t, "tcp_cut"), Match: cache, Per: PerStep}, "belong to no request"},
		{"no delay", Rule{Fault: &TCPLatency{Direction: Both}, Match: cache}, "give a duration above 0"},
		{"too much jitter", Rule{Fault: &TCPLatency{By: time.Second, Jitter: 1.5, Direction: Both}, Match: cache}, "not between 0 and 1"},
		{"no rate", Rule{Fault: tcpFault(t, "tcp_bandwidth"), Match: cache}, "give 1 or more"},
		{"an end both ways", Rule{Fault: &TCPEnd{name: "tcp_cut", kind: EndingEOF, Direction: Both}, Match: cache}, `"both" is unknown`},
		{"an end before the start", Rule{Fault: &TCPEnd{name: "tcp_cut", kind: EndingEOF, AfterBytes: -1, Direction: Up}, Match: cache}, "give 0 or more"},
	} {
		found := row.rule.Validate()
		if row.says == "" && len(found) > 0 || row.says != "" && (len(found) == 0 || !strings.Contains(found[0].Msg, row.says)) {
			t.Errorf("%s: %v, want %q", row.words, found, row.says)
		}
	}
}

// unloaded binds rules where there is no load.
func unloaded(t *testing.T, rules ...Rule) *Schedule {
	t.Helper()
	s, problems := NewSchedule(7, rules, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s
}

func TestAConnectionMeetsRulesOfItsProxyAlone(t *testing.T) {
	s := unloaded(t,
		Rule{Name: "calls", Fault: newFault("close_keepalive")},
		Rule{Name: "cache", Fault: tcpFault(t, "tcp_reset"), Match: Match{Proxy: "cache"}},
		Rule{Name: "store", Fault: tcpFault(t, "tcp_refuse"), Match: Match{Proxy: "store"}})
	way := func(d Direction) Call { c := Arrival("cache", 0, 5, false); c.Way = d; return c }
	for _, row := range []struct {
		words string
		call  Call
		met   string
	}{
		{"the way of a connection that the rule is about", way(Down), "cache"},
		{"the other way", way(Up), ""},
		{"a call", Call{Kind: "chat", Ordinal: 1}, "calls"},
		{"a connection of the cache", Arrival("cache", 0, 5, false), "cache"},
		{"a new one of the store", Arrival("store", 0, 5, false), "store"},
		{"an open one of the store, which can be refused no more", Arrival("store", 0, 5, true), ""},
		{"one of a proxy that no rule names", Arrival("db", 0, 5, false), ""},
	} {
		var met []string
		for _, h := range s.Decide(row.call).Hits {
			met = append(met, h.Name)
		}
		if got := strings.Join(met, " "); got != row.met {
			t.Errorf("%s meets %q, want %q", row.words, got, row.met)
		}
	}
}

// TestTheNthConnection: the dice have the proxy's name and the connection's
// number in their key, and neither the instant nor the other rules.
func TestTheNthConnection(t *testing.T) {
	half := Share(0.5)
	rule := Rule{Name: "r", Fault: tcpFault(t, "tcp_cut"), Match: Match{Proxy: "cache"}, Probability: &half}
	alone := unloaded(t, rule)
	beside := unloaded(t, Rule{Fault: tcpFault(t, "tcp_latency"), Match: Match{Proxy: "cache"}}, rule)
	chosen := 0
	for n := range int64(1000) {
		first := alone.Decide(Arrival("cache", n, 1, false)).Hits[0].State
		if later := alone.Decide(Arrival("cache", n, int64(time.Hour), true)).Hits[0].State; later != first {
			t.Fatalf("connection %d: %s when it came, %s later", n, first, later)
		}
		if other := beside.Decide(Arrival("cache", n, 1, false)).Hits[1].State; other != first {
			t.Fatalf("connection %d: %s alone, %s beside another rule", n, first, other)
		}
		want := draw.Below(draw.Bits(7, "fault.choose", "r", "proxy:cache", strconv.FormatInt(n, 10), "0", "1"), 0.5)
		if (first == Chosen) != want {
			t.Fatalf("connection %d: %s, want chosen: %v, as its key says", n, first, want)
		}
		if first == Chosen {
			chosen++
		}
	}
	if chosen < 430 || chosen > 570 {
		t.Errorf("%d of 1000 chosen at 50 %%", chosen)
	}
}

func TestWhenARuleOfAProxyComesOnOrGoesOff(t *testing.T) {
	from := 5 * time.Second
	to := 9 * time.Second
	s := unloaded(t,
		Rule{Name: "later", Fault: tcpFault(t, "tcp_reset"), Match: Match{Proxy: "cache"}, From: &from, To: &to},
		Rule{Name: "flaps", Fault: tcpFault(t, "tcp_cut"), Match: Match{Proxy: "flap"}, From: &from, To: &to, Burst: &Burst{On: time.Second, Off: time.Second}})
	for _, row := range []struct {
		words, proxy string
		after        int64
		at           int64 // -1: never
	}{
		{"before its window", "cache", 0, int64(from)},
		{"in its window", "cache", int64(from), int64(to)},
		{"after its window", "cache", int64(to), -1},
		{"no rule", "db", 0, -1},
		{"before bursts", "flap", 0, int64(from)},
		{"after the bursts", "flap", int64(to), -1},
	} {
		at, ok := s.NextEdge(row.proxy, row.after)
		if !ok {
			at = -1
		}
		if at != row.at {
			t.Errorf("%s: %d, want %d", row.words, at, row.at)
		}
	}
	if at, ok := s.NextEdge("flap", int64(from)); !ok || at <= int64(from) || at > int64(from+time.Second) {
		t.Errorf("between bursts: %d, %v, want a slot soon", at, ok)
	}
	if at, ok := unloaded(t, Rule{Fault: tcpFault(t, "tcp_reset"), Match: Match{Proxy: "x"}}).NextEdge("x", math.MinInt64); !ok || at != 0 {
		t.Errorf("a rule without a window comes on at %d, %v", at, ok)
	}
}
