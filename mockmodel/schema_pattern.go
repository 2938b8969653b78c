package mockmodel

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/chaoskit/chaos/internal/wire"
)

// pattern is a regular expression of a schema. RE2, which Go has, matches in
// linear time; it knows neither lookaround nor back references.
type pattern struct {
	src  string
	tree *syntax.Regexp
	re   *regexp.Regexp
	cost int
	why  string // why there is none: it is refused unless a format says enough
}

// pattern compiles a regular expression within what a schema may cost.
func (c *compiler) pattern(n *node, src string) *pattern {
	p := &pattern{src: strings.Clone(src)}
	if len(src) > schemaPatternMax {
		c.fail(n, "pattern is longer than "+strconv.Itoa(schemaPatternMax)+" bytes")
		return p
	}
	re2 := fromECMA(src)
	tree, err := syntax.Parse(re2, syntax.Perl)
	if err != nil {
		p.why = "pattern " + clipRunes(src, 100) + " is not supported: " + err.(*syntax.Error).Code.String()
		if strings.Contains(src, "(?=") || strings.Contains(src, "(?!") || strings.Contains(src, "(?<") {
			p.why += " (it looks ahead or back)"
		}
		return p
	}
	p.cost = statesOf(tree)
	if c.cost += p.cost; c.cost > schemaPatternCost {
		c.fail(n, "patterns of the schema have more than "+strconv.Itoa(schemaPatternCost)+" states")
		return p
	}
	if p.re, err = regexp.Compile(re2); err != nil {
		p.why = "pattern " + clipRunes(src, 100) + " is not supported: " + err.Error()
	}
	p.tree = tree
	return p
}

// fromECMA writes the escape of four hexadecimal digits, which JSON Schema takes
// from ECMA-262, as RE2 does.
func fromECMA(src string) string {
	if !strings.Contains(src, `\u`) {
		return src
	}
	var b strings.Builder
	for i := 0; i < len(src); i++ {
		if src[i] != '\\' || i+1 == len(src) {
			b.WriteByte(src[i])
			continue
		}
		if src[i+1] == 'u' && i+6 <= len(src) {
			b.WriteString(`\x{` + src[i+2:i+6] + "}")
			i += 5
			continue
		}
		b.WriteString(src[i : i+2])
		i++
	}
	return b.String()
}

// statesOf estimates what a compiled expression holds: repeats are written out.
func statesOf(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += statesOf(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return min(n, 1<<30)
}

// matches reports whether a string matches; an expression that Go has not is
// taken to match what a format gave.
func (g *generator) matches(p *pattern, s string) bool {
	if p.re == nil {
		return true
	}
	g.work += len(s) * p.cost / 256
	return !g.spent() && p.re.MatchString(s)
}

// fromPattern draws a string that matches, of least to most characters.
func (g *generator) fromPattern(p *pattern, st die, least, most int) (string, bool) {
	if p.tree == nil {
		return "", false
	}
	most = min(most, schemaValueMax)
	w := &patternWriter{most: most, least: min(least, 8), loose: 3}
	for t := range 6 {
		w.st, w.k, w.n, w.buf, w.steps, w.bad = st.index(t), 0, 0, w.buf[:0], 0, false
		w.write(p.tree)
		g.work += w.steps / 64
		if g.spent() {
			return "", false
		}
		switch {
		case w.bad:
			continue
		case w.n > most:
			// As short as it can be; and when it was stretched, by less.
			w.loose = 0
			w.least = max(0, w.least-(w.n-most))
			continue
		case w.n < least && w.least < least:
			w.least = least // repeat until it is long enough
			continue
		case w.n < least:
			w.pad(least)
		}
		s := string(w.buf)
		if g.matches(p, s) {
			return s, true
		}
	}
	return "", false
}

// patternWriter walks an expression and writes what it matches.
type patternWriter struct {
	st    die
	k     int // draws so far
	buf   []byte
	n     int // characters in it
	least int // it repeats until there are so many
	most  int
	loose int // it repeats so often beyond what it must
	steps int
	bad   bool // the walk came to what matches nothing, or took too long
}

func (w *patternWriter) draw(n int) int {
	w.k++
	return w.st.n(32+w.k, n)
}

func (w *patternWriter) write(re *syntax.Regexp) {
	if w.steps++; w.steps > 2*schemaValueMax || w.n > w.most+schemaPatternMax {
		w.bad = true
	}
	if w.bad {
		return
	}
	switch re.Op {
	case syntax.OpNoMatch:
		w.bad = true
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.put(r)
		}
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		w.put(rune('a' + w.draw(26)))
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			w.write(sub)
		}
	case syntax.OpAlternate:
		w.write(re.Sub[w.draw(len(re.Sub))])
	case syntax.OpStar:
		w.repeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		w.repeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		w.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		w.repeat(re.Sub[0], re.Min, re.Max)
	} // The rest are places between characters; whether they hold is checked.
}

func (w *patternWriter) put(r rune) {
	w.buf = utf8.AppendRune(w.buf, r)
	w.n++
}

func (w *patternWriter) repeat(sub *syntax.Regexp, low, high int) {
	more := 0
	if w.loose > 0 {
		more = w.draw(w.loose + 1)
	}
	for i := 0; !w.bad && (high < 0 || i < high); i++ {
		before := w.n
		if i >= low+more && w.n >= w.least {
			return
		}
		if w.write(sub); i >= low && w.n == before {
			return // nothing, however often
		}
	}
}

// class writes a character of a class: a letter or digit of ASCII if there is
// one, else one that can be seen, else any.
func (w *patternWriter) class(ranges []rune) {
	for _, among := range [...][]rune{{'0', '9', 'A', 'Z', 'a', 'z'}, {' ', '~'}, {0, 0xd7ff, 0xe000, utf8.MaxRune}} {
		total := 0
		overlap(ranges, among, func(lo, hi rune) bool { total += int(hi-lo) + 1; return true })
		if total == 0 {
			continue
		}
		k := w.draw(total)
		overlap(ranges, among, func(lo, hi rune) bool {
			if size := int(hi-lo) + 1; k >= size {
				k -= size
				return true
			}
			w.put(lo + rune(k))
			return false
		})
		return
	}
	w.bad = true
}

// overlap calls yield for the ranges that two lists of ranges share, until it
// returns false.
func overlap(a, b []rune, yield func(lo, hi rune) bool) {
	for i := 0; i+1 < len(b); i += 2 {
		for j := 0; j+1 < len(a); j += 2 {
			if lo, hi := max(a[j], b[i]), min(a[j+1], b[i+1]); lo <= hi && !yield(lo, hi) {
				return
			}
		}
	}
}

// pad makes a match longer, as an expression without $ allows.
func (w *patternWriter) pad(least int) {
	missing := least - w.n
	w.buf = append(w.buf, strings.TrimSpace(wire.Text(uint64(w.st), missing/wire.TokenBytes+1))...)
	for w.n = utf8.RuneCount(w.buf); w.n > least; w.n-- {
		w.buf = w.buf[:len(w.buf)-1]
	}
	for ; w.n < least; w.n++ {
		w.buf = append(w.buf, 's')
	}
}
