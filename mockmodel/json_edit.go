package mockmodel

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Edits of JSON as it stands: what is not changed keeps its bytes and its order.

// splice puts other text in the place of [from, to).
type splice struct {
	from, to int
	with     string
}

// apply appends src with splices, which are in order and do not overlap.
func apply(dst, src []byte, splices []splice) []byte {
	at := 0
	for _, s := range splices {
		dst = append(append(dst, src[at:s.from]...), s.with...)
		at = s.to
	}
	return append(dst, src[at:]...)
}

// moved returns where what stood at i stands behind splices.
func moved(splices []splice, i int) int {
	by := 0
	for _, s := range splices {
		if s.from >= i {
			break
		}
		by += len(s.with) - (min(s.to, i) - s.from)
	}
	return i + by
}

// fate says what becomes of a member.
type fate int

const (
	keep fate = iota
	drop
	replace
)

// deemer says what becomes of the member at a path: the names of it and of the
// members that it is in, joined by dots. Arrays have no part in it.
type deemer func(path string, value doc) (f fate, with string)

// editor finds what is to be changed in a value.
type editor struct {
	d    doc
	deem deemer
	out  []splice
}

// splicesOf returns the changes to a value, which is valid.
func splicesOf(d doc, j deemer) []splice {
	e := editor{d: d, deem: j}
	e.value(space(d, 0), "")
	return e.out
}

// value looks into the value at i.
func (e *editor) value(i int, path string) {
	switch e.d[i] {
	case '{':
		e.object(i, path)
	case '[':
		for i = space(e.d, i+1); e.d[i] != ']'; {
			e.value(i, path)
			if i = space(e.d, skip(e.d, i)); e.d[i] == ',' {
				i = space(e.d, i+1)
			}
		}
	}
}

// object judges the members of the object at i.
func (e *editor) object(i int, path string) {
	d, kept := e.d, -1 // where the last member that stays ends
	first := space(d, i+1)
	for i = first; d[i] != '}'; {
		start := i
		at := skip(d, i)
		name := d[i:at].text()
		at = space(d, space(d, at)+1) // behind the colon
		end := skip(d, at)
		next := space(d, end)
		more := d[next] == ','
		if more {
			next = space(d, next+1)
		}
		if path != "" {
			name = path + "." + name
		}
		switch f, with := e.deem(name, d[at:end]); {
		case f == drop && more:
			e.out = append(e.out, splice{from: start, to: next})
		case f == drop: // with the comma before it, and what was dropped since
			from := kept
			if kept < 0 {
				from = first
			}
			for n := len(e.out); n > 0 && e.out[n-1].from >= from; n = len(e.out) {
				e.out = e.out[:n-1]
			}
			e.out = append(e.out, splice{from: from, to: end})
		case f == replace:
			e.out = append(e.out, splice{at, end, with})
			kept = end
		default:
			e.value(at, name)
			kept = end
		}
		i = next
	}
}

// payload returns where the JSON of a frame is, of any framing; 0, 0: it has none
// that is whole.
func payload(frame []byte) (from, to int) {
	if isEvent(frame) {
		from, to = eventPrelude+int(binary.BigEndian.Uint32(frame[4:])), len(frame)-eventSum
		if from > to || !valid(frame[from:to]) {
			return 0, 0
		}
		return from, to
	}
	if from = bytes.IndexByte(frame, '{'); from < 0 {
		return 0, 0
	}
	if to = checkValue(frame, from, 0); to < 0 {
		return 0, 0
	}
	return from, to
}

// isEvent reports whether a frame is one of Amazon's event stream: its first byte
// is that of its length.
func isEvent(frame []byte) bool { return len(frame) >= eventPrelude+eventSum && frame[0] == 0 }

// reframe appends a frame with other JSON in [from, to).
func reframe(dst, frame []byte, from, to int, with []byte) []byte {
	start := len(dst)
	dst = append(append(dst, frame[:from]...), with...)
	if isEvent(frame) {
		return endEvent(dst, start)
	}
	return append(dst, frame[to:]...)
}

// broken returns the splices that make a value none, in one of the ways of
// invalid_json. false: it has nothing to break so.
func broken(d doc, how string) ([]splice, bool) {
	end := len(strings.TrimRight(string(d), " \t\r\n"))
	switch how {
	case "trailing_comma":
		if i := strings.LastIndexAny(string(d), "}]"); i == end-1 && i > 1 {
			return []splice{{i, i, ","}}, true
		}
		return nil, false
	case "nan":
		if i := firstNumber(d); i >= 0 {
			return []splice{{i, skip(d, i), "NaN"}}, true
		}
		return nil, false
	case "control":
		if i := strings.LastIndexByte(string(d), '"'); i > 0 {
			return []splice{{i, i, "\n"}}, true
		}
		return nil, false
	case "python":
		out := pythonic(d)
		return out, len(out) > 0
	}
	if strings.IndexByte(`{["`, d[space(d, 0)]) < 0 { // what is left of a number is one
		return nil, false
	}
	at := middle(d)
	return []splice{{from: at, to: len(d)}}, at > 0
}

// middle returns the middle of the longest string, or of all where there is none:
// what else is long may be numbers that tell the time, and have one digit more in
// another run.
func middle(d doc) int {
	from, to := 0, 0
	for i := 0; i < len(d); i++ {
		if d[i] == '"' {
			end := skipString(d, i)
			if end-i > to-from {
				from, to = i, end
			}
			i = end - 1
		}
	}
	if to == 0 {
		from, to = space(d, 0), len(strings.TrimRight(string(d), " \t\r\n"))
	}
	at := (from + to) / 2
	for at > 0 && d[at]&0xc0 == 0x80 { // inside of a character
		at--
	}
	return at
}

// firstNumber returns where the first number stands, -1 if there is none.
func firstNumber(d doc) int {
	for i := 0; i < len(d); i++ {
		switch c := d[i]; {
		case c == '"':
			i = skipString(d, i) - 1
		case c == '-' || isDigit(c):
			return i
		}
	}
	return -1
}

// pythonic returns what turns JSON into what Python's str makes of it.
func pythonic(d doc) (out []splice) {
	words := map[byte]string{'n': "None", 't': "True", 'f': "False"}
	for i := 0; i < len(d); i++ {
		switch c := d[i]; {
		case c == '"':
			end := skipString(d, i)
			// A string with a single quote in it stays in double ones.
			if strings.IndexByte(string(d[i:end]), '\'') < 0 {
				out = append(out, splice{i, i + 1, "'"}, splice{end - 1, end, "'"})
			}
			i = end - 1
		case words[c] != "":
			end := skip(d, i)
			out = append(out, splice{i, end, words[c]})
			i = end - 1
		}
	}
	return out
}
