package mockmodel

// depthMax bounds nesting: a walk visits the inner bytes once per level.
const depthMax = 64

// valid reports whether body is one JSON value that a doc can walk: what
// encoding/json finds valid, not nested too deep. It is read once, where
// json.Valid calls a function for each byte of a long prompt.
func valid(body []byte) bool {
	end := checkValue(body, blank(body, 0), 0)
	return end >= 0 && blank(body, end) == len(body)
}

// invalid is the end of a value that is none.
const invalid = -1

// checkValue returns the index behind the value that starts at i.
func checkValue(b []byte, i, depth int) int {
	if i >= len(b) {
		return invalid
	}
	switch b[i] {
	case '"':
		return checkString(b, i)
	case '{', '[':
		if depth == depthMax {
			return invalid
		}
		return checkList(b, i, depth+1)
	case 't':
		return checkWord(b, i, "true")
	case 'f':
		return checkWord(b, i, "false")
	case 'n':
		return checkWord(b, i, "null")
	}
	return checkNumber(b, i)
}

// checkList checks an object or an array.
func checkList(b []byte, i, depth int) int {
	object := b[i] == '{'
	end := b[i] + 2 // the closing bracket, of both kinds
	if i = blank(b, i+1); i < len(b) && b[i] == end {
		return i + 1
	}
	for {
		if object {
			if i >= len(b) || b[i] != '"' {
				return invalid
			}
			if i = checkString(b, i); i < 0 {
				return invalid
			}
			if i = blank(b, i); i >= len(b) || b[i] != ':' {
				return invalid
			}
			i = blank(b, i+1)
		}
		if i = checkValue(b, i, depth); i < 0 {
			return invalid
		}
		switch i = blank(b, i); {
		case i >= len(b):
			return invalid
		case b[i] == end:
			return i + 1
		case b[i] != ',':
			return invalid
		}
		i = blank(b, i+1)
	}
}

func checkString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return invalid
		case c == '\\':
			if i++; i >= len(b) {
				return invalid
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if i+4 >= len(b) || !isHex(b[i+1]) || !isHex(b[i+2]) || !isHex(b[i+3]) || !isHex(b[i+4]) {
					return invalid
				}
				i += 4
			default:
				return invalid
			}
		}
	}
	return invalid
}

func checkNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i = checkDigits(b, i); i < 0 {
		return invalid
	}
	if i < len(b) && b[i] == '.' {
		if i = checkDigits(b, i+1); i < 0 {
			return invalid
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		i = checkDigits(b, i)
	}
	return i
}

// checkDigits returns the index behind at least one digit.
func checkDigits(b []byte, i int) int {
	from := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == from {
		return invalid
	}
	return i
}

func checkWord(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return invalid
	}
	return i + len(word)
}

// blank returns the first index from i on that is not white space.
func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
