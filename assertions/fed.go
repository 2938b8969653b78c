package assertions

import "slices"

// Faults by what a call that meets them looks like to the service. The checks
// say with these lists what can give them something to look at; a name that ends
// with * stands for all that begin so.
var (
	// refusing answer with an error status.
	refusing = []string{"rate_limit", "http_*", "quota_exhausted", "poison_429", "slow_down", "auth_flap", "html_502", "cf_520", "context_exceeded", "content_filter"}
	// lasting are those that no retry mends.
	lasting = []string{"http_400", "http_401", "http_403", "http_404", "http_413", "http_422", "quota_exhausted", "poison_429", "auth_flap", "context_exceeded", "content_filter"}
	// passing are those that a retry after a while may mend.
	passing = []string{"rate_limit", "http_*", "slow_down", "html_502", "cf_520"}
	// silent never come to an end.
	silent = []string{"hang_before_headers", "stall_mid_stream", "half_open", "ping_only", "cut"}
	// torn end the connection.
	torn = []string{"conn_*", "close_keepalive", "ws_close", "cut"}
	// empty succeed and say nothing.
	empty = []string{"empty_*", "reasoning_burn", "rerank_empty", "embed_short"}
	// cut end in the middle of what they say.
	cut = []string{"eof_no_done", "conn_reset_mid", "stall_mid_stream", "half_open", "in_stream_error", "length_cut", "cut", "ws_close"}
	// garbled cannot be read, or not as what they say they are.
	garbled = []string{"invalid_json", "wrong_content_type", "missing_fields", "html_200", "tool_*", "embed_nan", "embed_wrong_dim", "embed_order", "rerank_index_oob"}
	// slow come late.
	slow = []string{"slow_ttft", "slow_headers", "brownout", "trickle", "late_success"}
	// crossed bring what was made for another tenant.
	crossed = []string{"cross_answer"}
	// untrue are whole, and say what they should not.
	untrue = []string{"wrong_model", "wrong_answer", "sticky_misroute", "stale_answer", "cross_answer", "chunk_*", "usage_wrong", "huge_output", "runaway", "loop"}
)

// fed joins lists of faults.
func fed(by ...[]string) []string { return slices.Concat(by...) }
