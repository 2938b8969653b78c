package mockmodel

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/chaoskit/chaos/internal/journal"
)

// node is a schema as it is written: its own keywords, and the schemas they
// hold. It does not change once it is compiled.
type node struct {
	rules
	up    *node  // the one it stands in, for paths
	at    string // the keyword, or keyword and name, that leads to it
	kept  bool   // its shape may be kept: it is part of the schema, not made for one value
	never string // why no value fits, as that the schema is false; "" where one may

	all      []*node   // all of them hold: $ref and allOf
	lists    [][]*node // of each list one holds at least: anyOf, if, dependent keywords
	one      [][]*node // of each list exactly one holds
	not      []*node
	examples []constant

	props      []prop
	index      map[string]int // into props
	required   []string
	order      []string // propertyOrdering
	patterned  []prop   // name is a pattern, in re
	additional *node
	names      *node // propertyNames
	uneval     bool  // unevaluatedProperties is false

	prefix   []*node
	items    *node
	contains *node
	least    int // how many of contains
	most     int

	height int    // levels that its smallest value has; endless if there is none
	verify string // the keyword that cannot be met by drawing alone
	shape  atomic.Pointer[shape]
}

// prop is a property, or for patternProperties a pattern of names.
type prop struct {
	name string
	node *node
	re   *pattern
}

// endless is the height of a schema whose every value holds another one.
const endless = math.MaxInt32

// anyNode is the empty schema.
var anyNode = &node{kept: true, rules: noRules(), at: "{}", most: math.MaxInt}

// path says where the schema stands.
func (n *node) path() string {
	var steps []string
	size := 0
	for ; n != nil && size < 1000; n = n.up {
		steps = append(steps, n.at)
		size += len(n.at)
	}
	slices.Reverse(steps)
	return journal.Clip(strings.Join(steps, "."), 300)
}

func (n *node) fail(msg string) error { return &schemaError{n.path(), msg} }

// compiler turns a document into nodes.
type compiler struct {
	root  doc
	refs  map[string]*node
	nodes []*node
	queue []link // references that are not compiled yet
	cost  int    // states of patterns
	based string // where an $id gives references another base
	err   error  // the first
}

// link is a reference from a node.
type link struct {
	from *node
	ref  string
}

func newCompiled(schema doc) *compiled {
	if len(schema) > schemaBytesMax {
		return &compiled{size: len(schema), err: &schemaError{"$", "is larger than " + strconv.Itoa(schemaBytesMax) + " bytes"}}
	}
	if !schema.present() {
		schema = "{}"
	}
	c := &compiler{root: schema, refs: map[string]*node{}}
	root := c.node(schema, nil, "$")
	c.refs["#"] = root
	for i := 0; i < len(c.queue) && c.err == nil; i++ {
		c.follow(c.queue[i])
	}
	if c.based != "" && len(c.queue) > 0 {
		c.fail(c.queue[0].from, "$ref in a schema with an $id below its root ("+journal.Clip(c.based, 64)+") is not supported")
	}
	if c.err == nil {
		c.err = c.circle()
	}
	if c.err == nil {
		c.measure()
		if root.height == endless {
			c.err = root.hopeless(map[*node]bool{})
		}
	}
	if root.unasked() {
		root.types = tObject
	}
	// A node, with what is kept of it, is some 1,300 bytes; a state of a pattern 40.
	return &compiled{root: root, err: c.err, size: len(schema) + 32*len(c.nodes) + c.cost}
}

func (c *compiler) fail(n *node, msg string) {
	if c.err == nil {
		c.err = n.fail(msg)
	}
}

// node compiles a schema and those inside of it.
func (c *compiler) node(d doc, up *node, at string) *node {
	n := &node{kept: true, rules: noRules(), up: up, at: at, height: endless, least: 1, most: math.MaxInt}
	c.nodes = append(c.nodes, n)
	if len(c.nodes) > schemaNodesMax {
		c.fail(n, "is more than "+strconv.Itoa(schemaNodesMax)+" schemas in one")
	}
	switch d.kind() {
	case 't':
	case 'f':
		n.never = "the schema false allows nothing"
	case '{':
		ms := members(d)
		for _, m := range ms {
			if c.err == nil {
				c.keyword(n, m)
			}
		}
		c.finish(n, ms)
	default:
		c.fail(n, "a schema is an object, true or false")
	}
	return n
}

// keyValue is a member of an object.
type keyValue struct {
	key   string
	value doc
}

// members returns those of an object in its order, of equal names the last.
func members(d doc) []keyValue {
	var ms []keyValue
	var seen map[string]int
	for k, v := range d.fields {
		i := -1
		if seen != nil {
			if j, ok := seen[k]; ok {
				i = j
			}
		} else {
			i = slices.IndexFunc(ms, func(m keyValue) bool { return m.key == k })
		}
		if i >= 0 {
			ms[i].value = v
			continue
		}
		ms = append(ms, keyValue{k, v})
		if len(ms) == 16 { // from here on a map is cheaper
			seen = map[string]int{}
			for j := range ms {
				seen[ms[j].key] = j
			}
		} else if seen != nil {
			seen[k] = len(ms) - 1
		}
	}
	return ms
}

// follow compiles what a reference leads to.
func (c *compiler) follow(l link) {
	target, ok := c.refs[l.ref]
	if !ok {
		d, found := c.find(l.ref)
		if !found {
			c.fail(l.from, "$ref "+strconv.Quote(journal.Clip(l.ref, 128))+" leads nowhere: write #/$defs/NAME")
			return
		}
		target = c.node(d, nil, "$"+strings.ReplaceAll(strings.TrimPrefix(l.ref, "#"), "/", "."))
		c.refs[l.ref] = target
	}
	l.from.all = append(l.from.all, target)
}

// find walks a JSON pointer (RFC 6901) in a fragment.
func (c *compiler) find(ref string) (doc, bool) {
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return "", false
	}
	d := c.root
	for step := range strings.SplitSeq(pointer, "/") {
		step = unescapePointer(step)
		if id := d.get("$id"); id.kind() == '"' && len(d) != len(c.root) {
			c.based = id.text()
		}
		switch d.kind() {
		case '{':
			d = d.get(step)
		case '[':
			i, err := strconv.Atoi(step)
			var found doc
			for item := range d.items {
				if i--; i < 0 {
					found = item
					break
				}
			}
			if err != nil || strings.HasPrefix(step, "-") {
				found = ""
			}
			d = found
		default:
			return "", false
		}
	}
	return d, d != ""
}

// choices are the lists of which a value needs one each.
func (n *node) choices() [][]*node {
	if len(n.one) == 0 {
		return n.lists
	}
	return append(slices.Clip(n.lists), n.one...)
}

// inPlace calls yield for the schemas that look at the same value.
func (n *node) inPlace(yield func(*node)) {
	for _, m := range n.all {
		yield(m)
	}
	for _, l := range n.choices() {
		for _, m := range l {
			yield(m)
		}
	}
	for _, m := range n.not {
		yield(m)
	}
}

// circle refuses a schema that refers to itself for the same value: it says
// nothing, and a walk of it never ends. Nodes are put behind those they hold for
// the same value, which is what measure goes by.
func (c *compiler) circle() error {
	state := make(map[*node]int8, len(c.nodes)) // 1 on the way, 2 done
	var err error
	inner := make([]*node, 0, len(c.nodes))
	var visit func(n *node)
	visit = func(n *node) {
		state[n] = 1
		n.inPlace(func(m *node) {
			switch {
			case err != nil || state[m] == 2:
			case state[m] == 1:
				err = n.fail("refers to itself without a property or an element between")
			default:
				visit(m)
			}
		})
		state[n] = 2
		inner = append(inner, n)
	}
	for _, n := range c.nodes {
		if err == nil && state[n] == 0 {
			visit(n)
		}
	}
	c.nodes = inner
	return err
}

// measure finds the height of all nodes: each round knows one level more.
func (c *compiler) measure() {
	for range schemaDepthMax {
		changed := false
		for _, n := range c.nodes {
			if h := n.measured(); h < n.height {
				n.height, changed = h, true
			}
		}
		if !changed {
			return
		}
	}
}

// measured returns the height as far as those of its parts are known. It may
// be too small where several schemas meet, never too large.
func (n *node) measured() int {
	if n.never != "" {
		return endless
	}
	h := 0
	if n.enum == nil && n.types&^(tObject|tArray) == 0 {
		h = endless
		if n.types&tArray != 0 {
			h = n.lowestArray()
		}
		if n.types&tObject != 0 {
			h = min(h, n.lowestObject())
		}
	}
	for _, m := range n.all {
		h = max(h, m.height)
	}
	for _, l := range n.choices() {
		lowest := endless
		for _, m := range l {
			lowest = min(lowest, m.height)
		}
		h = max(h, lowest)
	}
	return h
}

func (n *node) lowestArray() int {
	h := 0
	for i := range min(n.minItems, len(n.prefix)) {
		h = max(h, above(n.prefix[i]))
	}
	if n.minItems > len(n.prefix) && n.items != nil {
		h = max(h, above(n.items))
	}
	if n.contains != nil && n.least > 0 {
		h = max(h, above(n.contains))
	}
	return h
}

func (n *node) lowestObject() int {
	h := 0
	for _, name := range n.required {
		if i, ok := n.index[name]; ok {
			h = max(h, above(n.props[i].node))
		}
	}
	return h
}

// hopeless says why a schema of endless height has no value.
func (n *node) hopeless(seen map[*node]bool) error {
	if n.never != "" {
		return n.fail(n.never)
	}
	seen[n] = true
	parts := slices.Clone(n.all)
	for _, l := range n.choices() {
		parts = append(parts, l...)
	}
	for _, name := range n.required {
		if i, ok := n.index[name]; ok {
			parts = append(parts, n.props[i].node)
		}
	}
	parts = append(append(parts, n.prefix...), n.items, n.contains)
	for _, p := range parts {
		if p != nil && p.height == endless && !seen[p] {
			if err := p.hopeless(seen); err != nil {
				return err
			}
		}
	}
	if n.up != nil {
		return nil
	}
	return n.fail("has no value that ends: each one holds another")
}

// above is the height of what holds a value of n.
func above(n *node) int {
	if n.height == endless {
		return endless
	}
	return n.height + 1
}
