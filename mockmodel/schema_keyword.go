package mockmodel

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// keyword compiles one keyword of a schema. Those that are not listed say
// nothing about values, as "title", or are unknown, which the standard ignores.
func (c *compiler) keyword(n *node, m keyValue) {
	d := m.value
	switch m.key {
	case "$ref":
		if d.kind() != '"' {
			c.fail(n, "$ref must be a string")
		} else {
			c.queue = append(c.queue, link{n, d.text()})
		}
	case "$id":
		if n.up != nil && d.kind() == '"' {
			c.based = d.text()
		}
	case "$dynamicRef", "$recursiveRef":
		c.fail(n, m.key+" is not supported: write $ref")
	case "unevaluatedItems":
		if d != "true" {
			c.fail(n, "unevaluatedItems is not supported: write items beside prefixItems")
		}
	case "description":
		for _, moved := range described(d.text()) {
			c.keyword(n, moved)
		}
	case "type":
		c.types(n, d)
	case "enum":
		n.enum = c.constants(n, m)
	case "examples":
		if d.kind() == '[' { // what is no list is an annotation all the same
			n.examples = append(n.examples, c.constants(n, m)...)
		}
	case "example":
		n.examples = append(n.examples, newConstant(d))
	case "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf":
		c.number(n, m)
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains":
		c.count(n, m)
	case "pattern", "format":
		c.stringKeyword(n, m)
	case "allOf", "anyOf", "oneOf", "not":
		c.combine(n, m)
	case "properties", "required", "propertyOrdering", "patternProperties", "additionalProperties", "propertyNames", "unevaluatedProperties":
		c.objectKeyword(n, m)
	case "dependentRequired", "dependentSchemas", "dependencies":
		c.dependent(n, m)
	case "items", "prefixItems", "contains", "uniqueItems":
		c.arrayKeyword(n, m)
	}
}

// finish compiles what takes several keywords of one schema.
func (c *compiler) finish(n *node, ms []keyValue) {
	if c.err != nil {
		return
	}
	at := func(key string) doc {
		if i := slices.IndexFunc(ms, func(m keyValue) bool { return m.key == key }); i >= 0 {
			return ms[i].value
		}
		return ""
	}
	if d := at("const"); d != "" {
		only := []constant{newConstant(d)}
		if n.enum != nil {
			only = common(n.enum, only)
		}
		n.enum = only
	}
	// OpenAPI 3.0 and JSON Schema of draft 4: the bound itself is out.
	n.lo.open = n.lo.open || n.lo.at != nil && at("exclusiveMinimum") == "true"
	n.hi.open = n.hi.open || n.hi.at != nil && at("exclusiveMaximum") == "true"
	if at("nullable") == "true" {
		n.types |= tNull
		if n.enum != nil {
			n.enum = append(n.enum, newConstant("null"))
		}
	}
	if d := at("additionalItems"); d != "" && at("items").kind() == '[' {
		n.items = c.node(d, n, "additionalItems") // draft 7: what items is now
	}
	if cond := at("if"); cond != "" {
		c.condition(n, cond, at("then"), at("else"))
	}
	switch {
	case len(n.not) > 0:
		n.verify = "not"
	case len(n.one) > 0:
		n.verify = "oneOf"
	case n.contains != nil:
		n.verify = "contains"
	case n.uneval:
		n.verify = "unevaluatedProperties"
	case n.names != nil:
		n.verify = "propertyNames"
	}
	for _, p := range n.patterns {
		if p.why != "" && !slices.ContainsFunc(n.formats, knownFormat) {
			c.fail(n, p.why)
		}
	}
	n.never = n.conflict()
}

// types reads "string", ["string","null"] or "STRING".
func (c *compiler) types(n *node, d doc) {
	var set types
	one := func(d doc) {
		name := d.text()
		if name == strings.ToUpper(name) && name != "" {
			if name == "TYPE_UNSPECIFIED" { // of the protocol of Gemini
				set = tAll
				return
			}
			name = strings.ToLower(name)
		}
		t, ok := typeNames[name]
		if !ok {
			c.fail(n, "type is "+journal.Clip(string(d), 64)+": it is one of string, number, integer, boolean, object, array, null")
		}
		set |= t
	}
	if d.kind() == '[' {
		d.items(func(d doc) bool { one(d); return c.err == nil })
	} else {
		one(d)
	}
	if n.types = set; set == 0 {
		c.fail(n, "type names none")
	}
}

func newConstant(d doc) constant {
	var b bytes.Buffer
	_ = json.Compact(&b, []byte(d)) // part of a body that is valid
	return constant{b.String(), canonical(d)}
}

func (c *compiler) constants(n *node, m keyValue) []constant {
	if m.value.kind() != '[' {
		c.fail(n, m.key+" must be a list")
	}
	list := []constant{}
	for d := range m.value.items {
		list = append(list, newConstant(d))
	}
	return list
}

func (c *compiler) number(n *node, m keyValue) {
	if k := m.value.kind(); (k == 't' || k == 'f') && strings.HasPrefix(m.key, "exclusive") {
		return // see finish
	}
	x, ok := rational(m.value)
	if !ok {
		c.fail(n, m.key+" must be a number, of at most "+strconv.Itoa(digitsMax)+" digits")
		return
	}
	switch m.key {
	case "minimum":
		n.lo = tighterBound(n.lo, bound{x, false}, 1)
	case "exclusiveMinimum":
		n.lo = tighterBound(n.lo, bound{x, true}, 1)
	case "maximum":
		n.hi = tighterBound(n.hi, bound{x, false}, -1)
	case "exclusiveMaximum":
		n.hi = tighterBound(n.hi, bound{x, true}, -1)
	default:
		if n.multiple = x; x.Sign() <= 0 {
			c.fail(n, "multipleOf must be above 0")
		}
	}
}

// count reads a number of things. Gemini's protocol writes it as a string.
func (c *compiler) count(n *node, m keyValue) {
	d := m.value
	if d.kind() == '"' {
		d = doc(d.text())
	}
	x, ok := rational(d)
	if !ok || !x.IsInt() || x.Sign() < 0 {
		c.fail(n, m.key+" must be a whole number from 0")
		return
	}
	v := math.MaxInt32
	if x.Cmp(big.NewRat(math.MaxInt32, 1)) < 0 {
		v = int(x.Num().Int64())
	}
	switch m.key {
	case "minLength":
		n.minLength = v
	case "maxLength":
		n.maxLength = v
	case "minItems":
		n.minItems = v
	case "maxItems":
		n.maxItems = v
	case "minProperties":
		n.minProps = v
	case "maxProperties":
		n.maxProps = v
	case "minContains":
		n.least = v
	case "maxContains":
		n.most = v
	}
}

func (c *compiler) stringKeyword(n *node, m keyValue) {
	if m.value.kind() != '"' {
		c.fail(n, m.key+" must be a string")
		return
	}
	s := m.value.text()
	if m.key == "format" {
		n.formats = []string{strings.Clone(s)}
		return
	}
	n.patterns = []*pattern{c.pattern(n, s)}
}

// list compiles a list of schemas.
func (c *compiler) list(n *node, m keyValue) []*node {
	var list []*node
	if m.value.kind() != '[' {
		c.fail(n, m.key+" must be a list of schemas")
	}
	for d := range m.value.items {
		if c.err != nil {
			break
		}
		list = append(list, c.node(d, n, m.key+"["+strconv.Itoa(len(list))+"]"))
	}
	if len(list) == 0 && m.key != "prefixItems" && m.key != "items" {
		c.fail(n, m.key+" must not be empty")
	}
	return list
}

func (c *compiler) combine(n *node, m keyValue) {
	switch m.key {
	case "allOf":
		n.all = append(n.all, c.list(n, m)...)
	case "anyOf":
		n.lists = append(n.lists, c.list(n, m))
	case "oneOf":
		if list := c.list(n, m); len(list) == 1 {
			n.all = append(n.all, list...)
		} else {
			n.one = append(n.one, list)
		}
	case "not":
		n.not = append(n.not, c.node(m.value, n, "not"))
	}
}

// made returns a schema that stands for several keywords of n.
func (c *compiler) made(n *node, at string) *node {
	return c.node("{}", n, at)
}

// condition makes of if, then and else two branches: what meets "if" meets
// "then", and what does not meets "else".
func (c *compiler) condition(n *node, cond, then, otherwise doc) {
	if then == "" && otherwise == "" {
		return
	}
	test := c.node(cond, n, "if")
	yes, no := c.made(n, "then"), c.made(n, "else")
	yes.all, no.not, no.verify = []*node{test}, []*node{test}, "if"
	if then != "" {
		yes.all = append(yes.all, c.node(then, n, "then"))
	}
	if otherwise != "" {
		no.all = append(no.all, c.node(otherwise, n, "else"))
	}
	n.lists = append(n.lists, []*node{yes, no})
}

// dependent makes of a property and what it entails two branches: it is there
// and all is met, or it is not there.
func (c *compiler) dependent(n *node, m keyValue) {
	if m.value.kind() != '{' {
		c.fail(n, m.key+" must be an object")
	}
	for _, dep := range members(m.value) {
		if c.err != nil {
			return
		}
		with, without := c.made(n, m.key), c.made(n, m.key)
		with.required = []string{dep.key}
		if dep.value.kind() == '[' && m.key != "dependentSchemas" {
			with.required = append(with.required, c.strings(n, keyValue{m.key, dep.value})...)
		} else {
			with.all = []*node{c.node(dep.value, n, m.key+"."+dep.key)}
		}
		c.property(without, dep.key, c.node("false", n, m.key+"."+dep.key))
		n.lists = append(n.lists, []*node{with, without})
	}
}
