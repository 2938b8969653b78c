package mockmodel

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
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
		{"a short watermark", `{"model":"gpt-4o","messages":[{"role":"user","content":"What is due? ` + codec.ShortMark(wire.Mark{Attempt: 7}) + `"}],"temperature":1}`, true},
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
		{"score 0.731254123456789, then", "score 0.731254987, then", true}, // a score's watermark
		{"score 0.731254", "score 0.731255", false},
		{"score 0.7312541", "score 0.731254", true},
		{"version 1.2.3", "version 1.2.4", false},
		{"v.1234567", "v.1234568", false}, // no number
		{"id 123e4567-e89b-12d3-a456-426614174000 one", "id 123e4567-e89b-12d3-a456-426614174000 two", false},
	} {
		if got := hashText(c.a) == hashText(c.b); got != c.same {
			t.Errorf("%q and %q: same = %v", c.a, c.b, got)
		}
	}
}

// The watermarks of vectors and scores are left out of a step hash, other
// digits are not.
func TestStepHashIgnoresMarksInNumbers(t *testing.T) {
	marked := func(attempt uint64) string {
		v := make([]float32, 64)
		for i := range v {
			v[i] = float32(i-31) / 97
		}
		scores := []float64{0.9000004, 0.5, 0.4999999}
		m := wire.Mark{Attempt: attempt, ID: wire.ID{Run: codec.Run}}
		codec.MarkVector(v, m)
		if !codec.MarkScores(scores, m) {
			t.Fatal("not marked")
		}
		b, _ := json.Marshal(map[string]any{"vector": v, "documents": []any{map[string]any{"score": scores[0]}, map[string]any{"score": scores[1]}}, "why": "it scores " + strconv.FormatFloat(scores[2], 'g', -1, 64)})
		return string(b)
	}
	one := marked(1)
	for attempt := uint64(2); attempt < 300; attempt++ {
		if other := marked(attempt << 20); other == one || hashOf(other) != hashOf(one) {
			t.Fatalf("attempt %d: another step than\n%s\n%s", attempt, one, other)
		}
	}
	for _, c := range [][2]string{
		{`{"vector":[0.5,0.25]}`, `{"vector":[0.5,0.26]}`}, {`{"score":0.5}`, `{"score":0.50001}`}, {`{"seed":123456789}`, `{"seed":123456788}`},
		{`{"seeds":[123456789]}`, `{"seeds":[123456788]}`}, {`{"temperature":0.7}`, `{"temperature":0.71}`}, {`{"x":-1.5e300}`, `{"x":-1.6e300}`},
	} {
		if hashOf(c[0]) == hashOf(c[1]) {
			t.Errorf("%s and %s are one step", c[0], c[1])
		}
	}
	if hashOf(`{"v":[1.0]}`) != hashOf(`{"v":[1]}`) || hashOf(`{"t":0.70}`) != hashOf(`{"t":7e-1}`) {
		t.Error("how a number is spelt makes a difference")
	}
}
