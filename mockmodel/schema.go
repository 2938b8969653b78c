package mockmodel

import (
	"strings"
	"sync"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/wire"
)

// Values that a JSON Schema allows: the arguments of tool calls and structured
// outputs, where the plan scripts none.
//
//	schema.go          the bounds, the cache, watermarks
//	schema_compile.go  from the schema to nodes that stand as it is written; what is not understood is refused by name
//	schema_keyword.go  the keywords, one by one      schema_members.go  those of objects and arrays
//	schema_rules.go    the bounds of a value, and where two of them meet
//	schema_shape.go    all that holds for one value at once: $ref, allOf, a branch of anyOf
//	schema_value.go    draws a value: schema_object.go, schema_array.go, schema_number.go, schema_string.go, schema_format.go, schema_pattern.go
//	schema_check.go    whether a value is allowed: for oneOf, not, if, contains, which cannot be met by drawing alone
//
// It is the JSON Schema of 2020-12 as SDKs write it (zod, pydantic), with the
// older spellings "definitions", a list of items, and booleans as exclusive
// bounds; and the part of OpenAPI 3.0 that Gemini takes: types in upper case,
// "nullable", "propertyOrdering", counts as strings.
//
// What is drawn:
//
//   - Properties come in the order of the schema. One that is not required comes
//     half of the time, and always where additionalProperties is false: that is
//     OpenAI's strict mode. One that no value fits is left out.
//   - An "example" or one of "examples" is taken where it validates: the author
//     says what a value looks like. "default" is not: it is what the tool takes
//     where the model says nothing, and pydantic writes null there for every
//     optional parameter, which would hollow the answers out.
//   - null is drawn once in eight times where something else is allowed.
//   - Recursion ends at the second level of the same schema: there the branch is
//     taken that ends first, lists are as short and objects as small as allowed.
//   - An object that declares no properties but a schema for them has two.
//   - The empty schema allows everything: an empty object at the top, as the
//     arguments of a tool without parameters, and a string below.

// Bounds of schemas, which callers write. Each is far beyond what providers
// take (OpenAI: 5,000 properties, ten levels, 120,000 characters of names and
// constants) and keeps the worst schema below some 200 ms and 40 MB.
const (
	schemaBytesMax    = 512 << 10 // of a schema
	schemaNodesMax    = 20_000    // subschemas, each place counted that refers to them
	schemaDepthMax    = depthMax  // levels of a value: as deep as a body may be
	schemaValueMax    = 256 << 10 // bytes of a value: 64,000 tokens, more than a model says
	schemaWorkMax     = 200_000   // steps for one value: nodes, pairs compared, words checked
	schemaItemsMax    = 1000      // elements and properties that one value must have
	schemaPatternMax  = 4 << 10   // bytes of a pattern; the longest of zod has 1,300
	schemaPatternCost = 50_000    // states of all patterns of a schema together: 2 MB
	schemaTries       = 16        // values drawn at one place until one validates
	schemaCached      = 256       // schemas kept ready: more than a service has
	schemaCachedSize  = 1 << 20   // of them together, see compiled.size: some 40 MB
	schemaOffers      = 16        // strings offered to a watermark
	schemaSoftBytes   = 8 << 10   // of a value, from which on all ends as soon as allowed
	schemaSoftDepth   = 12        // the same for its levels
)

// schemaError says where a schema asks for what is refused. A provider answers
// it with a 400 of its own shape.
type schemaError struct {
	path string // as $.properties.city
	msg  string
}

func (e *schemaError) Error() string { return "schema: at " + e.path + ": " + e.msg }

// schemas keeps schemas that were used before ready, as a service sends the same
// few with each call. The zero value is ready; it is safe for concurrent use.
type schemas struct {
	mu    sync.Mutex
	known map[doc]*compiled
	size  int
}

// compiled is a schema that is ready to be drawn from. Those that are refused
// are kept as well.
type compiled struct {
	root *node
	err  error
	size int // what it takes in memory, in units of some 40 bytes
}

// generate returns a value of the schema, as compact JSON: the same for the
// same schema, seed and key, on every machine and whatever was generated before.
// A schema that is absent or null is the empty one. The error is a *schemaError.
//
// fill, which may be nil, puts watermarks into it. It is offered the strings
// that nothing reads by form, in the order of the value: those without enum,
// const, pattern and format, and whose name is not that of an address, a date or
// an id. It is told how many characters the string may have, and returns what is
// to stand at its end, behind a space, or "" to end the offers. What is given
// must be ASCII without quotes; what has no room is left out. Where a mark makes
// a value break a rule that is checked rather than drawn ("not", "oneOf", "if",
// "contains"), the value comes without any.
func (c *schemas) generate(schema doc, seed uint64, fill func(room int) string, key ...string) ([]byte, error) {
	return c.compile(schema).generate(seed, fill, key...)
}

// generate returns a value of the schema: see schemas.generate.
func (p *compiled) generate(seed uint64, fill func(room int) string, key ...string) ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	g := &generator{out: make([]byte, 0, 512)}
	start := die(draw.Bits(seed, append([]string{"schema"}, key...)...))
	if err := g.value(p.root, start, false); err != nil {
		return nil, err
	}
	if fill == nil || len(g.free) == 0 {
		return g.out, nil
	}
	marked := g.marked(fill)
	if g.verified && !g.check(p.root, doc(marked)) {
		return g.out, nil
	}
	return marked, nil
}

// compile returns the schema ready to be drawn from.
func (c *schemas) compile(schema doc) *compiled {
	c.mu.Lock()
	p, ok := c.known[schema]
	c.mu.Unlock()
	if ok {
		return p
	}
	// A schema is part of a body whose memory must not be held by the cache.
	schema = doc(strings.Clone(string(schema)))
	p = newCompiled(schema)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= schemaCached || c.size+p.size > schemaCachedSize {
		// To forget all is rare, and cheaper than to remember which was used last.
		c.known, c.size = make(map[doc]*compiled), 0
	}
	if p.size <= schemaCachedSize {
		c.known[schema] = p
		c.size += p.size
	}
	return p
}

// die is the state that draws of one place in a value come from. The place of
// a property hangs on its name alone: adding another one leaves it as it is.
type die uint64

func (d die) child(name string) die { return die(wire.Mix(wire.FoldMore(uint64(d), name))) }

func (d die) index(i int) die { return die(wire.Mix(uint64(d) + uint64(i+1)*0x9e3779b97f4a7c15)) }

// n draws the k-th number below n at this place.
func (d die) n(k, n int) int { return int(uint64(d.index(k+1<<20)) % uint64(n)) }

// freeString is a string of a value that a mark may be put into.
type freeString struct {
	from, to int // in the value, with its quotes
	text     string
	max      int // characters
}

// marked returns the value with the marks that fill gives.
func (g *generator) marked(fill func(room int) string) []byte {
	out, from := make([]byte, 0, len(g.out)+len(g.out)/2+64), 0
	for i, f := range g.free {
		if i == schemaOffers {
			break
		}
		mark := fill(f.max)
		if mark == "" {
			break
		}
		if len(mark) > f.max {
			continue
		}
		out = append(append(out, g.out[from:f.from]...), '"')
		if text := clipRunes(f.text, f.max-len(mark)-1); text != "" {
			out = append(appendEscaped(out, text), ' ')
		}
		out = append(appendEscaped(out, mark), '"')
		from = f.to
	}
	return append(out, g.out[from:]...)
}

// clipRunes returns the first n characters of s, none where n is negative.
func clipRunes(s string, n int) string {
	if n >= len(s) {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
