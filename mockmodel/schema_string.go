package mockmodel

import (
	"strings"
	"unicode/utf8"

	"github.com/chaoskit/chaos/internal/wire"
)

// text appends a string: of a pattern, of a format, or of words that fit the
// name of the property.
func (g *generator) text(n *node, s *shape, st die) error {
	if s.minLength > schemaValueMax {
		return g.fail(n, tooLarge)
	}
	if len(s.formats) > 0 {
		if str, ok := g.formatted(s, st); ok {
			g.string(str, 0, false)
			return nil
		}
	}
	for _, p := range s.patterns {
		for t := 0; p.why == "" && t < 8 && !g.spent(); t++ {
			if str, ok := g.fromPattern(p, st.index(t), s.minLength, s.maxLength); ok && g.fits(s, str) {
				g.string(str, 0, false)
				return nil
			}
		}
	}
	if len(s.patterns) > 0 {
		return n.fail("found no string that meets its pattern " + clipRunes(s.patterns[0].src, 100))
	}
	for _, f := range s.formats {
		if formats[f] != nil {
			return n.fail("found no string that meets its format " + f + " together with its other keywords")
		}
	}
	str := ""
	if h := g.hint; h != nil {
		if str = h.draw(st); utf8.RuneCountInString(str) < s.minLength || len(str) > s.maxLength {
			str = ""
		}
	}
	if str == "" {
		str = sentence(st, 3+st.n(12, 6), s.minLength, s.maxLength)
	}
	g.string(str, s.maxLength, len(s.formats) == 0 && g.hint.open())
	return nil
}

// freeRoom is how many characters a mark may have where the schema sets no end.
const freeRoom = 1024

// string appends a string, and remembers one that a mark may be put into.
func (g *generator) string(s string, room int, open bool) {
	from := len(g.out)
	g.out = appendString(g.out, s)
	if open {
		if room > freeRoom {
			room = max(freeRoom, min(room, utf8.RuneCountInString(s)+freeRoom))
		}
		g.free = append(g.free, freeString{from, len(g.out), s, room})
	}
}

// fits reports whether the string meets the rules.
func (g *generator) fits(s *shape, str string) bool {
	if n := utf8.RuneCountInString(str); n < s.minLength || n > s.maxLength {
		return false
	}
	for _, p := range s.patterns {
		if !g.matches(p, str) {
			return false
		}
	}
	for _, f := range s.formats {
		if known := formats[f]; known != nil && !known.ok(str) {
			return false
		}
	}
	return true
}

// formatted draws a string of a format that meets the other rules too.
func (g *generator) formatted(s *shape, st die) (string, bool) {
	for _, f := range s.formats {
		known := formats[f]
		if known == nil {
			continue
		}
		for t := range 4 {
			str := known.draw(st.index(t))
			if f == "uri" || f == "email" {
				str = stretch(f, str, s.minLength)
			}
			if g.fits(s, str) {
				return str, true
			}
		}
	}
	return "", false
}

// stretch makes an address long enough.
func stretch(format, s string, least int) string {
	missing := least - len(s)
	if missing <= 0 || missing > schemaValueMax {
		return s
	}
	if format == "email" {
		return strings.Repeat("m", missing) + s
	}
	return s + strings.Repeat("x", missing)
}

// sentence returns words of about n tokens, within the bounds.
func sentence(st die, n, least, most int) string {
	n = max(n, (least+wire.TokenBytes-1)/wire.TokenBytes)
	s := strings.TrimRight(clipRunes(wire.Text(uint64(st), n), most), " ")
	for len(s) < least { // a space that was cut off
		s += "s"
	}
	return s
}

// clipWord returns the first word.
func clipWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// nameHint is what the name of a property says of its string.
type nameHint struct {
	prose bool // read by people, so that a mark does no harm
	draw  func(st die) string
}

// open reports whether a mark may be put into the string.
func (h *nameHint) open() bool { return h == nil || h.prose }

// hints by the last word of the name, in lower case and without the s of a
// plural. A mark in one that programs read would make them fail for it.
var hints = map[string]*nameHint{
	"email": {draw: drawEmail}, "mail": {draw: drawEmail},
	"url": {draw: drawURI}, "uri": {draw: drawURI}, "link": {draw: drawURI}, "website": {draw: drawURI},
	"date": {draw: drawDate}, "day": {draw: drawDate}, "birthday": {draw: drawDate}, "deadline": {draw: drawDate},
	"time": {draw: drawDateTime}, "timestamp": {draw: drawDateTime}, "at": {draw: drawDateTime},
	"id": {draw: drawID}, "uuid": {draw: drawUUID}, "guid": {draw: drawUUID},
	"phone": {draw: func(st die) string { return "+1202555" + drawDigits(st, 4) }},
	"zip":   {draw: func(st die) string { return drawDigits(st, 5) }}, "postcode": {draw: func(st die) string { return drawDigits(st, 5) }},
	"currency": {draw: oneOf("EUR", "USD", "GBP", "JPY", "CHF")}, "language": {draw: oneOf("en", "de", "fr", "es", "pt")},
	"locale": {draw: oneOf("en-US", "de-DE", "fr-FR", "es-ES")}, "timezone": {draw: oneOf("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")},
	"path": {draw: drawPath}, "file": {draw: drawPath}, "filename": {draw: drawPath},
	"city": {true, drawCity}, "town": {true, drawCity}, "location": {true, drawCity}, "destination": {true, drawCity},
	"country": {true, oneOf("Germany", "France", "Japan", "Brazil", "Canada", "Kenya", "Norway", "Spain")},
	"name":    {true, drawName}, "author": {true, drawName}, "person": {true, drawName},
	"description": {true, drawProse}, "summary": {true, drawProse}, "content": {true, drawProse}, "text": {true, drawProse},
	"body": {true, drawProse}, "message": {true, drawProse}, "answer": {true, drawProse}, "explanation": {true, drawProse},
	"reason": {true, drawProse}, "reasoning": {true, drawProse},
}

// nameHintOf returns the hint of a property's name, nil for none: of "createdAt"
// and "created_at" that of "at".
func nameHintOf(name string) *nameHint {
	start := len(name)
	for start > 0 {
		c := name[start-1]
		if c == '_' || c == '-' || c == ' ' || c == '.' {
			break
		}
		start--
		// A capital begins a word, but for one in a row of them: userID.
		if c >= 'A' && c <= 'Z' && (start == 0 || name[start-1] < 'A' || name[start-1] > 'Z') {
			break
		}
	}
	var buf [16]byte
	word := buf[:0]
	for _, c := range []byte(name[start:]) {
		if len(word) == len(buf) {
			return nil
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		word = append(word, c)
	}
	if h := hints[string(word)]; h != nil {
		return h
	}
	if n := len(word); n > 1 && word[n-1] == 's' {
		return hints[string(word[:n-1])]
	}
	return nil
}

func drawProse(st die) string { return sentence(st, 10+st.n(13, 16), 0, noMax) }

var drawCity = oneOf("Berlin", "Paris", "Tokyo", "Lisbon", "Nairobi", "Toronto", "Oslo", "Madrid", "Vienna", "Lima")

func drawName(st die) string {
	first := oneOf("Ada", "Ben", "Carla", "David", "Emma", "Felix", "Grace", "Hugo", "Iris", "Jonas")
	last := oneOf("Miller", "Weber", "Rossi", "Tanaka", "Silva", "Novak", "Dubois", "Larsen", "Okafor", "Young")
	return first(st) + " " + last(st.index(1))
}

// oneOf draws one of the words.
func oneOf(words ...string) func(st die) string {
	return func(st die) string { return words[st.n(14, len(words))] }
}
