package loadgen

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// plain turns what parseTree makes into what encoding/json would.
func plain(v any) any {
	switch v := v.(type) {
	case *treeObject:
		m := map[string]any{}
		for _, k := range v.keys {
			m[k] = plain(v.values[k])
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case int64:
		return float64(v)
	}
	return v
}

// FuzzScan holds the scanner against encoding/json: what is JSON there has the
// same value here. The scanner may take more, as a service is not tested for
// the spelling of its numbers, but it neither panics nor reads outside.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, ` { "a" : [ 1 , -2.5e3 , "x\"y" , null , true , false , { } ] , "b" : {"c":"\u00e9\ud83d\ude00"} } `,
		`{"a":1,}`, `{"a"}`, `{"a":}`, `[1 2]`, `[1,]`, `"\`, `"`, `{`, `{"a":1`, `[`, `nul`, `01`, `{"\u0061":1,"a":2}`, `{"a":1}x`, `1e400`, ``, ` `,
		strings.Repeat("[", 600), strings.Repeat("[", 100) + strings.Repeat("]", 100),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want any
		err := json.Unmarshal(b, &want)
		got, ok := parseTree(b)
		// Bytes that are no UTF-8 are kept as they came: what the user saw.
		if err != nil || !utf8.Valid(b) || strings.Count(string(b), "[")+strings.Count(string(b), "{") > scanDepthMax {
			return
		}
		if !ok {
			t.Fatalf("%q is JSON and was refused", b)
		}
		if !reflect.DeepEqual(plain(got), want) {
			t.Fatalf("%q is %#v, want %#v", b, plain(got), want)
		}
	})
}

// FuzzAnswer feeds the readers of all formats with anything: they must not
// panic.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{delta("x"), roleDelta, usageDelta, `{"choices":[{"message":{"content":[{"type":"text","text":"a"}]}}]}`, `{"type":"content_block_delta","delta":{"text":"a"}}`, `{"error":{"code":1}}`, `{"content":[{"type":"tool_use"}]}`} {
		f.Add([]byte(strings.TrimPrefix(strings.TrimSpace(s), "data: ")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range formats {
			a, _ := newAnswer(ResponseConfig{Format: format.name, Answer: map[bool]string{true: "$..*"}[format.name == formatJSON]})
			a.body = b
			format.event("", b, a)
			if format.body != nil {
				format.body(b, a)
			}
			_ = a.excerpt()
		}
	})
}
