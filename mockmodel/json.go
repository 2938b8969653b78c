package mockmodel

import (
	"encoding/json"
	"strconv"
	"strings"
)

// doc is a JSON value as it stands in a request body that valid has accepted;
// walking it checks nothing again. Strings without escapes are taken out of
// the body without a copy, which is what makes reading a long prompt cheap.
type doc string

// kind returns the first byte of the value: one of {["tfn-0..9, or 0 for a
// value that is not there.
func (d doc) kind() byte {
	if d == "" {
		return 0
	}
	return d[0]
}

// present reports whether there is a value, and not null.
func (d doc) present() bool { return d != "" && d[0] != 'n' }

// fields calls yield for each member of an object, in the order of the body.
func (d doc) fields(yield func(key string, value doc) bool) {
	if d.kind() != '{' {
		return
	}
	for i := space(d, 1); d[i] != '}'; {
		end := skip(d, i)
		key := d[i:end].text()
		start := space(d, space(d, end)+1) // behind the colon
		end = skip(d, start)
		if !yield(key, d[start:end]) {
			return
		}
		if i = space(d, end); d[i] == ',' {
			i = space(d, i+1)
		}
	}
}

// items calls yield for each element of an array.
func (d doc) items(yield func(value doc) bool) {
	if d.kind() != '[' {
		return
	}
	for i := space(d, 1); d[i] != ']'; {
		end := skip(d, i)
		if !yield(d[i:end]) {
			return
		}
		if i = space(d, end); d[i] == ',' {
			i = space(d, i+1)
		}
	}
}

// get returns a member of an object; of equal names the last, as
// encoding/json does.
func (d doc) get(name string) (found doc) {
	for key, value := range d.fields {
		if key == name {
			found = value
		}
	}
	return found
}

// text returns the string, or "" for any other value.
func (d doc) text() string {
	if d.kind() != '"' {
		return ""
	}
	if strings.IndexByte(string(d), '\\') < 0 {
		return string(d[1 : len(d)-1])
	}
	var s string
	if json.Unmarshal([]byte(d), &s) != nil {
		return ""
	}
	return s
}

// integer returns the value of a number without a fraction.
func (d doc) integer() (int, bool) {
	n, err := strconv.Atoi(string(d))
	return n, err == nil
}

func (d doc) truth() bool { return d.kind() == 't' }

// space returns the first index from i on that is not white space.
func space(d doc, i int) int {
	for i < len(d) && (d[i] == ' ' || d[i] == '\n' || d[i] == '\t' || d[i] == '\r') {
		i++
	}
	return i
}

// skip returns the index behind the value that starts at i.
func skip(d doc, i int) int {
	switch d[i] {
	case '"':
		return skipString(d, i)
	case '{', '[':
		depth := 0
		for ; ; i++ {
			switch d[i] {
			case '"':
				i = skipString(d, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(d) && strings.IndexByte(",]} \n\t\r", d[i]) < 0 {
		i++
	}
	return i
}

func skipString(d doc, i int) int {
	for i++; d[i] != '"'; i++ {
		if d[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// appendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends the inside of a JSON string.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	for i := range len(s) {
		if escapes[s[i]] {
			quoted, _ := json.Marshal(string(s)) // a string cannot fail
			return append(dst, quoted[1:len(quoted)-1]...)
		}
	}
	return append(dst, s...)
}

// escapes are the bytes that do not stand for themselves in a JSON string, and
// those that may not.
var escapes = func() (set [256]bool) {
	for c := range set {
		set[c] = c < ' ' || c == '"' || c == '\\' || c >= 0x7f
	}
	return set
}()
