package plans

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
)

// A way to fail that the reference of provider faults names: the row in which it stands, how a
// plan says it, or why no plan can.
type referred struct {
	row, name string // the row is "-" where the reference has none
	// as are the rules that are it, one an entry; none: the fault of that name.
	as []string
	// why it is not built; what will be built has none until it is.
	why string
}

// referenceRows holds the names of the reference's 57 rows in their order.
var referenceRows = []referred{
	{"1", "conn_refuse", nil, ""},
	{"2", "conn_reset_pre", nil, ""},
	{"3", "conn_reset_mid", nil, ""},
	{"4", "half_open", nil, ""},
	{"5", "hang_before_headers", nil, ""},
	{"6", "slow_headers", nil, ""},
	{"7", "slow_ttft", []string{"slow_ttft: {by: 5s}"}, ""},
	{"8", "ping_only", nil, ""},
	{"9", "stall_mid_stream", nil, ""},
	{"10", "trickle", []string{"trickle: {interval: 2s}"}, ""},
	{"11", "eof_no_done", nil, ""},
	{"11", "any ending, anywhere", []string{"cut", "cut: {ending: reset, after_bytes: 300}", "cut: {inside: tool_arguments}", "cut: {ending: half_open, inside: code_point}", "cut: {ending: keep_alive, after_events: 5}"}, ""},
	{"11b", "eof_no_blank_line", nil, ""},
	{"12", "eof_after_finish_no_done", nil, ""},
	{"13", "done_no_finish", nil, ""},
	{"14", "in_stream_error", nil, ""},
	{"15", "empty_200", nil, ""},
	{"16", "empty_choices", []string{"empty_choices", "empty_choices: {as: no_content}", "empty_choices: {as: chunk}"}, ""},
	{"17", "reasoning_burn", nil, ""},
	{"18", "length_cut", nil, ""},
	{"19", "empty_body_200", nil, ""},
	{"20", "html_502", nil, ""},
	{"20", "cf_520", nil, ""},
	{"20", "html_200", nil, ""},
	{"21", "wrong_content_type", []string{"wrong_content_type", "wrong_content_type: {as: json}", "wrong_content_type: {as: whole}"}, ""},
	{"22", "invalid_json", nil, ""},
	{"23", "missing_fields", nil, ""},
	{"24", "tool_args_truncated", nil, ""},
	{"25", "tool_args_malformed", []string{"tool_args_malformed", "tool_args_malformed: {kind: wrong_type}", "tool_args_malformed: {kind: unknown_tool}"}, ""},
	{"26", "tool_missing_first_fragment", nil, ""},
	{"27", "tool_dup_index", nil, ""},
	{"28", "chunk_duplicate", nil, ""},
	{"29", "chunk_cumulative", nil, ""},
	{"30", "chunk_lost", nil, ""},
	{"30", "chunk_reorder", nil, ""},
	{"31", "utf8_split", nil, ""},
	{"32", "utf8_token_split", nil, ""},
	{"33", "frame_split", nil, ""},
	{"33", "frame_coalesce", nil, ""},
	{"34", "rate_limit_full", []string{"rate_limit"}, ""},
	{"35", "rate_limit_no_hint", []string{"rate_limit: {retry_after: none}"}, ""},
	{"36", "rate_limit_huge_hint", []string{"rate_limit: {retry_after: 198300s}", "rate_limit: {retry_after: date + 384h}", "rate_limit: {retry_after: date - 1h}", "rate_limit: {retry_after: -1s}", "rate_limit: {retry_after: 0s}", "rate_limit: {retry_after: 1.5s}", "rate_limit: {retry_after: soon}"}, ""},
	{"37", "rate_limit_lying_hint", []string{"rate_limit: {retry_after: 1s, lie: 5s}"}, ""},
	{"38", "poison_429", nil, ""},
	{"39", "quota_exhausted", nil, ""},
	{"40", "slow_down", nil, ""},
	{"41", "overloaded_529_burst", []string{"http_529: {}, burst: {on: 90s, off: 9m}"}, ""},
	{"42", "http_500", nil, ""},
	{"42", "http_502", nil, ""},
	{"42", "http_503", nil, ""},
	{"42", "http_504", nil, ""},
	{"42", "http_408", nil, ""},
	{"42", "http_409", nil, ""},
	{"42", "http_424", nil, ""},
	{"42", "http_530", nil, ""},
	{"42", "other statuses", []string{"http_400", "http_401", "http_403", "http_404", "http_413", "http_422", "http_529"}, ""},
	{"43", "auth_flap", nil, ""},
	{"44", "wrong_model", []string{"wrong_model: {model: gpt-4o-mini}", "wrong_model: {model: gpt-4o-mini, declared: false}"}, ""},
	{"45", "sticky_misroute", nil, ""},
	{"45", "plausible and wrong", []string{"wrong_answer"}, ""},
	{"46", "content_filter", []string{"content_filter", "content_filter: {where: prompt}"}, ""},
	{"47", "context_exceeded", []string{"length_cut: {limit: context_window}", "context_exceeded"}, ""},
	{"48", "usage_wrong", []string{"usage_wrong", "usage_wrong: {kind: zero}", "usage_wrong: {kind: inflated}", "usage_wrong: {kind: never}"}, ""},
	{"49", "stale_answer", nil, ""},
	{"49", "cross_answer", nil, ""},
	{"50", "huge_output", nil, ""},
	{"50", "runaway", nil, ""},
	{"50", "loop", nil, ""},
	{"50", "loop of tools", []string{"tool_loop"}, ""},
	{"51", "late_success", nil, ""},
	{"52", "goaway", nil, "the mock speaks HTTP/1.1 only, which is what an http:// base URL means to the SDKs: there is no frame to send it in"},
	{"52", "h2_rst_stream", nil, "as goaway: there is no stream of HTTP/2 to reset"},
	{"52", "close_keepalive", nil, ""},
	{"53", "ws_close", nil, ""},
	{"54", "embed_wrong_dim", nil, ""},
	{"54", "embed_nan", nil, ""},
	{"54", "embed_short", nil, ""},
	{"54", "embed_order", nil, ""},
	{"55", "rerank_empty", nil, ""},
	{"55", "rerank_index_oob", nil, ""},
	{"56", "brownout", nil, ""},
}

// rules returns the rules that are the way to fail; none: it is not built.
func (r referred) rules() []string {
	if len(r.as) > 0 {
		return r.as
	}
	if _, ok := faults.Lookup(r.name); ok {
		return []string{r.name}
	}
	return nil
}

// Every row of the reference is built, as rules that a plan takes, or says why not;
// and no fault stands in no row.
func TestReference(t *testing.T) {
	rows, in := map[string]bool{}, map[string]bool{}
	for _, r := range referenceRows {
		if r.row != "-" {
			rows[r.row] = true
		}
		_, built := faults.Lookup(r.name)
		switch rules := r.rules(); {
		case len(rules) > 0 && r.why != "":
			t.Errorf("%s is built, and has a reason why it is not: %s", r.name, r.why)
		case len(rules) == 0 && r.why == "" && !faults.Unbuilt(r.name):
			t.Errorf("%s is neither built nor going to be, and does not say why", r.name)
		case built && faults.Unbuilt(r.name):
			t.Errorf("%s is built and unbuilt", r.name)
		}
		for _, rule := range r.rules() {
			parsed, err := ParseRules("a row of the reference", rule)
			if err != nil || len(parsed) != 1 {
				t.Errorf("%s as %q: %v", r.name, rule, err)
				continue
			}
			in[parsed[0].Fault.Name()] = true
		}
	}
	if len(rows) != 57 {
		t.Errorf("%d rows, the reference has 57", len(rows))
	}
	for _, e := range faults.Catalogue() {
		if !in[e.Name] {
			t.Errorf("%s stands in no row of the reference", e.Name)
		}
	}
}

// TestFaultsPage holds docs/faults.md.
func TestFaultsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(faultsIntro)
	b.WriteString("| # | way to fail | in a plan | strikes | dialects | steps | what happens |\n|---|---|---|---|---|---|---|\n")
	for _, r := range referenceRows {
		b.WriteString(r.line(t))
	}
	b.WriteString(tcpIntro)
	b.WriteString("| in a plan | what happens | parameters |\n|---|---|---|\n")
	for _, e := range faults.TCP() {
		var args []string
		for _, a := range ArgumentsOf(e.New()) {
			args = append(args, "`"+strings.TrimSuffix(a.Name+": "+a.Default, ": ")+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.Name, e.Summary, cmp.Or(strings.Join(args, ", "), "none"))
	}
	golden.Check(t, "../../docs/faults.md", b.String())
}

// A row may say its fault in any way in which a plan does.
func TestRowOfThePage(t *testing.T) {
	const want = "| - | bursts | `%s` | headers | all | all | refuses with 529: the provider is overloaded |\n"
	for _, rule := range []string{"http_529", "http_529: {}", "{http_529: {}}", "{name: a, http_529: {retry_after: 2s}, burst: {on: 5s, off: 9s}}"} {
		got := referred{"-", "bursts", []string{rule}, ""}.line(t)
		if got != fmt.Sprintf(want, rule) {
			t.Errorf("%s is the row %s", rule, got)
		}
	}
}

const tcpIntro = `
# Between the target and anything else

These strike the connections of a proxy of the plan (or of ` + "`chaos proxy`" + `), and their rules name it: ` + "`match: {proxy: NAME}`" + `. What passes is not read,
so there is no request to choose by: the dice of the n-th connection, from 0, have the proxy's name and n in their key. What repeats exactly is
which connections are chosen, not which question travels on them. Each way through a connection has slots of its own.

Who comes from Toxiproxy finds ` + "`latency` in `tcp_latency`, `bandwidth` in `tcp_bandwidth`, `limit_data` in `tcp_cut`, `reset_peer` in `tcp_reset`, `timeout: 0` in\n`tcp_half_open`, a proxy that is disabled in `tcp_refuse`, toxicity in `probability`, and a stream in `direction`" + `. Not here: ` + "`slow_close`, `slicer`, a `timeout`" + `
that closes the connection after a while, and faults that are changed while the proxy runs (rules have windows instead).

`

const faultsIntro = `# The ways in which models fail

Written by ` + "`go test ./plans -run TestFaultsPage -update`" + ` from the catalogue in package faults. ` + "`chaos explain FAULT`" + ` tells what a fault
has on the wire, its parameters, what a good client does and where it was seen. The bytes of each fault in each dialect are in
[mockmodel/testdata/faults](../mockmodel/testdata/faults); what the official SDKs make of them, in [faults-sdks.md](faults-sdks.md) for Go and [faults-sdks-npm.md](faults-sdks-npm.md) for JavaScript.

`

// line is the row of the page.
func (r referred) line(t *testing.T) string {
	t.Helper()
	rules := r.rules()
	if len(rules) == 0 {
		return fmt.Sprintf("| %s | %s | not built: %s | | | | |\n", r.row, r.name, cmp.Or(r.why, "not yet"))
	}
	var as, does []string
	var e faults.Entry
	for _, rule := range rules {
		parsed, err := ParseRules("a row of the reference", rule)
		if err != nil || len(parsed) != 1 {
			t.Fatalf("%s as %q: %v", r.name, rule, err)
		}
		e, _ = faults.Lookup(parsed[0].Fault.Name())
		as = append(as, "`"+rule+"`")
		if does = append(does, e.Summary); len(does) > 1 && does[0] == e.Summary {
			does = does[:1]
		}
	}
	steps := listed(e.Steps)
	if f, ok := e.New().(interface{ StreamOnly() bool }); ok && f.StreamOnly() {
		steps += ", streams only"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n", r.row, r.name, strings.Join(as, ", "), e.Stage, e.Where(), steps, strings.Join(slices.Compact(does), "; "))
}

// listed are the dialects or steps of an entry.
func listed(names []string) string {
	if names == nil {
		return "all"
	}
	return strings.Join(names, ", ")
}
