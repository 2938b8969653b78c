package mockmodel

import "slices"

// shape is all that holds for one value: the rules and the schemas of a node,
// of what it refers to, and of the branches that were chosen. It does not
// change once it is ready.
type shape struct {
	rules
	parts    []*node   // of which objects and arrays take their members
	lists    [][]*node // of each a branch has to be chosen yet
	examples []constant
	verify   string // the keyword that the value has to be checked for

	// Known once all branches are chosen:
	wanted types
	number *grid
	named  []named
	closed bool // no property but the declared ones
	mapped bool // properties of any name have a schema
	cost   int  // steps it took
}

// named is a property that may be there.
type named struct {
	name     string
	node     *node
	required bool
	hint     *nameHint
}

// shapeOf returns the shape of a node before branches are chosen.
func (g *generator) shapeOf(n *node) (*shape, error) {
	if s := n.shape.Load(); s != nil {
		// As many steps as if it had been made: what is refused must not
		// hang on what was asked before.
		g.work += s.cost
		return s, nil
	}
	before := g.work
	s := &shape{rules: noRules()}
	if err := g.add(s, n); err != nil {
		return nil, err
	}
	if len(s.lists) == 0 {
		if err := g.ready(s, n); err != nil {
			return nil, err
		}
	}
	s.cost = g.work - before
	if n.kept {
		n.shape.Store(s)
	}
	return s, nil
}

// add makes n hold as well. A schema that holds already says nothing new, so
// the work is bounded by the number of schemas however often they are named.
func (g *generator) add(s *shape, n *node) error {
	g.work += 1 + len(s.parts)/8
	if g.spent() {
		return n.fail(spentWords)
	}
	if slices.Contains(s.parts, n) {
		return nil
	}
	if n.never != "" {
		return n.fail(n.never)
	}
	s.parts = append(s.parts, n)
	if word := s.meet(&n.rules); word != "" {
		return n.fail(word)
	}
	for _, m := range n.all {
		if err := g.add(s, m); err != nil {
			return err
		}
	}
	s.lists = append(s.lists, n.lists...)
	s.lists = append(s.lists, n.one...)
	s.examples = append(s.examples, n.examples...)
	if s.verify == "" {
		s.verify = n.verify
	}
	return nil
}

// choose returns the shape with a branch chosen of each list: the one that is
// drawn, or the next one that does not conflict with what holds already.
func (g *generator) choose(n *node, s *shape, st die, rot int, end bool) (*shape, error) {
	if len(s.lists) == 0 {
		return s, nil
	}
	list := s.lists[0]
	start := branch(list, st, rot, end)
	var first error
	for i := range list {
		b := list[(start+i)%len(list)]
		t := *s
		t.lists, t.parts, t.examples = slices.Clone(s.lists[1:]), slices.Clone(s.parts), slices.Clip(s.examples)
		err := g.add(&t, b)
		if err == nil {
			var chosen *shape
			if chosen, err = g.choose(n, &t, st.index(1), rot, end); err == nil {
				if len(t.lists) == 0 {
					err = g.ready(chosen, n)
				}
				if err == nil {
					return chosen, nil
				}
			}
		}
		if first == nil {
			first = err
		}
		if g.spent() {
			return nil, n.fail(spentWords)
		}
	}
	return nil, first
}

// branch draws one of a list. Null is rare, as a model that is asked for
// something mostly says something.
func branch(list []*node, st die, rot int, end bool) int {
	if end {
		lowest := 0
		for i, b := range list {
			if b.height < list[lowest].height || b.height == list[lowest].height && b.types == tNull {
				lowest = i
			}
		}
		return (lowest + rot) % len(list)
	}
	i := (st.n(0, len(list)) + rot) % len(list)
	if rot == 0 && list[i].types == tNull && st.n(1, 8) > 0 {
		i = (i + 1) % len(list)
	}
	return i
}

// ready works out what is drawn of, once all branches are chosen.
func (g *generator) ready(s *shape, n *node) error {
	if s.wanted = s.types; s.types == tAll {
		var t types
		for _, p := range s.parts {
			t |= p.suggested()
		}
		if t == 0 {
			t = tString
		}
		s.wanted = t
	}
	might := s.wanted
	if s.verify != "" {
		might = s.types // a guess may turn out to be wrong
	}
	var why error
	if might&tNumber != 0 && s.enum == nil {
		var word string
		if s.number, word = newGrid(&s.rules, might&tFraction == 0); word != "" {
			why = n.fail(word)
			s.wanted, s.types = s.wanted&^tNumber, s.types&^tNumber
		}
	}
	if might&tObject != 0 {
		if err := g.properties(s, n); err != nil {
			why = err
			s.wanted, s.types = s.wanted&^tObject, s.types&^tObject
		}
	}
	if s.wanted == 0 {
		return why
	}
	return nil
}

// properties lists what an object may have.
func (g *generator) properties(s *shape, n *node) error {
	names := namedFirst(s.parts)
	must := map[string]bool{}
	for _, part := range s.parts {
		for _, name := range part.required {
			must[name] = true
		}
	}
	s.named = make([]named, 0, len(names))
	required := 0
	for _, name := range names {
		g.work += len(s.parts)
		p := named{name: name, hint: nameHintOf(name), required: must[name]}
		var err error
		if p.node, err = g.property(s, n, name); err != nil {
			if p.required || g.spent() {
				return err
			}
			continue
		}
		if p.required {
			required++
		}
		s.named = append(s.named, p)
	}
	if required > s.maxProps {
		return n.fail("more properties are required than maxProperties allows")
	}
	for _, part := range s.parts {
		if part.additional != nil {
			s.closed = s.closed || part.additional.never != ""
			s.mapped = s.mapped || part.additional.never == ""
		}
		s.closed = s.closed || part.uneval
		s.mapped = s.mapped || part.patterned != nil
	}
	return nil
}

// property returns the schema of a property of that name, or an error that
// says why there cannot be one.
func (g *generator) property(s *shape, n *node, name string) (*node, error) {
	var buf [8]*node
	all := buf[:0]
	for _, part := range s.parts {
		g.work += len(part.patterned)
		all = part.lookup(all, name)
		if part.names != nil && !g.check(part.names, doc(appendString(nil, name))) {
			return nil, part.fail("propertyNames does not allow " + name)
		}
	}
	m := together(all, n, name)
	if m.never != "" {
		return nil, m.fail(m.never)
	}
	if m.height == endless {
		return nil, m.fail("has no value that ends")
	}
	return m, nil
}

// together returns a schema that says all that the given ones say.
func together(all []*node, up *node, at string) *node {
	switch len(all) {
	case 0:
		return anyNode
	case 1:
		return all[0]
	}
	m := &node{rules: noRules(), up: up, at: at, all: slices.Clone(all), most: noMax}
	for _, n := range all {
		m.height = max(m.height, n.height)
		if n.never != "" {
			return n
		}
	}
	return m
}
