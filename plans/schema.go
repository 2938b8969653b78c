package plans

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
)

// schemaID names the schema; editors use it as a key.
const schemaID = "https://github.com/chaoskit/chaos/plan.schema.json"

// node is a JSON Schema. Maps are printed with their keys sorted.
type node = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of a plan, made from the same
// structs that plans are decoded into. What only makes sense together, such as
// a phase that a rule names, it cannot say; the decoder can.
func Schema() []byte {
	root := schemaOfStruct(reflect.TypeFor[Plan]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = schemaID
	root["title"] = "A plan of chaos"
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("plans: cannot print the schema: " + err.Error())
	}
	return append(b, '\n')
}

// patterned is a scalar in a syntax of its own.
type patterned interface{ SchemaPattern() string }

// numbered is a patterned scalar that may also be written as a number; others
// must be text.
type numbered interface{ SchemaNumber() map[string]any }

// examples is a type of several shapes: an example of each, or the words that
// it may be.
type examples interface{ PlanSchema() []any }

func schemaOf(t reflect.Type) node {
	if t.Kind() == reflect.Pointer {
		return schemaOf(t.Elem())
	}
	switch t {
	case durationType:
		return node{"type": "string", "pattern": durationPattern}
	case ruleType:
		return schemaOfRule()
	case specType:
		return schemaOfSpec()
	case phasesType:
		return node{"anyOf": []node{{"type": "string"}, {"type": "array", "items": node{"type": "string"}, "minItems": 1}}}
	}
	zero := reflect.New(t).Elem().Interface()
	if e, ok := zero.(examples); ok {
		return schemaOfExamples(e)
	}
	if p, ok := zero.(patterned); ok {
		text := node{"type": "string", "pattern": p.SchemaPattern()}
		if n, ok := zero.(numbered); ok {
			return node{"anyOf": []node{text, n.SchemaNumber()}}
		}
		return text
	}
	return schemaOfKind(t)
}

func schemaOfExamples(e examples) node {
	var any []node
	for _, x := range e.PlanSchema() {
		if words, ok := x.([]string); ok {
			any = append(any, node{"enum": words})
			continue
		}
		any = append(any, schemaOf(reflect.TypeOf(x)))
	}
	return node{"anyOf": any}
}

func schemaOfKind(t reflect.Type) node {
	switch t.Kind() {
	case reflect.Struct:
		return schemaOfStruct(t)
	case reflect.Slice:
		return schemaOfSlice(t)
	case reflect.String:
		return node{"type": "string"}
	case reflect.Bool:
		return node{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return node{"type": "integer"}
	case reflect.Uint64, reflect.Uint32:
		return node{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return node{"type": "number"}
	}
	return node{} // anything
}

func schemaOfSlice(t reflect.Type) node {
	key, value := keyedBy(t.Elem())
	switch {
	case key < 0:
		return node{"type": "array", "items": schemaOf(t.Elem())}
	case value >= 0:
		// The value of a header or a variable may be a bare number or flag: it
		// is meant as its text.
		return node{"type": "object", "additionalProperties": node{"type": []string{"string", "number", "boolean"}}}
	}
	return node{"type": "object", "additionalProperties": schemaOf(t.Elem())}
}

// schemaOfStruct describes a mapping; unknown keys are refused.
func schemaOfStruct(t reflect.Type) node {
	props, required := properties(t)
	n := node{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		n["required"] = required
	}
	return n
}

func properties(t reflect.Type) (props node, required []string) {
	props = node{}
	for _, f := range fieldsOf(t) {
		if f.unbuilt {
			continue
		}
		p := schemaOf(t.Field(f.index).Type)
		if len(f.enum) > 0 {
			p = node{"enum": f.enum}
		}
		if f.doc != "" {
			p["description"] = f.doc
		}
		if f.def != "" {
			p["default"] = f.def
		}
		if f.must {
			required = append(required, f.key)
		}
		props[f.key] = p
	}
	return props, required
}

// schemaOfRule describes a rule: its keys, and exactly one fault; or an incident,
// which stands for rules.
func schemaOfRule() node {
	props, _ := properties(ruleType)
	var one []node
	for _, e := range slices.Concat(faults.Catalogue(), faults.TCP()) {
		p := schemaOf(reflect.Indirect(reflect.ValueOf(e.New())).Type())
		p["description"] = e.Summary
		props[e.Name] = p
		one = append(one, node{"required": []string{e.Name}})
	}
	as := node{"type": "object", "properties": node{}, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}
	var names []string
	for _, e := range faults.Catalogue() {
		as["properties"].(node)[e.Name] = props[e.Name]
		names = append(names, e.Name)
	}
	failures, _ := properties(reflect.TypeFor[traceFailures]())
	failures["as"] = node{"anyOf": []node{{"enum": names}, as}, "description": failures["as"].(node)["description"]}
	props["trace_failures"] = node{"type": "object", "properties": failures, "additionalProperties": false, "required": []string{"as"}}
	one = append(one, node{"required": []string{"trace_failures"}})
	rule := node{"type": "object", "properties": props, "additionalProperties": false, "oneOf": one}
	use, _ := properties(reflect.TypeFor[include]())
	use["incident"].(node)["enum"] = incidentOrder
	incident := node{"type": "object", "properties": use, "additionalProperties": false, "required": []string{"incident"}}
	return node{"anyOf": []node{rule, incident}}
}

// schemaOfSpec describes an assertion: its id, or one id with arguments.
func schemaOfSpec() node {
	common, _ := properties(specType)
	ids := node{}
	for _, e := range assertions.Catalogue() {
		args := node{}
		if t := reflect.Indirect(reflect.ValueOf(e.New())).Type(); t.Kind() == reflect.Struct {
			args, _ = properties(t)
		}
		for k, v := range common {
			args[k] = v
		}
		ids[e.ID] = node{"type": "object", "properties": args, "additionalProperties": false, "description": e.Claim}
	}
	return node{"anyOf": []node{
		{"enum": assertions.IDs()},
		{"type": "object", "properties": ids, "additionalProperties": false, "minProperties": 1, "maxProperties": 1},
	}}
}
