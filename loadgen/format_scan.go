package loadgen

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// A service that streams sends one small JSON object per token, so reading
// them is the hottest code of the generator. The scanner below looks at the
// bytes in place: no reflection, and no allocation unless a string is escaped.

// scanDepthMax bounds nesting, so that a hostile answer cannot exhaust the
// stack. encoding/json allows 10,000; no answer comes near 512.
const scanDepthMax = 512

// members walks over the members of one JSON object or the elements of one
// JSON array.
type members struct {
	b     []byte
	i     int
	end   byte // '}' or ']'
	begun bool
	bad   bool // b is not the kind of value asked for, or is not JSON
	whole bool // the closing bracket was reached
}

// membersOf walks the object b. Anything else has no members and is bad.
func membersOf(b []byte) members { return walk(b, '{', '}') }

// elementsOf walks the array b. Anything else has no elements and is bad.
func elementsOf(b []byte) members { return walk(b, '[', ']') }

func walk(b []byte, begin, end byte) members {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != begin {
		return members{bad: true}
	}
	return members{b: b, i: i + 1, end: end}
}

// next returns the next member: its key without quotes (nil in an array; an
// escape in a key stays as it is, no format has one) and its value, both parts
// of the bytes that are walked. ok is false at the end and where b is not JSON.
func (m *members) next() (key, value []byte, ok bool) {
	if m.bad || m.whole {
		return nil, nil, false
	}
	m.i = skipSpace(m.b, m.i)
	if m.i < len(m.b) && m.b[m.i] == m.end && !m.begun {
		m.i, m.whole = m.i+1, true
		return nil, nil, false
	}
	if m.begun && !m.more() {
		return nil, nil, false
	}
	m.begun = true
	if m.end == '}' && !m.key(&key) {
		return nil, nil, m.fail()
	}
	start := skipSpace(m.b, m.i)
	end := skipValue(m.b, start, 0)
	if end < 0 {
		return nil, nil, m.fail()
	}
	m.i = end
	return key, m.b[start:end], true
}

// more consumes what stands between two members. It is false at the end.
func (m *members) more() bool {
	if m.i >= len(m.b) {
		return m.fail()
	}
	c := m.b[m.i]
	m.i++
	switch c {
	case ',':
		m.i = skipSpace(m.b, m.i)
		return true
	case m.end:
		m.whole = true
		return false
	}
	return m.fail()
}

func (m *members) key(key *[]byte) bool {
	end := skipString(m.b, m.i)
	if end < 0 {
		return false
	}
	*key = m.b[m.i+1 : end-1]
	m.i = skipSpace(m.b, end)
	if m.i >= len(m.b) || m.b[m.i] != ':' {
		return false
	}
	m.i++
	return true
}

func (m *members) fail() bool {
	m.bad = true
	return false
}

// rest reports whether nothing but space follows the value that was walked to
// its end.
func (m *members) rest() bool { return m.whole && skipSpace(m.b, m.i) == len(m.b) }

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipValue returns the index behind the value that starts at b[i], or -1.
func skipValue(b []byte, i, depth int) int {
	if i >= len(b) || depth > scanDepthMax {
		return -1
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{' || c == '[':
		return skipNested(b, i, depth)
	case c == '-' || c >= '0' && c <= '9':
		for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == '-' || b[i] == '+' || b[i] == '.' || b[i] == 'e' || b[i] == 'E') {
			i++
		}
		return i
	}
	for _, word := range [...]string{"null", "true", "false"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word)
		}
	}
	return -1
}

func skipNested(b []byte, i, depth int) int {
	end, object := byte(']'), false
	if b[i] == '{' {
		end, object = '}', true
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1
	}
	for {
		if object {
			if i = skipString(b, i); i < 0 {
				return -1
			}
			if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
				return -1
			}
			i = skipSpace(b, i+1)
		}
		if i = skipValue(b, i, depth+1); i < 0 {
			return -1
		}
		if i = skipSpace(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case end:
			return i + 1
		case ',':
			i = skipSpace(b, i+1)
		default:
			return -1
		}
	}
}

func skipString(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// textOf returns the text of a JSON string: a part of b where nothing in it is
// escaped. ok is false for any other value.
func textOf(b []byte) (text []byte, ok bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return nil, false
	}
	if bytes.IndexByte(b, '\\') < 0 {
		return b[1 : len(b)-1], true
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// stringOf is textOf as a bounded string that a record may keep.
func stringOf(b []byte) string {
	text, _ := textOf(b)
	return clip(string(text[:min(len(text), 4*nameMax)]), nameMax)
}

// intOf returns a JSON number as an int: -1 where b is none.
func intOf(b []byte) int {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return -1
	}
	return int(n)
}

// isNull reports whether b is absent or the JSON null.
func isNull(b []byte) bool { return len(b) == 0 || string(b) == "null" }
