package mockmodel

import (
	"net/url"
	"slices"
	"strings"
)

// The keywords of objects and arrays.

func (c *compiler) objectKeyword(n *node, m keyValue) {
	d := m.value
	switch m.key {
	case "properties":
		if d.kind() != '{' {
			c.fail(n, "properties must be an object")
		}
		for _, p := range members(d) {
			if c.err == nil {
				c.property(n, p.key, c.node(p.value, n, "properties."+p.key))
			}
		}
	case "required":
		n.required = c.strings(n, m)
	case "propertyOrdering":
		n.order = c.strings(n, m)
	case "patternProperties":
		if d.kind() != '{' {
			c.fail(n, "patternProperties must be an object")
		}
		for _, p := range members(d) {
			if c.err == nil {
				re := c.pattern(n, p.key)
				if re.why != "" {
					c.fail(n, re.why)
				}
				n.patterned = append(n.patterned, prop{p.key, c.node(p.value, n, "patternProperties."+p.key), re})
			}
		}
	case "additionalProperties":
		n.additional = c.node(d, n, "additionalProperties")
	case "propertyNames":
		n.names = c.node(d, n, "propertyNames")
	case "unevaluatedProperties":
		switch d {
		case "false":
			n.uneval = true
		case "true", "{}":
		default:
			c.fail(n, "unevaluatedProperties is supported as true or false only")
		}
	}
}

// property adds one to the declared ones.
func (c *compiler) property(n *node, name string, schema *node) {
	if n.index == nil {
		n.index = map[string]int{}
	}
	n.index[name] = len(n.props)
	n.props = append(n.props, prop{name: name, node: schema})
}

// strings reads a list of names, each of them once.
func (c *compiler) strings(n *node, m keyValue) []string {
	if m.value.kind() != '[' {
		c.fail(n, m.key+" must be a list of names")
	}
	var list []string
	seen := map[string]bool{}
	for d := range m.value.items {
		if d.kind() != '"' {
			c.fail(n, m.key+" must be a list of names")
			break
		}
		if s := d.text(); !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	return list
}

func (c *compiler) arrayKeyword(n *node, m keyValue) {
	switch m.key {
	case "uniqueItems":
		n.unique = m.value.truth()
	case "contains":
		n.contains = c.node(m.value, n, "contains")
	case "prefixItems":
		n.prefix = c.list(n, m)
	case "items":
		if m.value.kind() == '[' { // as in draft 7
			n.prefix = c.list(n, m)
			return
		}
		n.items = c.node(m.value, n, "items")
	}
}

// lookup appends the schemas of a property.
func (n *node) lookup(dst []*node, name string) []*node {
	known := false
	if i, ok := n.index[name]; ok {
		dst, known = append(dst, n.props[i].node), true
	}
	for i := range n.patterned {
		if p := &n.patterned[i]; p.re.re.MatchString(name) {
			dst, known = append(dst, p.node), true
		}
	}
	if !known && n.additional != nil {
		dst = append(dst, n.additional)
	}
	return dst
}

// element appends the schema of the i-th element, if it has one.
func (n *node) element(dst []*node, i int) []*node {
	if i < len(n.prefix) {
		return append(dst, n.prefix[i])
	}
	if n.items != nil {
		return append(dst, n.items)
	}
	return dst
}

// unasked reports whether a schema says nothing about its value.
func (n *node) unasked() bool {
	r := noRules()
	return n.types == r.types && n.enum == nil && n.examples == nil && n.never == "" &&
		len(n.all)+len(n.lists)+len(n.one)+len(n.not)+len(n.patterns)+len(n.formats) == 0 && n.suggested() == 0
}

// suggested returns the types that keywords speak of, where none is given: the
// value of {"properties": ...} is an object in the mind of who wrote it.
func (n *node) suggested() types {
	var t types
	if n.props != nil || n.required != nil || n.patterned != nil || n.additional != nil || n.names != nil || n.uneval || n.minProps > 0 || n.maxProps < noMax {
		t |= tObject
	}
	if n.prefix != nil || n.items != nil || n.contains != nil || n.unique || n.minItems > 0 || n.maxItems < noMax {
		t |= tArray
	}
	if n.patterns != nil || n.formats != nil || n.minLength > 0 || n.maxLength < noMax {
		t |= tString
	}
	if n.lo.at != nil || n.hi.at != nil || n.multiple != nil {
		t |= tNumber
	}
	return t
}

// unescapePointer undoes the escapes of a step in a URI fragment that is a JSON
// pointer: first those of the URI (RFC 3986), then ~1 and ~0 (RFC 6901).
func unescapePointer(step string) string {
	if strings.IndexByte(step, '%') >= 0 {
		if plain, err := url.PathUnescape(step); err == nil {
			step = plain
		}
	}
	if strings.IndexByte(step, '~') < 0 {
		return step
	}
	return strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
}

// namedFirst returns the declared properties of the parts: those of
// propertyOrdering first, then in the order of the schemas.
func namedFirst(parts []*node) []string {
	var names []string
	if len(parts) == 1 && parts[0].order == nil {
		for i := range parts[0].props {
			names = append(names, parts[0].props[i].name)
		}
		for _, r := range parts[0].required {
			if _, ok := parts[0].index[r]; !ok {
				names = append(names, r)
			}
		}
		return slices.Clip(names)
	}
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, p := range parts {
		for _, o := range p.order {
			if _, ok := p.index[o]; ok {
				add(o)
			}
		}
	}
	for _, p := range parts {
		for i := range p.props {
			add(p.props[i].name)
		}
	}
	for _, p := range parts {
		for _, r := range p.required {
			add(r)
		}
	}
	return names
}
