package faults

import (
	"strings"
	"testing"
)

func TestMatchHeader(t *testing.T) {
	for _, c := range []struct {
		say    string
		match  []HeaderMatch
		header map[string][]string
		want   bool
	}{
		{"the value", []HeaderMatch{{"X-Tenant", "gold"}}, map[string][]string{"X-Tenant": {"gold"}}, true},
		{"another value", []HeaderMatch{{"X-Tenant", "gold"}}, map[string][]string{"X-Tenant": {"golden"}}, false},
		{"values differ by case", []HeaderMatch{{"X-Tenant", "gold"}}, map[string][]string{"X-Tenant": {"Gold"}}, false},
		{"names do not", []HeaderMatch{{"x-teNant", "gold"}}, map[string][]string{"X-Tenant": {"gold"}}, true},
		{"not there", []HeaderMatch{{"X-Tenant", "gold"}}, nil, false},
		{"the beginning", []HeaderMatch{{"X-Tenant", "gold*"}}, map[string][]string{"X-Tenant": {"golden"}}, true},
		{"another beginning", []HeaderMatch{{"X-Tenant", "gold*"}}, map[string][]string{"X-Tenant": {"old gold"}}, false},
		{"any value", []HeaderMatch{{"X-Tenant", "*"}}, map[string][]string{"X-Tenant": {""}}, true},
		{"any value, but none is there", []HeaderMatch{{"X-Tenant", "*"}}, map[string][]string{"X-Other": {"x"}}, false},
		{"the second of two lines", []HeaderMatch{{"X-Tenant", "gold"}}, map[string][]string{"X-Tenant": {"iron", "gold"}}, true},
		{"both of two headers", []HeaderMatch{{"X-A", "1"}, {"X-B", "2"}}, map[string][]string{"X-A": {"1"}, "X-B": {"2"}}, true},
		{"one of two headers is not enough", []HeaderMatch{{"X-A", "1"}, {"X-B", "2"}}, map[string][]string{"X-A": {"1"}}, false},
	} {
		a := call(1)
		a.Header = c.header
		s := schedule(t, 1, Rule{Fault: newFault("http_500"), Match: Match{Header: c.match}})
		if got := len(s.Decide(a).Hits) > 0; got != c.want {
			t.Errorf("%s: eligible %v, want %v", c.say, got, c.want)
		}
	}
}

// An attempt without a request id can still be told by its headers.
func TestMatchHeaderNeedsNoRequestID(t *testing.T) {
	s := schedule(t, 1, Rule{Fault: newFault("http_500"), Match: Match{Header: []HeaderMatch{{"X-Tenant", "gold"}}}})
	a := Call{StepHash: 1, Ordinal: 1, ArrivedNs: sec(15), Header: map[string][]string{"X-Tenant": {"gold"}}}
	if got := states(s.Decide(a)); got != "http_500=chosen" {
		t.Errorf("%q", got)
	}
}

func TestHeadersThatDoNotMatchAllocateNothing(t *testing.T) {
	s := schedule(t, 1, Rule{Fault: newFault("http_500"), Match: Match{Header: []HeaderMatch{{"x-tenant", "gold*"}}}})
	a := call(1)
	a.Header = map[string][]string{"X-Tenant": {"iron"}}
	if n := testing.AllocsPerRun(100, func() { s.Decide(a) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestValidateHeaders(t *testing.T) {
	header := func(name, value string) func(*Rule) {
		return func(r *Rule) { r.Match.Header = []HeaderMatch{{name, value}} }
	}
	secret := ": carries a secret, which plans and reports would show: match the tenant, or a header without one"
	checkRefusals(t, []refusal{
		{hang(header("X-Tenant", "gold*")), ""},
		{hang(header("Authorization", "Bearer x")), "[0].match.header.Authorization" + secret},
		{hang(header("proxy-authorization", "*")), "[0].match.header.proxy-authorization" + secret},
		{hang(header("x-api-key", "*")), "[0].match.header.x-api-key" + secret},
		{hang(header("Api-Key", "*")), "[0].match.header.Api-Key" + secret},
		{hang(header("X-Goog-Api-Key", "*")), "[0].match.header.X-Goog-Api-Key" + secret},
		{hang(header("X-Amz-Security-Token", "*")), "[0].match.header.X-Amz-Security-Token" + secret},
		{hang(header("Cookie", "*")), "[0].match.header.Cookie" + secret},
		{hang(header("Host", "x")), "[0].match.header.Host: is where the call goes, not what it carries: match the endpoint"},
		{hang(header("X Tenant", "x")), `[0].match.header: "X Tenant" is no name of a header: use up to 64 letters, digits and '-'`},
		{hang(header("X-Tenant", "")), `[0].match.header.X-Tenant: asks for nothing: give the value, the beginning of it with * behind, or "*" for any`},
		{hang(header("X-Tenant", strings.Repeat("x", 257))), "[0].match.header.X-Tenant: has 257 bytes: at most 256; give the beginning of it with * behind"},
		{hang(func(r *Rule) { r.Match.Header = []HeaderMatch{{"X-A", "1"}, {"x-a", "2"}} }),
			"[0].match.header.x-a: is asked for twice: names of headers do not differ by case; keep one"},
		{hang(func(r *Rule) {
			for _, c := range "abcdefghi" {
				r.Match.Header = append(r.Match.Header, HeaderMatch{"X-" + string(c), "1"})
			}
		}), "[0].match.header: asks for 9 headers: at most 8"},
	})
}
