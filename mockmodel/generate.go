package mockmodel

import (
	"net/http"
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// Where nothing is scripted, a model that may call a tool does so on each turn
// that does not bring a tool's result, so that a service with tools runs its
// loop once for each question: the first tool of the call, with arguments that
// its schema allows. What must be JSON is a value of the schema that the call
// gives. Short watermarks stand in their strings.

// made is a value that was generated for a call.
type made struct {
	value []byte
	tool  string // whose arguments it is; "" for a structured output
	id    bool   // there is one

	schema   doc // that a value was drawn from last, and what it was compiled to
	compiled *compiled
}

// anyObject is the schema of an answer that must be a JSON object and no more.
const anyObject doc = `{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"],"additionalProperties":false}`

// generate makes the value that the answer consists of, if it has to. What the
// schema does not allow, or what is not built of it, is a refusal where the call
// leaves no choice.
func (a *attempt) generate() *refusal {
	c := &a.call
	if a.route.kind != "chat" || len(c.tools) == 0 && !c.json {
		return nil
	}
	if l, _ := a.literal(); l != nil && (len(l.tools) > 0 || !a.loops()) {
		return nil
	}
	if c.toolChoice == toolMust || c.toolChoice == toolAuto && !c.answered() || a.loops() {
		if r := a.generateCall(); r != nil || a.made.id {
			return r
		}
	}
	if !c.json {
		return nil
	}
	schema := c.schema
	if !schema.present() {
		schema = anyObject
	}
	value, err := a.valueOf(schema, "output", 0)
	if err != nil {
		return a.route.vendor.schemaRefused("the response format", err)
	}
	a.made.value, a.made.id = value, true
	return nil
}

// generateCall makes the arguments of the tool that is called.
func (a *attempt) generateCall() *refusal {
	c := &a.call
	looked := 0
	for i := range c.tools {
		t := &c.tools[i]
		if c.toolName != "" && c.toolName != t.name {
			continue
		}
		if looked += len(t.params); looked > schemaBytesMax && looked > len(t.params) {
			return nil // it has looked long enough for one that it can call
		}
		value, err := a.valueOf(t.params, t.name, 0)
		if err == nil {
			a.made.value, a.made.tool, a.made.id = value, t.name, true
			return nil
		}
		if c.toolChoice == toolMust {
			return a.route.vendor.schemaRefused("function '"+t.name+"'", err)
		}
	}
	return nil
}

// valueOf draws a value of a schema: a retry gets the same, another model and
// another choice do not.
func (a *attempt) valueOf(schema doc, what string, choice int) ([]byte, error) {
	rec := &a.rec
	var fill func(int) string
	if a.s.cfg.Watermarks() {
		mark := ""
		fill = func(int) string {
			if mark == "" {
				mark = a.s.opt.Codec.ShortMark(a.mark())
				rec.MarkID = rec.ID
			}
			return mark
		}
	}
	if m := &a.made; m.compiled == nil || m.schema != schema { // one that is too large for the cache would be compiled for each choice
		m.schema, m.compiled = schema, a.s.schemas.compile(schema)
	}
	return a.made.compiled.generate(a.s.opt.Seed, fill, what, rec.Key.Phase, strconv.FormatInt(rec.Key.Index, 36),
		strconv.FormatUint(rec.StepHash, 36), a.call.model, strconv.Itoa(choice))
}

// composeMade says the value that was generated. Further choices get their own.
func (a *attempt) composeMade(choice int) {
	m := a.made
	if choice > 0 {
		schema, what := a.call.schema, "output"
		if m.tool != "" {
			schema, what = a.call.params(m.tool), m.tool
		} else if !schema.present() {
			schema = anyObject
		}
		if v, err := a.valueOf(schema, what, choice); err == nil {
			m.value = v
		}
	}
	if m.tool == "" {
		a.add(choice, partText, a.plain(string(m.value)))
		return
	}
	p := a.add(choice, partTool, a.plain(string(m.value)))
	p.id, p.name = partID(a.request, choice*toolCallsMax), m.tool
	a.ans.stop = stopTool
}

// params returns the schema of a tool's arguments.
func (c *call) params(name string) doc {
	for i := range c.tools {
		if c.tools[i].name == name {
			return c.tools[i].params
		}
	}
	return ""
}

// schemaRefused is the dialect's error for a schema that nothing can be drawn
// from.
func (v *vendor) schemaRefused(of string, err error) *refusal {
	r := v.words(http.StatusBadRequest, &call{})
	r.message = "Invalid schema for " + of + ": " + err.Error()
	return &r
}

// plain is the script of a text that carries no watermarks, or has them in it
// already.
func (a *attempt) plain(text string) script {
	n := wire.Tokens(text)
	return script{text: text, asked: n, tokens: n}
}
