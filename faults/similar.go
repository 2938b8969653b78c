package faults

import (
	"strings"

	"github.com/chaoskit/chaos/internal/spell"
)

// Similar returns what the author of an unknown fault name may have meant, as
// text to put behind "did you mean": a fault of the catalogue, with parameters
// where the name asks for a special form of it. "" where nothing is close.
func Similar(name string) string {
	n := underscored(name)
	for _, a := range aliases {
		if a.name == n {
			return a.meant
		}
	}
	names := make([]string, len(catalogue), len(catalogue)+len(tcp))
	for i, e := range catalogue {
		names[i] = e.Name
	}
	names = append(names, tcpNames()...)
	return spell.Nearest(n, names)
}

// underscored spells a name as the catalogue does: elsewhere they have hyphens.
func underscored(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// aliases are names that people bring from elsewhere, from the reference
// catalogue's finer distinctions, or from a first guess.
var aliases = []struct{ name, meant string }{
	{"timeout", "hang_before_headers, or tcp_half_open of a proxy"},
	{"hang", "hang_before_headers"},
	{"stall", "stall_mid_stream"},
	{"empty", "empty_200"},
	{"latency", "slow_ttft: {by: 5s}, or tcp_latency of a proxy"},
	{"delay", "slow_ttft: {by: 5s}, or tcp_latency of a proxy"},
	{"slow", "slow_ttft: {by: 5s}"},
	{"slowdown", "slow_ttft: {by: 5s}, trickle: {tokens_per_second: 1} or brownout"},
	{"truncate", "eof_no_done"},
	{"reset", "conn_reset_mid, or tcp_reset of a proxy"},
	// Toxiproxy's toxics.
	{"bandwidth", "tcp_bandwidth"},
	{"reset_peer", "tcp_reset"},
	{"limit_data", "tcp_cut: {after_bytes: 1000}"},
	{"down", "tcp_refuse"},
	{"error", "http_500"},
	{"overloaded", "http_529"},
	{"429", "rate_limit"},
	{"http_429", "rate_limit"},
	{"throttle", "rate_limit"},
	{"overloaded_529_burst", "http_529: {} with burst: {on: 90s, off: 9m} beside it"},
	{"rate_limit_full", "rate_limit: {retry_after: 2s}"},
	{"rate_limit_no_hint", "rate_limit: {retry_after: none}"},
	{"rate_limit_huge_hint", "rate_limit: {retry_after: 150s}"},
	{"rate_limit_lying_hint", "rate_limit: {retry_after: 1s, lie: 5s}"},
}
