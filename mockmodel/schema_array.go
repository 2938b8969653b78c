package mockmodel

import "strconv"

// array appends an array.
func (g *generator) array(n *node, s *shape, st die, end bool) error {
	if s.minItems > schemaItemsMax {
		return n.fail("asks for more than " + strconv.Itoa(schemaItemsMax) + " elements")
	}
	held, least, prefix := s.contained()
	count := s.length(st, least, prefix, end)
	g.out = append(g.out, '[')
	var had []string
	var buf [8]*node
	for i := range count {
		all := buf[:0]
		for _, p := range s.parts {
			all = p.element(all, i)
		}
		// What must be contained stands at the end, behind the prefix.
		if held != nil && i >= count-least {
			all = append(all, held...)
		}
		start, frees := len(g.out), len(g.free)
		if i > 0 {
			g.out = append(g.out, ',')
		}
		said, err := g.item(together(all, n, "items"), s.unique, had, st, i, end)
		if err == nil {
			had = said
			continue
		}
		g.out, g.free = g.out[:start], g.free[:frees]
		if i < s.minItems || i < least || g.spent() {
			return err
		}
		break
	}
	g.out = append(g.out, ']')
	return nil
}

// contained returns what an array must contain, how often, and how many
// elements have a schema of their own.
func (s *shape) contained() (held []*node, least, prefix int) {
	for _, p := range s.parts {
		prefix = max(prefix, len(p.prefix))
		if p.contains != nil && p.least > 0 {
			held = append(held, p.contains)
			least = max(least, p.least)
		}
	}
	return held, min(least, schemaItemsMax), prefix
}

// length draws the number of elements: one to three where nothing is said, and
// a tuple in full.
func (s *shape) length(st die, least, prefix int, end bool) int {
	if least > 0 && prefix > 0 {
		least += prefix // in the prefix an element may be anything else
	}
	low := max(s.minItems, least)
	if end {
		return min(low, s.maxItems)
	}
	if prefix > 0 {
		return min(max(low, prefix), s.maxItems)
	}
	low = max(low, 1)
	return min(low+st.n(10, 3), max(low, 3), s.maxItems)
}

// item appends an element, one that is not there yet where they must differ.
func (g *generator) item(n *node, unique bool, had []string, st die, i int, end bool) ([]string, error) {
	if !unique {
		return nil, g.value(n, st.index(i), end)
	}
	g.verified = true // a mark may make two elements equal
	start, frees := len(g.out), len(g.free)
	for t := range 4 * schemaTries {
		g.out, g.free = g.out[:start], g.free[:frees]
		// Of the same draw the next value, so that a short list of values is
		// gone through without gaps; later any.
		at := st
		if g.rot = i + t; t >= 3*schemaTries {
			at, g.rot = st.index(i).index(t), t
		}
		if err := g.value(n, at, end); err != nil {
			return had, err
		}
		said := canonical(doc(g.out[start:]))
		fresh := true
		for _, h := range had {
			fresh = fresh && h != said
		}
		g.work += len(had) / 8
		if fresh {
			return append(had, said), nil
		}
		if g.spent() {
			break
		}
	}
	return had, n.fail("uniqueItems asks for more different values than were found")
}
