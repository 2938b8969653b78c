package mockmodel

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chaoskit/chaos/internal/wire"
)

func sprint(v any) string { return fmt.Sprint(v) }

// decoded turns a doc into what encoding/json makes of the same bytes.
func decoded(d doc) any {
	switch d.kind() {
	case '{':
		m := map[string]any{}
		for k, v := range d.fields {
			m[k] = decoded(v)
		}
		return m
	case '[':
		l := []any{}
		for v := range d.items {
			l = append(l, decoded(v))
		}
		return l
	case '"':
		return d.text()
	case 't', 'f':
		return d.truth()
	case 'n', 0:
		return nil
	}
	return json.Number(d)
}

func agree(t *testing.T, body []byte) {
	if !valid(body) {
		return
	}
	d := doc(body)
	d = doc(strings.TrimSpace(string(d[space(d, 0):])))
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var want any
	if err := dec.Decode(&want); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	stepHash("chat", d)
	got := decoded(d)
	if !utf8.Valid(body) {
		return // what is not UTF-8 is replaced by encoding/json and kept by a doc
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%q: got %s, want %s", body, a, b)
	}
}

var jsonCases = []string{
	`{}`, `[]`, `""`, `null`, `1`, ` { "a" : [ 1 , 2.5e3 , {"b":"\"c\\" } ] , "d":true,"e":false,"f":null } `,
	`{"a":"\u00e9\n","\u0061":2,"a":3}`, `[[],{},"]}",["}"]]`, `{"x":{"y":{"z":[1,[2,[3]]]}}}`, "[\n1\t,\r2]", `"\\"`,
}

func TestDocAgreesWithEncodingJSON(t *testing.T) {
	for _, c := range jsonCases {
		agree(t, []byte(c))
	}
}

func TestTooDeepIsRefused(t *testing.T) {
	for depth, want := range map[int]bool{depthMax: true, depthMax + 1: false, 1_000_000: false} {
		if got := valid([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))); got != want {
			t.Errorf("depth %d: valid = %v", depth, got)
		}
	}
	if !valid([]byte(`"` + strings.Repeat("[", 500) + `"`)) {
		t.Error("brackets inside a string do not nest")
	}
}

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "plain", `q"b\`, "a\nb\x00", "é\u2028", "bad\xff", "tab\t"} {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") {
			t.Errorf("%q: read back %q, %v", s, back, err)
		}
	}
}

// A step hash is equal for bodies that ask the same, and differs for others.
func TestStepHash(t *testing.T) {
	base := `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due?"}],"temperature":1}`
	for _, c := range []struct {
		why, body string
		same      bool
	}{
		{"another order of members", `{"temperature":1,"messages":[{"content":"What is due?","role":"user"}],"model":"gpt-4o"}`, true},
		{"white space", ` {"model" : "gpt-4o", "messages" : [ {"role":"user", "content":"What is due?"} ], "temperature" : 1 }`, true},
		{"an escape that need not be", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is \u0064ue?"}],"temperature":1.0}`, true},
		{"another model", `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"What is due?"}],"temperature":1}`, true},
		{"as a stream", `{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"What is due?"}],"temperature":1}`, true},
		{"a marker", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due?` + wire.Marker(wire.ID{Run: "testrun2", Phase: "warm", Index: 1, Tenant: "t1"}) + `"}],"temperature":1}`, true},
		{"another text", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is new?"}],"temperature":1}`, false},
		{"another role", `{"model":"gpt-4o","messages":[{"role":"system","content":"What is due?"}],"temperature":1}`, false},
		{"a member more", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due?"}],"temperature":1,"top_p":1}`, false},
		{"another number", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due?"}],"temperature":2}`, false},
		{"a message twice", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due?"},{"role":"user","content":"What is due?"}],"temperature":1}`, false},
		{"the model named deeper", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due?","model":"x"}],"temperature":1}`, false},
	} {
		if got := hashOf(c.body) == hashOf(base); got != c.same {
			t.Errorf("%s: same step = %v", c.why, got)
		}
	}
	if hashOf(`{"a":[1,2]}`) == hashOf(`{"a":[2,1]}`) || hashOf(`{"a":"1"}`) == hashOf(`{"a":1}`) || hashOf(`{"a":{"b":1}}`) == hashOf(`{"b":{"a":1}}`) {
		t.Error("order of elements, type of a value and place of a member count")
	}
	if stepHash("chat", `{"a":1}`) == stepHash("embed", `{"a":1}`) {
		t.Error("the kind counts")
	}
}

func hashOf(body string) uint64 {
	d := doc(body)
	return stepHash("chat", d[space(d, 0):])
}

// UUIDs and timestamps are left out of a step hash; what only looks like them
// is not.
func TestStepHashIgnoresWhatChanges(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"id 123e4567-e89b-12d3-a456-426614174000.", "id 00000000-0000-4000-8000-00000000ABCD.", true},
		{"at 2026-11-24T02:51:20Z ok", "at 1999-01-01T00:00:00.123456+02:00 ok", true},
		{"2026-11-24 02:51:20Z", "2027-11-24 02:51:20Z", true},
		{"x 123e4567-e89b-12d3-a456-426614174000 2026-11-24T02:51:20Z", "x 123e4567-e89b-12d3-a456-426614174001 2026-11-24T02:51:21Z", true},
		{"id 123e4567-e89b-12d3-a456-42661417400", "id 123e4567-e89b-12d3-a456-42661417401", false},
		{"day 2026-11-24", "day 2026-11-25", false},
		{"at 2026-11-24T02:51:20", "at 2026-11-24T02:51:21", true}, // Python's isoformat has no zone
		{"at 2026-11-24T02:51:20.", "at 2026-11-24T02:51:21.", true},
		{"at 2026-11-24T02:51:20.120431, ok", "at 2026-11-24T02:51:21, ok", true},
		{"2026-11-24 02:51:20,118 INFO", "2026-11-24 02:51:22,003 INFO", true},
		{"at 2026-11-24T02:51:20+0200", "at 2026-11-24T02:51:21-0830", true},
		{"at 2026-11-24T02:51:20+x", "at 2026-11-24T02:51:21+x", true},
		{"at 2026-11-24T02:51:20+x", "at 2026-11-24T02:51:20+y", false},
		{"2026-11-24T02:51", "2026-11-24T02:52", false},
		{"a-b", "a-c", false},
		{"- 1", "- 2", false},
		{"id 123e4567-e89b-12d3-a456-426614174000 one", "id 123e4567-e89b-12d3-a456-426614174000 two", false},
	} {
		if got := hashText(c.a) == hashText(c.b); got != c.same {
			t.Errorf("%q and %q: same = %v", c.a, c.b, got)
		}
	}
}
