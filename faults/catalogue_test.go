package faults

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// referenceNames are the names of the reference catalogue of provider faults,
// spelled as plans do. Each is built, known as unbuilt, or a form of another.
var referenceNames = strings.Fields(`
conn_refuse conn_reset_pre conn_reset_mid half_open hang_before_headers slow_headers slow_ttft ping_only stall_mid_stream trickle
eof_no_done eof_no_blank_line eof_after_finish_no_done done_no_finish in_stream_error empty_200 empty_choices reasoning_burn length_cut
empty_body_200 html_502 cf_520 html_200 wrong_content_type invalid_json missing_fields tool_args_truncated tool_args_malformed
tool_missing_first_fragment tool_dup_index chunk_duplicate chunk_cumulative chunk_lost chunk_reorder utf8_split utf8_token_split
frame_split frame_coalesce rate_limit_full rate_limit_no_hint rate_limit_huge_hint rate_limit_lying_hint poison_429 quota_exhausted
slow_down overloaded_529_burst http_500 http_502 http_503 http_504 http_408 http_409 http_424 http_530 auth_flap wrong_model
sticky_misroute content_filter context_exceeded usage_wrong stale_answer cross_answer huge_output runaway loop late_success goaway
h2_rst_stream close_keepalive ws_close embed_wrong_dim embed_nan embed_short embed_order rerank_empty rerank_index_oob brownout`)

func TestEveryReferenceNameIsKnown(t *testing.T) {
	for _, name := range referenceNames {
		_, built := Lookup(name)
		switch {
		case built && Unbuilt(name):
			t.Errorf("%s is built and unbuilt", name)
		case !built && !Unbuilt(name) && Similar(name) == "":
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range unbuilt {
		if !slices.Contains(referenceNames, name) {
			t.Errorf("unbuilt name %s is in no reference", name)
		}
	}
}

func TestEntriesAreComplete(t *testing.T) {
	stages := []string{"connection", "headers", "body", "stream", "model", "quota"}
	seen := map[string]bool{}
	for _, e := range slices.Concat(Catalogue(), TCP()) {
		if seen[e.Name] {
			t.Errorf("%s is listed twice", e.Name)
		}
		seen[e.Name] = true
		f := e.New()
		if f.Name() != e.Name {
			t.Errorf("%s: New makes a %s", e.Name, f.Name())
		}
		if reflect.ValueOf(f).Kind() != reflect.Pointer || e.New() == f && reflect.TypeOf(f).Elem().Size() > 0 {
			t.Errorf("%s: New must return a fresh pointer", e.Name)
		}
		if !slices.Contains(stages, e.Stage) {
			t.Errorf("%s: stage %q is none of %v", e.Name, e.Stage, stages)
		}
		// A list of faults is a table of 80 columns.
		if e.Summary == "" || len(e.Summary) > 58 || strings.HasSuffix(e.Summary, ".") {
			t.Errorf("%s: summary %q must be one short line without a full stop", e.Name, e.Summary)
		}
		if !strings.Contains(e.Doc, "A good client") && !strings.Contains(e.Doc, "a good client") {
			t.Errorf("%s: the doc does not say what a good client does", e.Name)
		}
		if got := f.Effect(Dice{}).Slots(); len(f.Validate()) == 0 && (got == 0 || !e.Slots.Has(got)) {
			t.Errorf("%s fills %s, but its entry says %s", e.Name, got, e.Slots)
		}
		for i := range 2 {
			if fresh := e.New(); !reflect.DeepEqual(fresh, f) {
				t.Errorf("%s: New differs at call %d", e.Name, i)
			}
		}
	}
}

// The default tag is what schema and docs say; New is what happens.
func TestParameterTagsAgreeWithDefaults(t *testing.T) {
	for _, e := range slices.Concat(Catalogue(), TCP()) {
		v := reflect.ValueOf(e.New()).Elem()
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			if field.Tag.Get("yaml") == "" || field.Tag.Get("doc") == "" {
				t.Errorf("%s.%s lacks a yaml or doc tag", e.Name, field.Name)
			}
			want, has := field.Tag.Lookup("default")
			switch {
			case has && printValue(v.Field(i)) != want:
				t.Errorf("%s.%s: default is %s, its tag says %s", e.Name, field.Name, printValue(v.Field(i)), want)
			case !has && !v.Field(i).IsZero():
				t.Errorf("%s.%s: default %s has no tag", e.Name, field.Name, printValue(v.Field(i)))
			}
			if enum := field.Tag.Get("enum"); enum != "" && (has || !v.Field(i).IsZero()) && !slices.Contains(strings.Split(enum, ","), printValue(v.Field(i))) {
				t.Errorf("%s.%s: default %s is not in its enum", e.Name, field.Name, printValue(v.Field(i)))
			}
		}
	}
}

func TestSimilar(t *testing.T) {
	for name, want := range map[string]string{
		"rate_limt": "rate_limit", "rate-limit": "rate_limit", "http_429": "rate_limit", "429": "rate_limit", "Empty-200": "empty_200",
		"empty200": "empty_200", "timeout": "hang_before_headers, or tcp_half_open of a proxy", "limit_data": "tcp_cut: {after_bytes: 1000}", "reset_peer": "tcp_reset", "stal_mid_steam": "stall_mid_stream", "http_505": "http_500",
		"rate_limit_no_hint": "rate_limit: {retry_after: none}", "name": "", "x": "", "": "", "quux_frobnicate": "",
	} {
		if got := Similar(name); got != want {
			t.Errorf("Similar(%q) = %q, want %q", name, got, want)
		}
	}
	if !Unbuilt("h2-rst-stream") || Unbuilt("empty_200") || Unbuilt("nonsense") {
		t.Error("Unbuilt")
	}
}
