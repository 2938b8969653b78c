package mockmodel

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// check reports whether a value is allowed. Once the steps are spent the answer
// is worth nothing, and who asked looks at that.
func (g *generator) check(n *node, v doc) bool {
	if g.work++; g.spent() || n.never != "" || !g.checkRules(&n.rules, v) {
		return false
	}
	switch v.kind() {
	case '{':
		if !g.checkObject(n, v) {
			return false
		}
	case '[':
		if !g.checkArray(n, v) {
			return false
		}
	}
	for _, m := range n.all {
		if !g.check(m, v) {
			return false
		}
	}
	for _, l := range n.lists {
		if g.matching(l, v, 1) < 1 {
			return false
		}
	}
	for _, l := range n.one {
		if g.matching(l, v, 2) != 1 {
			return false
		}
	}
	for _, m := range n.not {
		if g.check(m, v) {
			return false
		}
	}
	return !n.uneval || v.kind() != '{' || g.allEvaluated(n, v)
}

// matching counts the branches that allow the value, up to enough.
func (g *generator) matching(list []*node, v doc, enough int) int {
	n := 0
	for _, b := range list {
		if g.check(b, v) {
			if n++; n == enough {
				break
			}
		}
	}
	return n
}

// typeOf returns the type of a value.
func typeOf(v doc) types {
	switch v.kind() {
	case 'n':
		return tNull
	case 't', 'f':
		return tBool
	case '"':
		return tString
	case '[':
		return tArray
	case '{':
		return tObject
	}
	if !strings.ContainsAny(string(v), ".eE") {
		return tInteger
	}
	if x, ok := rational(v); ok && x.IsInt() {
		return tInteger // 1.0 is one
	}
	return tFraction
}

func (g *generator) checkRules(r *rules, v doc) bool {
	t := typeOf(v)
	if r.types&t == 0 {
		return false
	}
	if r.enum != nil {
		g.work += len(r.enum) / 16
		c := canonical(v)
		if !slices.ContainsFunc(r.enum, func(e constant) bool { return e.canon == c }) {
			return false
		}
	}
	switch t {
	case tString:
		return g.checkString(r, v)
	case tInteger, tFraction:
		if r.lo.at == nil && r.hi.at == nil && r.multiple == nil {
			return true
		}
		x, ok := rational(v)
		return ok && inBounds(r, x) && (r.multiple == nil || new(big.Rat).Quo(x, r.multiple).IsInt())
	}
	return true
}

func inBounds(r *rules, x *big.Rat) bool {
	if r.lo.at != nil {
		if c := x.Cmp(r.lo.at); c < 0 || c == 0 && r.lo.open {
			return false
		}
	}
	if r.hi.at != nil {
		if c := x.Cmp(r.hi.at); c > 0 || c == 0 && r.hi.open {
			return false
		}
	}
	return true
}

func (g *generator) checkString(r *rules, v doc) bool {
	if r.minLength == 0 && r.maxLength == noMax && r.patterns == nil && r.formats == nil {
		return true
	}
	s := v.text()
	if n := utf8.RuneCountInString(s); n < r.minLength || n > r.maxLength {
		return false
	}
	for _, p := range r.patterns {
		if !g.matches(p, s) {
			return false
		}
	}
	for _, f := range r.formats {
		if known := formats[f]; known != nil && !known.ok(s) {
			return false
		}
	}
	return true
}

func (g *generator) checkObject(n *node, v doc) bool {
	var buf [8]*node
	count := 0
	for name, value := range v.fields {
		count++
		g.work += len(n.patterned)
		if n.names != nil && !g.check(n.names, doc(appendString(nil, name))) {
			return false
		}
		for _, m := range n.lookup(buf[:0], name) {
			if !g.check(m, value) {
				return false
			}
		}
	}
	if count < n.minProps || count > n.maxProps {
		return false
	}
	for _, name := range n.required {
		if g.work += 1 + count/8; g.spent() || v.get(name) == "" {
			return false
		}
	}
	return true
}

func (g *generator) checkArray(n *node, v doc) bool {
	var buf [2]*node
	var seen map[string]bool
	if n.unique {
		seen = map[string]bool{}
	}
	count, held := 0, 0
	for item := range v.items {
		for _, m := range n.element(buf[:0], count) {
			if !g.check(m, item) {
				return false
			}
		}
		count++
		if n.contains != nil && g.check(n.contains, item) {
			held++
		}
		if n.unique {
			c := canonical(item)
			if seen[c] {
				return false
			}
			seen[c] = true
		}
	}
	if n.contains != nil && (held < n.least || held > n.most) {
		return false
	}
	return count >= n.minItems && count <= n.maxItems
}

// allEvaluated reports whether some schema that allows the object speaks of
// each of its properties.
func (g *generator) allEvaluated(n *node, v doc) bool {
	known := map[string]bool{}
	g.evaluated(n, v, known, true)
	for name := range v.fields {
		if !known[name] {
			return false
		}
	}
	return true
}

func (g *generator) evaluated(n *node, v doc, known map[string]bool, top bool) {
	var buf [8]*node
	if g.work++; g.spent() {
		return
	}
	for name := range v.fields {
		if n.uneval && !top || len(n.lookup(buf[:0], name)) > 0 {
			known[name] = true
		}
	}
	for _, m := range n.all {
		g.evaluated(m, v, known, false)
	}
	for _, l := range n.choices() {
		for _, m := range l {
			if g.check(m, v) {
				g.evaluated(m, v, known, false)
			}
		}
	}
}

// canonical returns the same text for all spellings of a value.
func canonical(v doc) string { return string(appendCanonical(nil, v)) }

func appendCanonical(dst []byte, v doc) []byte {
	switch v.kind() {
	case '{':
		ms := members(v)
		slices.SortFunc(ms, func(a, b keyValue) int { return strings.Compare(a.key, b.key) })
		dst = append(dst, '{')
		for _, m := range ms {
			dst = append(appendString(dst, m.key), ':')
			dst = append(appendCanonical(dst, m.value), ',')
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for item := range v.items {
			dst = append(appendCanonical(dst, item), ',')
		}
		return append(dst, ']')
	case '"':
		return appendString(dst, v.text())
	case 'n', 't', 'f':
		return append(dst, v...)
	}
	return appendNumber(dst, string(v))
}

// appendNumber appends a number as its digits, without zeros at the ends, and
// an exponent.
func appendNumber(dst []byte, s string) []byte {
	number := s
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 1<<30 || e < -1<<30 {
			return append(dst, number...)
		}
		s, exponent = s[:i], e
	}
	s, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(s, ".")
	exponent -= len(fraction)
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return append(dst, '0')
	}
	short := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(short)
	if negative {
		dst = append(dst, '-')
	}
	return strconv.AppendInt(append(append(dst, short...), 'e'), int64(exponent), 10)
}
