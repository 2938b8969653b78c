package mockmodel

import (
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// object appends an object: its declared properties, and others where there
// must be more.
func (g *generator) object(n *node, s *shape, st die, end bool) error {
	if s.minProps > schemaItemsMax {
		return n.fail("asks for more than " + strconv.Itoa(schemaItemsMax) + " properties")
	}
	begin, count := len(g.out), 0
	g.out = append(g.out, '{')
	take := s.take(st, end)
	for i := range s.named {
		if !take[i] {
			continue
		}
		p := &s.named[i]
		if err := g.member(p.name, p.node, p.hint, count, st, end); err == nil {
			count++
		} else if p.required || g.spent() {
			return err
		} // What no value fits can only be left out.
	}
	want := s.minProps
	if len(s.named) == 0 && s.mapped && !end {
		want = min(max(want, 2), s.maxProps)
	}
	if count < want {
		had := map[string]bool{}
		for name := range doc(string(g.out[begin:]) + "}").fields {
			had[name] = true
		}
		for i := 0; count < want; i++ {
			if err := g.another(n, s, st.index(i), count, had, end); err == nil {
				count++
			} else if count < s.minProps || g.spent() {
				return err
			} else {
				break
			}
		}
	}
	g.out = append(g.out, '}')
	return nil
}

// take says which of the declared properties come.
func (s *shape) take(st die, end bool) []bool {
	take := make([]bool, len(s.named))
	total := 0
	for i := range s.named {
		if take[i] = s.named[i].required; take[i] {
			total++
		}
	}
	for i := range s.named {
		p := &s.named[i]
		if total < s.maxProps && !take[i] && !end && (s.closed || st.child(p.name).n(7, 2) == 0) {
			take[i] = true
			total++
		}
	}
	for i := 0; i < len(take) && total < s.minProps; i++ {
		if !take[i] {
			take[i] = true
			total++
		}
	}
	return take
}

// member appends a property and its value; of one that fails nothing is left.
func (g *generator) member(name string, n *node, h *nameHint, count int, st die, end bool) error {
	start, frees, before := len(g.out), len(g.free), g.hint
	if count > 0 {
		g.out = append(g.out, ',')
	}
	g.out = append(appendString(g.out, name), ':')
	g.hint = h
	err := g.value(n, st.child(name), end)
	g.hint = before
	if err != nil {
		g.out, g.free = g.out[:start], g.free[:frees]
	}
	return err
}

// another appends a property that is not declared.
func (g *generator) another(n *node, s *shape, st die, count int, had map[string]bool, end bool) error {
	err := n.fail("minProperties asks for more properties than it allows names")
	for t := range schemaTries {
		name, bad := g.name(s, n, st.index(t), t)
		if bad != nil {
			return bad
		}
		if had[name] {
			continue
		}
		m, no := g.property(s, n, name)
		if no != nil {
			err = no
			continue
		}
		if err = g.member(name, m, nil, count, st, end); err == nil {
			had[name] = true
			return nil
		}
		if g.spent() {
			break
		}
	}
	return err
}

// stringNode is the schema of any string.
var stringNode = func() *node {
	n := &node{rules: noRules(), at: "propertyNames", most: noMax}
	n.types = tString
	return n
}()

// name draws the name of a property: one that propertyNames allows, or that
// fits one of patternProperties, or a word.
func (g *generator) name(s *shape, n *node, st die, t int) (string, error) {
	var said []*node
	var patterned []prop
	for _, part := range s.parts {
		if part.names != nil {
			said = append(said, part.names)
		}
		patterned = append(patterned, part.patterned...)
	}
	if len(said) > 0 {
		start, frees := len(g.out), len(g.free)
		g.rot = t
		err := g.value(together(append(said, stringNode), n, "propertyNames"), st, false)
		name := doc(string(g.out[start:])).text()
		g.out, g.free = g.out[:start], g.free[:frees]
		return name, err
	}
	if len(patterned) > 0 {
		p := &patterned[st.n(8, len(patterned))]
		if name, ok := g.fromPattern(p.re, st, 0, noMax); ok {
			return name, nil
		}
	}
	name := clipWord(wire.Text(uint64(st), 2))
	if t > 0 {
		name += "_" + strconv.Itoa(st.n(9, 1000))
	}
	return name, nil
}
