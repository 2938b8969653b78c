package mockmodel

import "strconv"

// generator draws one value.
type generator struct {
	out      []byte
	free     []freeString
	work     int
	stack    []*node   // the schemas that the place stands in
	hint     *nameHint // of the property it belongs to
	rot      int       // shifts the next draw, to tell elements apart
	verified bool      // something was checked that drawing alone does not meet
}

const spentWords = "takes more than " + workWords + " steps to find a value"

// workWords is schemaWorkMax, in words.
const workWords = "200,000"

// fail blames a schema, or where that is the empty one, what it stands in.
func (g *generator) fail(n *node, msg string) error {
	for i := len(g.stack) - 1; n == anyNode && i >= 0; i-- {
		n = g.stack[i]
	}
	return n.fail(msg)
}

func (g *generator) spent() bool { return g.work > schemaWorkMax }

// value appends a value of the schema. end asks for the smallest one.
func (g *generator) value(n *node, st die, end bool) error {
	rot := g.rot
	g.rot = 0
	if g.work++; g.spent() {
		return g.fail(n, spentWords)
	}
	if len(g.stack) >= schemaDepthMax {
		return g.fail(n, "asks for more than "+strconv.Itoa(schemaDepthMax)+" levels")
	}
	s, err := g.shapeOf(n)
	if err != nil {
		return err
	}
	end = end || g.ending(n)
	g.stack = append(g.stack, n)
	err = g.tries(n, s, st, rot, end)
	g.stack = g.stack[:len(g.stack)-1]
	return err
}

// tries draws until a value validates. A schema that is met by drawing alone
// and leaves no choice is drawn once.
func (g *generator) tries(n *node, s *shape, st die, rot int, end bool) error {
	tries := 1
	if s.verify != "" || len(s.lists) > 0 {
		tries = schemaTries
	}
	start, frees, hint := len(g.out), len(g.free), g.hint
	var first error
	for t := range tries {
		g.out, g.free, g.hint = g.out[:start], g.free[:frees], hint
		chosen, err := g.choose(n, s, st, rot+t, end)
		if err != nil {
			return err // it has tried all branches
		}
		draw := st
		if t > 0 {
			draw = st.index(t)
		}
		if t > 1 && chosen.verify != "" && chosen.types == tAll {
			// The type was only guessed, and may be what is wrong.
			wide := *chosen
			wide.wanted = tAll
			if chosen = &wide; wide.number == nil {
				wide.wanted &^= tNumber
			}
		}
		err = g.draw(n, chosen, draw, rot, end)
		if err == nil && chosen.verify != "" {
			g.verified = true
			if !g.check(n, doc(g.out[start:])) {
				err = n.fail("found no value that meets its " + chosen.verify)
			}
		}
		if err == nil && len(g.out) > schemaValueMax {
			return g.fail(n, tooLarge)
		}
		if g.spent() {
			return g.fail(n, spentWords)
		}
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	g.out, g.free = g.out[:start], g.free[:frees]
	return first
}

// tooLarge says schemaValueMax.
const tooLarge = "asks for more than 256 KB"

// ending reports whether the value should end here: it is a schema inside of
// itself, or the value is large as it is.
func (g *generator) ending(n *node) bool {
	if len(g.stack) >= schemaSoftDepth || len(g.out) > schemaSoftBytes {
		return true
	}
	for _, m := range g.stack {
		if m == n {
			return true
		}
	}
	return false
}

// draw appends a value of a shape.
func (g *generator) draw(n *node, s *shape, st die, rot int, end bool) error {
	if s.enum != nil {
		c := g.constant(n, s.enum, st, rot)
		if c == nil {
			return n.fail("no value of enum or const meets the other keywords")
		}
		g.out = append(g.out, c.text...)
		return nil
	}
	if s.examples != nil && rot == 0 && !end {
		if c := g.constant(n, s.examples, st, 0); c != nil {
			if doc(c.text).kind() == '"' && s.patterns == nil && s.formats == nil {
				g.string(doc(c.text).text(), s.maxLength, g.hint.open())
			} else {
				g.out = append(g.out, c.text...)
			}
			return nil
		}
	}
	t := drawType(s, st, rot, end)
	if rot > 0 && t&(tBool|tNumber) == 0 {
		st = st.index(rot)
	}
	switch t {
	case tNull:
		g.out = append(g.out, "null"...)
	case tBool:
		g.out = strconv.AppendBool(g.out, (st.n(2, 2)+rot)%2 == 0)
	case tNumber, tInteger:
		g.out = s.number.append(g.out, st, rot)
	case tString:
		return g.text(n, s, st)
	case tArray:
		return g.array(n, s, st, end)
	default:
		return g.object(n, s, st, end)
	}
	return nil
}

// drawType draws one of the types. Where the value should end, it is the one
// that ends first.
func drawType(s *shape, st die, rot int, end bool) types {
	t := s.wanted
	if t&tFraction != 0 {
		t &^= tInteger // one draw for both
	}
	if end {
		// A type that was only guessed gives way to one that ends.
		if s.types == tAll && t&(tObject|tArray) != 0 && rot == 0 {
			t = tString
		}
		for _, low := range [...]types{tNull, tString, tFraction, tInteger, tBool, tArray, tObject} {
			if t&low != 0 {
				return numberType(low)
			}
		}
	}
	if rest := t &^ tNull; t&tNull != 0 && rest != 0 && rot == 0 {
		if st.n(3, 8) == 0 {
			return tNull
		}
		t = rest
	}
	n := 0
	for b := types(1); b <= tFraction; b <<= 1 {
		if t&b != 0 {
			n++
		}
	}
	k := (st.n(4, n) + rot) % n
	for b := types(1); ; b <<= 1 {
		if t&b == 0 {
			continue
		}
		if k--; k < 0 {
			return numberType(b)
		}
	}
}

func numberType(t types) types {
	if t == tFraction {
		return tNumber
	}
	return t
}

// constant draws one of the values that validates; nil if none does.
func (g *generator) constant(n *node, list []constant, st die, rot int) *constant {
	if len(list) == 0 {
		return nil
	}
	start := (st.n(5, len(list)) + rot) % len(list)
	if list[start].canon == "null" && len(list) > 1 && rot == 0 && st.n(6, 8) > 0 {
		start++
	}
	for i := range list {
		if c := &list[(start+i)%len(list)]; g.check(n, doc(c.text)) {
			return c
		}
	}
	return nil
}
