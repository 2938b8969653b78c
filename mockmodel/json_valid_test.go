package mockmodel

import (
	"encoding/json"
	"strings"
	"testing"
)

// validExamples are of every kind that a reader of JSON can get wrong.
var validExamples = []string{
	``, ` `, `{}`, `[]`, ` [ ] `, `{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"b":[1,2,{"c":null}]}`,
	`[1,2`, `[1 2]`, `[1,]`, `[,1]`, `{]`, `[}`, `{}{}`, `{} x`, `"a"`, `"a`, `"\"`, `"\n\u00e9\/"`, `"\u00e"`, `"\u00eg"`, `"\x"`, "\"\x01\"", "\"\xff\"", "\"\x7f\"",
	`true`, `false`, `null`, `tru`, `nulll`, `True`, `0`, `-0`, `01`, `-`, `1.`, `.5`, `1.5`, `1e5`, `1E+5`, `1e`, `1e-`, `-1.5e-10`, `+1`, `0x1`, `1_000`, `NaN`, "\ufeff{}",
	strings.Repeat("[", 64) + strings.Repeat("]", 64), strings.Repeat("[", 65) + strings.Repeat("]", 65), strings.Repeat(`{"a":`, 64) + `1` + strings.Repeat("}", 64),
}

func TestValid(t *testing.T) {
	for _, s := range validExamples {
		sameAsTheLibrary(t, s)
	}
}

// FuzzValid holds valid equal to encoding/json, but for the depth.
func FuzzValid(f *testing.F) {
	for _, s := range validExamples {
		f.Add(s)
	}
	f.Fuzz(sameAsTheLibrary)
}

func sameAsTheLibrary(t *testing.T, s string) {
	if got, want := valid([]byte(s)), json.Valid([]byte(s)) && nesting(s) <= depthMax; got != want {
		t.Errorf("%.200q: %v, want %v", s, got, want)
	}
}

// nesting is how deep valid JSON is nested.
func nesting(s string) (deepest int) {
	depth, inside := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}
