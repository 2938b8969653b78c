package mockmodel

import (
	"encoding/json"
	"strings"
	"testing"
)

// What is left of a value without some members: all else as it stands.
func TestDropMembers(t *testing.T) {
	for _, c := range []struct{ name, in, drop, want string }{
		{"the first", `{"a":1,"b":2,"c":3}`, "a", `{"b":2,"c":3}`},
		{"one in the middle", `{"a":1,"b":2,"c":3}`, "b", `{"a":1,"c":3}`},
		{"the last", `{"a":1,"b":2,"c":3}`, "c", `{"a":1,"b":2}`},
		{"the last two", `{"a":1,"b":2,"c":3}`, "b c", `{"a":1}`},
		{"the outer two", `{"a":1,"b":2,"c":3}`, "a c", `{"b":2}`},
		{"all", `{"a":1,"b":2,"c":3}`, "a b c", `{}`},
		{"the only one", `{"a":[1]}`, "a", `{}`},
		{"one that is not there", `{"a":1}`, "b", `{"a":1}`},
		{"white space", "{ \"a\" : 1 ,\n \"b\" : {\"c\": 2} }", "b.c", "{ \"a\" : 1 ,\n \"b\" : {} }"},
		{"the last, behind white space", "{ \"a\" : 1 ,\n \"b\" : 2 }", "b", "{ \"a\" : 1 }"},
		{"inside of arrays", `{"l":[{"x":1,"y":2},{"y":3},[{"y":4,"x":[]}]],"y":5}`, "l.y", `{"l":[{"x":1},{},[{"x":[]}]],"y":5}`},
		{"of a name elsewhere", `{"a":{"id":1},"id":2,"b":[{"id":3}]}`, "id", `{"a":{"id":1},"b":[{"id":3}]}`},
		{"the inner one and then the outer", `{"k":0,"a":{"b":1},"c":2}`, "a.b c", `{"k":0,"a":{}}`},
		{"behind a member that lost all of its own", `{"a":{"b":1},"c":2,"d":3}`, "a.b c d", `{"a":{}}`},
		{"braces and names in strings", `{"a":"\"},{\"b\":1","b":"{"}`, "b", `{"a":"\"},{\"b\":1"}`},
		{"no object", `[1,"a"]`, "a", `[1,"a"]`},
	} {
		found := false
		s := splicesOf(doc(c.in), dropping(strings.Fields(c.drop), &found))
		got := string(apply(nil, []byte(c.in), s))
		if got != c.want || !json.Valid([]byte(got)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if found != (len(s) > 0) {
			t.Errorf("%s: found %v, %d splices", c.name, found, len(s))
		}
	}
	var told bool
	if s := splicesOf(`{"usage":null}`, dropping([]string{"usage"}, &told)); len(s) != 1 || told {
		t.Errorf("null: %v, told %v", s, told)
	}
}

// The counts of a usage, whatever is around them, and nothing else.
func TestMultiplyCounts(t *testing.T) {
	for _, c := range []struct {
		name, in string
		factor   float64
		want     string
	}{
		{"nested, with words among them", `{"n":7,"usage":{"a":2,"d":{"b":3,"c":0},"tier":"5","x":null}}`, 10, `{"n":7,"usage":{"a":20,"d":{"b":30,"c":0},"tier":"5","x":null}}`},
		{"in a list", `{"usage":{"l":[{"n":4},{"n":5}]}}`, 2, `{"usage":{"l":[{"n":8},{"n":10}]}}`},
		{"to nothing", `{"usage":{"a":2,"b":0}}`, 0, `{"usage":{"a":0,"b":0}}`},
		{"too low, rounded", `{"usage":{"a":5,"b":1}}`, 0.25, `{"usage":{"a":1,"b":0}}`},
		{"a name that only begins so", `{"usages":3,"usage":4}`, 3, `{"usages":3,"usage":12}`},
	} {
		got := string(apply(nil, []byte(c.in), splicesOf(doc(c.in), multiplying([]string{"usage"}, c.factor))))
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What is broken is no JSON any more, and only in the way that was asked for.
func TestBreakJSON(t *testing.T) {
	const in = `{"s":"it's \"ok\"","t":"x","n":[12,null,true],"u":"ä"}`
	for _, c := range []struct{ how, in, want string }{
		{"truncated", in, `{"s":"it's `},
		{"truncated", `{"a":"xääää"}`, `{"a":"xä`},
		{"trailing_comma", in, `{"s":"it's \"ok\"","t":"x","n":[12,null,true],"u":"ä",}`},
		{"nan", in, `{"s":"it's \"ok\"","t":"x","n":[NaN,null,true],"u":"ä"}`},
		{"python", in, `{'s':"it's \"ok\"",'t':'x','n':[12,None,True],'u':'ä'}`},
		{"control", in, "{\"s\":\"it's \\\"ok\\\"\",\"t\":\"x\",\"n\":[12,null,true],\"u\":\"ä\n\"}"},
		{"trailing_comma", "[1]\n", "[1,]\n"}, {"truncated", "10", ""}, {"truncated", " 10", ""}, {"truncated", " {}   ", " {"},
		{"nan", `{"a":"1"}`, ""}, {"python", `[1,2]`, ""}, {"control", `[1]`, ""}, {"trailing_comma", `{}`, ""}, {"trailing_comma", `"x"`, ""}, {"truncated", `1`, ""},
	} {
		s, ok := broken(doc(c.in), c.how)
		if !ok {
			if c.want != "" {
				t.Errorf("%s: cannot break %s", c.how, c.in)
			}
			continue
		}
		got := string(apply(nil, []byte(c.in), s))
		if got != c.want || json.Valid([]byte(got)) {
			t.Errorf("%s: %q, want %q", c.how, got, c.want)
		}
	}
}

// Where something stands behind changes before, around and behind it.
func TestMoved(t *testing.T) {
	src := "0123456789"
	s := []splice{{1, 3, ""}, {5, 6, "abc"}, {8, 9, "x"}}
	out := string(apply(nil, []byte(src), s))
	if out != "034abc67x9" {
		t.Fatal(out)
	}
	for _, i := range []int{0, 3, 4, 6, 7, 9} {
		if at := moved(s, i); out[at] != src[i] {
			t.Errorf("%c moved from %d to %d, where %c stands", src[i], i, at, out[at])
		}
	}
}

// The JSON of a frame, of any framing, and no index out of bounds for what is none.
func TestPayload(t *testing.T) {
	event := endEvent(append(beginEvent(nil, ":event-type", "x"), `{"a":1}`...), 0)
	for _, c := range []struct{ name, in, want string }{
		{"an event", "event: x\ndata: {\"a\":1}\n\n", `{"a":1}`},
		{"a line", "{\"a\":1}\n", `{"a":1}`},
		{"the first of an array", "[{\"a\":1}\n", `{"a":1}`},
		{"a further one, the last", ",\r\n{\"a\":1}\n]\n", `{"a":1}`},
		{"a frame of Amazon's", string(event), `{"a":1}`},
		{"one that is cut", string(event[:len(event)-6]), ""},
		{"no JSON", "data: [DONE]\n\n", ""},
		{"broken JSON", "data: {\"a\":\n\n", ""},
		{"nothing", "", ""},
		{"zeros", "\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00", ""},
		{"lengths beyond the end", "\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00", ""},
	} {
		from, to := payload([]byte(c.in))
		if got := c.in[from:to]; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Whatever the JSON is, it stays JSON without members and with other counts, is none
// once it is broken, and is found in frames.
func FuzzEdits(f *testing.F) {
	for _, in := range []string{`{"a":{"b":[1,{"a":2}]},"usage":{"n":1}}`, `[{"usage":3}]`, " { } ", `{"a":1 , "a":2}`, "data: {\"a\":1}\n\n", `{"\u0061":-0.5e3}`, "\x00\x00\x00\x1e"} {
		f.Add(in, "a")
	}
	f.Fuzz(func(t *testing.T, in, name string) {
		from, to := payload([]byte(in))
		if to > 0 && !json.Valid([]byte(in[from:to])) {
			t.Errorf("payload %q", in[from:to])
		}
		if !valid([]byte(in)) {
			return
		}
		var found bool
		for _, s := range [][]splice{
			splicesOf(doc(in), dropping([]string{name, "usage." + name}, &found)), splicesOf(doc(in), multiplying([]string{name}, 3)),
		} {
			if out := apply(nil, []byte(in), s); !json.Valid(out) {
				t.Errorf("%q became %q", in, out)
			}
		}
		for _, how := range []string{"truncated", "trailing_comma", "nan", "python", "control"} {
			if s, ok := broken(doc(in), how); ok {
				if out := apply(nil, []byte(in), s); json.Valid(out) {
					t.Errorf("%s: %q became %q", how, in, out)
				}
			}
		}
	})
}
