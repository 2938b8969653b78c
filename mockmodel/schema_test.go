package mockmodel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/chaoskit/chaos/internal/draw"
)

// judge compiles a schema with another implementation, which has the last word.
func judge(schema []byte) (*jsonschema.Schema, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // nothing is fetched
	if err := c.AddResource("mem:///schema", parsed); err != nil {
		return nil, err
	}
	return c.Compile("mem:///schema")
}

func validates(j *jsonschema.Schema, value []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return err
	}
	return j.Validate(v)
}

// standard writes a schema of OpenAPI 3.0 as one of 2020-12.
func standard(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = standard(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = standard(v[k])
			if s, ok := v[k].(string); ok && strings.HasPrefix(k, "m") {
				v[k] = json.Number(s)
			}
		}
		if t, ok := v["type"].(string); ok {
			v["type"] = strings.ToLower(t)
			if v["nullable"] == true {
				v["type"] = []any{strings.ToLower(t), "null"}
			}
			delete(v, "nullable")
		}
	}
	return v
}

const (
	strictOutput = `{"type":"object","properties":{"steps":{"type":"array","items":{"$ref":"#/$defs/step"}},"final_answer":{"type":"string"},
		"verdict":{"anyOf":[{"$ref":"#/$defs/verdict"},{"type":"null"}]},"score":{"type":"number","minimum":0,"maximum":1}},
		"$defs":{"step":{"type":"object","properties":{"explanation":{"type":"string"},"output":{"type":"string"}},"required":["explanation","output"],"additionalProperties":false},
		"verdict":{"type":"string","enum":["right","wrong"]}},"required":["steps","final_answer","verdict","score"],"additionalProperties":false}`
	linkedList = `{"type":"object","properties":{"linked_list":{"$ref":"#/$defs/linked_list_node"}},"$defs":{"linked_list_node":{"type":"object",
		"properties":{"value":{"type":"number"},"next":{"anyOf":[{"$ref":"#/$defs/linked_list_node"},{"type":"null"}]}},"additionalProperties":false,"required":["next","value"]}},
		"additionalProperties":false,"required":["linked_list"]}`
	uiTree = `{"type":"object","properties":{"type":{"type":"string","enum":["div","button","form"]},"label":{"type":"string"},"children":{"type":"array","items":{"$ref":"#"}},
		"attributes":{"type":"array","items":{"$ref":"#/$defs/attribute"}}},"required":["type","label","children","attributes"],"additionalProperties":false,
		"$defs":{"attribute":{"type":"object","properties":{"name":{"type":"string"},"value":{"type":"string"}},"required":["name","value"],"additionalProperties":false}}}`
	pydanticTool = `{"$defs":{"Address":{"properties":{"street":{"title":"Street","type":"string"},"zip":{"anyOf":[{"pattern":"^\\d{5}$","type":"string"},{"type":"null"}],"default":null,"title":"Zip"}},
		"required":["street"],"title":"Address","type":"object"},"Priority":{"enum":[1,2,3],"title":"Priority","type":"integer"},
		"Cat":{"properties":{"kind":{"const":"cat","title":"Kind","type":"string"},"lives":{"exclusiveMinimum":0,"maximum":9,"type":"integer"}},"required":["kind","lives"],"type":"object"},
		"Dog":{"properties":{"kind":{"const":"dog","title":"Kind","type":"string"},"tricks":{"items":{"type":"string"},"maxItems":5,"type":"array","uniqueItems":true}},"required":["kind","tricks"],"type":"object"}},
		"properties":{"to":{"$ref":"#/$defs/Address"},"priority":{"allOf":[{"$ref":"#/$defs/Priority"}],"default":2},"due":{"anyOf":[{"format":"date-time","type":"string"},{"type":"null"}],"default":null},
		"pet":{"discriminator":{"mapping":{"cat":"#/$defs/Cat","dog":"#/$defs/Dog"},"propertyName":"kind"},"oneOf":[{"$ref":"#/$defs/Cat"},{"$ref":"#/$defs/Dog"}]},
		"tags":{"additionalProperties":{"type":"string"},"type":"object"},"point":{"maxItems":2,"minItems":2,"prefixItems":[{"type":"number"},{"type":"number"}],"type":"array"}},
		"required":["to","pet","point"],"title":"Ship","type":"object"}`
	zodTool = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"query":{"type":"string","minLength":1,"maxLength":200},"limit":{"type":"integer","exclusiveMinimum":0,"maximum":50,"default":10},
		"sort":{"type":"string","enum":["asc","desc"]},"site":{"type":"string","format":"uri"},"mail":{"type":"string","format":"email"},"since":{"type":["string","null"],"format":"date"},
		"filter":{"anyOf":[{"type":"string"},{"type":"number"},{"not":{}}]},"pair":{"type":"array","minItems":2,"maxItems":2,"items":[{"type":"string"},{"type":"number"}]},
		"map":{"type":"object","additionalProperties":{"type":"boolean"},"propertyNames":{"pattern":"^[a-z]+$"}}},"required":["query","pair","filter","map"],"additionalProperties":false}`
	geminiTool = `{"type":"OBJECT","properties":{"recipe_name":{"type":"STRING"},"minutes":{"type":"INTEGER","format":"int32","minimum":1,"maximum":90},"rating":{"type":"NUMBER","nullable":true},
		"ingredients":{"type":"ARRAY","items":{"type":"STRING"},"minItems":"2","maxItems":"4"},"course":{"type":"STRING","format":"enum","enum":["STARTER","MAIN"]},
		"when":{"type":"STRING","format":"date-time"},"source":{"anyOf":[{"type":"STRING"},{"type":"OBJECT","properties":{"book":{"type":"STRING"}},"required":["book"]}]}},
		"required":["recipe_name","ingredients","rating"],"propertyOrdering":["ingredients","recipe_name","rating","minutes","course","when","source"]}`
)

// schemaCases are schemas that have values.
var schemaCases = []struct{ name, schema string }{
	{"strict structured output with definitions", strictOutput},
	{"a linked list that refers to itself", linkedList},
	{"a tree that refers to its root", uiTree},
	{"a tool as pydantic writes it", pydanticTool},
	{"a tool as zod writes it", zodTool},
	{"a tool as Gemini takes it", geminiTool},

	{"nothing is said", `{}`}, {"all is allowed", `true`}, {"nothing is said of a property", `{"type":"object","properties":{"a":{},"b":true},"required":["a","b"]}`},
	{"each type", `{"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"},{"type":"object"},{"type":"array"},{"type":"number"},{"type":"integer"},{"type":"string"}],"minItems":7}`},
	{"one of some types", `{"type":["string","integer","null","array"]}`},
	{"keywords without a type", `{"properties":{"n":{"minimum":3,"maximum":4},"l":{"items":{"type":"null"},"minItems":2},"s":{"maxLength":3}},"required":["n","l","s"]}`},
	{"enum of all types, with null", `{"enum":[null,1,"a",{"b":[1]},[2]]}`}, {"enum narrowed by other keywords", `{"enum":[1,"abc","a",20],"type":["string","integer"],"minLength":2,"minimum":10}`},
	{"const", `{"const":{"a":[1,2.50,"\u00e9"]}}`}, {"const of null", `{"const":null}`},
	{"examples are taken where they validate", `{"type":"integer","examples":["no",7]}`},

	{"anyOf with keywords beside it", `{"type":"string","minLength":5,"anyOf":[{"maxLength":3},{"maxLength":6},{"pattern":"^[ab]+$"}]}`},
	{"two anyOf that must agree", `{"allOf":[{"anyOf":[{"type":"string"},{"type":"integer"}]},{"anyOf":[{"type":"boolean"},{"type":"integer"}]}]}`},
	{"oneOf of branches that overlap", `{"oneOf":[{"type":"integer","multipleOf":2},{"type":"integer","multipleOf":3}]}`},
	{"oneOf by discriminator", `{"oneOf":[{"properties":{"k":{"const":"a"}},"required":["k"]},{"properties":{"k":{"const":"b"},"v":{"type":"integer"}},"required":["k","v"]}]}`},
	{"allOf of objects", `{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"integer"},"a":{"maxLength":4}},"required":["b"]}]}`},
	{"allOf of numbers", `{"allOf":[{"multipleOf":4},{"multipleOf":6},{"type":"integer","minimum":13},{"maximum":24}]}`},
	{"allOf of enums", `{"allOf":[{"enum":["a","b",1]},{"enum":[1.0,"b"]},{"type":"string"}]}`},
	{"not a type", `{"not":{"type":"string"}}`}, {"not a value", `{"enum":["a","b","c"],"not":{"enum":["a","c"]}}`}, {"not a property", `{"type":"object","properties":{"a":{"type":"integer"}},"not":{"required":["a"]}}`},
	{"if, then and else", `{"type":"object","properties":{"country":{"enum":["US","CA"]},"zip":{"type":"string"}},"required":["country","zip"],"if":{"properties":{"country":{"const":"US"}}},"then":{"properties":{"zip":{"pattern":"^[0-9]{5}$"}}},"else":{"properties":{"zip":{"pattern":"^[A-Z][0-9][A-Z]$"}}}}`},
	{"if without else", `{"type":"integer","minimum":0,"maximum":20,"if":{"minimum":10},"then":{"multipleOf":10}}`},
	{"$ref with keywords beside it", `{"$ref":"#/$defs/a","maxLength":4,"$defs":{"a":{"type":"string","minLength":4}}}`},
	{"$ref through escapes", `{"$ref":"#/$defs/a~1b%25c~0","$defs":{"a/b%c~":{"type":"boolean"}}}`},
	{"$ref into a list", `{"anyOf":[{"$ref":"#/anyOf/1"},{"type":"integer"}]}`},
	{"mutual recursion that ends in an optional property", `{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"b":{"$ref":"#/$defs/b"}},"required":["b"]},"b":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}}}`},
	{"recursion that ends in an empty list", `{"type":"array","items":{"$ref":"#"}}`},
	{"recursion that ends in another branch", `{"oneOf":[{"type":"array","minItems":2,"items":{"$ref":"#"}},{"type":"integer"}]}`},
	{"recursion met twice", `{"$defs":{"a":{"type":"object","properties":{"x":{"$ref":"#/$defs/a"},"y":{"type":"integer"}}},"b":{"type":"object","properties":{"x":{"$ref":"#/$defs/b"},"z":{"type":"integer"}}}},"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/b"}]}`},

	{"string of one length", `{"type":"string","minLength":11,"maxLength":11}`}, {"string of no length", `{"type":"string","maxLength":0}`}, {"long string", `{"type":"string","minLength":5000}`},
	{"integer in a range", `{"type":"integer","minimum":-3,"maximum":-1}`}, {"integer between fractions", `{"type":"integer","minimum":1.5,"exclusiveMaximum":3}`},
	{"integer that is a multiple of a fraction", `{"type":"integer","multipleOf":1.5,"minimum":100}`}, {"number that is a multiple", `{"type":"number","multipleOf":0.05,"minimum":0.07,"maximum":0.21}`},
	{"number between bounds that are out", `{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0.001}`}, {"one number only", `{"type":"number","minimum":0.123456789,"maximum":0.123456789}`},
	{"huge numbers", `{"type":"number","minimum":1e300,"multipleOf":7}`}, {"tiny numbers", `{"type":"number","exclusiveMinimum":-1e-30,"exclusiveMaximum":1e-30}`}, {"numbers below", `{"type":"integer","exclusiveMaximum":-5}`},

	{"list of distinct values of a short list", `{"type":"array","items":{"enum":["a","b","c","d"]},"uniqueItems":true,"minItems":4}`}, {"distinct integers without a gap", `{"type":"array","items":{"type":"integer","minimum":1,"maximum":9},"uniqueItems":true,"minItems":9}`},
	{"distinct booleans", `{"type":"array","items":{"type":"boolean"},"uniqueItems":true,"minItems":2}`}, {"distinct objects", `{"type":"array","items":{"type":"object","properties":{"a":{"type":"boolean"},"b":{"enum":[1,2,3]}},"required":["a","b"]},"uniqueItems":true,"minItems":3}`},
	{"distinct values of two types", `{"type":"array","items":{"anyOf":[{"type":"boolean"},{"type":"null"}]},"uniqueItems":true,"minItems":3}`},
	{"tuple with no more", `{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false,"minItems":2}`}, {"tuple with more", `{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"null"},"minItems":4}`},
	{"list that contains", `{"type":"array","items":{"type":"integer"},"contains":{"minimum":50,"maximum":51},"minContains":2,"maxContains":2,"maxItems":5}`},
	{"list of no elements", `{"type":"array","maxItems":0}`}, {"list whose elements cannot be", `{"type":"array","items":false}`},

	{"closed object has all", `{"type":"object","properties":{"b":{"type":"integer"},"a":{"type":"integer"}},"additionalProperties":false}`}, {"map", `{"type":"object","additionalProperties":{"type":"integer"},"minProperties":3,"maxProperties":4}`},
	{"names by pattern", `{"type":"object","patternProperties":{"^x-[a-z]{2,4}$":{"type":"integer"}},"additionalProperties":false,"minProperties":2}`}, {"names by schema", `{"type":"object","propertyNames":{"enum":["a","b","c"]},"minProperties":3}`},
	{"required and not declared", `{"type":"object","required":["q"],"additionalProperties":{"type":"boolean"}}`}, {"property that must not be", `{"type":"object","properties":{"a":false,"b":{"type":"null"}},"required":["b"]}`},
	{"property that no value fits is left out", `{"type":"object","properties":{"a":{"type":"integer","minimum":2,"maximum":1}},"additionalProperties":false}`}, {"as few as allowed", `{"type":"object","properties":{"a":{},"b":{},"c":{}},"maxProperties":1,"minProperties":1}`},
	{"a property entails another", `{"type":"object","properties":{"card":{"type":"integer"},"address":{"type":"string"}},"dependentRequired":{"card":["address"]}}`}, {"a property entails a schema", `{"type":"object","properties":{"card":{"type":"integer"}},"required":["card"],"dependentSchemas":{"card":{"required":["who"],"properties":{"who":{"type":"string"}}}}}`},
	{"nothing but what some schema speaks of", `{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]}],"properties":{"b":{"type":"integer"}},"unevaluatedProperties":false,"type":"object"}`},
	{"names that need escapes", `{"type":"object","properties":{"a\"b\\c\n":{"type":"null"},"é":{"type":"null"}},"required":["a\"b\\c\n","é"]}`},

	{"pattern of digits", `{"type":"string","pattern":"^\\d{3}-\\d{4}$"}`}, {"pattern in the middle", `{"type":"string","pattern":"ab+c","minLength":40}`}, {"pattern of alternatives", `{"type":"string","pattern":"^(?:red|green|#[0-9a-f]{6})$"}`},
	{"pattern stretched to a length", `{"type":"string","pattern":"^[a-z]{3,50}-[a-z]{3,50}$","minLength":60,"maxLength":61}`}, {"pattern of one length", `{"type":"string","pattern":"^[a-z]+-x$","minLength":10,"maxLength":10}`},
	{"pattern as short as can be", `{"type":"string","pattern":"^a*b*c*d+$","maxLength":1}`}, {"pattern of other letters", `{"type":"string","pattern":"^[\u00e0-\u00ff]{2}[^a-z]\\s.$"}`}, {"two patterns", `{"type":"string","allOf":[{"pattern":"^[a-z]+$"},{"pattern":"^.{4}$"}]}`},
	{"pattern of names", `{"type":"string","pattern":"^[a-zA-Z0-9_-]{1,64}$"}`}, {"pattern of versions", `{"type":"string","pattern":"^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)$"}`},
	{"pattern and format", `{"type":"string","format":"date","pattern":"^20"}`},
	{"format with a length", `{"type":"object","properties":{"u":{"type":"string","format":"uri","minLength":100},"m":{"type":"string","format":"email","minLength":50,"maxLength":60}},"required":["u","m"]}`},
	{"formats", formatsCase()},
}

func formatsCase() string {
	var b strings.Builder
	b.WriteString(`{"type":"object","additionalProperties":false,"properties":{"z":{"type":"string","format":"unheard-of"}`)
	for _, f := range []string{"date", "time", "date-time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "url", "iri", "uri-reference", "iri-reference", "uri-template", "uuid", "regex", "json-pointer", "relative-json-pointer"} {
		fmt.Fprintf(&b, `,%q:{"type":"string","format":%q}`, f, f)
	}
	return b.String() + "}}"
}

// tame writes what the judge does not know as it does: see standard.
func tame(t *testing.T, schema string) []byte {
	dec := json.NewDecoder(strings.NewReader(schema))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(schema, "OBJECT") {
		v = standard(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryValueValidates(t *testing.T) {
	mark := strings.Repeat("q", 35)
	for _, c := range schemaCases {
		t.Run(c.name, func(t *testing.T) {
			if !valid([]byte(c.schema)) {
				t.Fatal("the case is no JSON")
			}
			j, err := judge(tame(t, c.schema))
			if err != nil {
				t.Fatal(err)
			}
			var cache schemas
			for seed := range uint64(60) {
				plain, err := cache.generate(doc(c.schema), seed, nil, "call", "1")
				if err != nil {
					t.Fatal(err)
				}
				if err := validates(j, plain); err != nil {
					t.Fatalf("seed %d: %s: %v", seed, plain, err)
				}
				var tight bytes.Buffer
				if json.Compact(&tight, plain) != nil || !bytes.Equal(tight.Bytes(), plain) {
					t.Errorf("seed %d: %s is not compact", seed, plain)
				}
				marked, err := cache.generate(doc(c.schema), seed, func(int) string { return mark }, "call", "1")
				if err != nil {
					t.Fatal(err)
				}
				if err := validates(j, marked); err != nil {
					t.Fatalf("seed %d, with marks: %s: %v", seed, marked, err)
				}
				if seed < 2 {
					t.Logf("%s", plain)
				}
			}
		})
	}
}

func TestWhatHasNoValueIsRefusedWithItsPlace(t *testing.T) {
	deep := strings.Repeat(`{"type":"array","minItems":1,"items":`, 30) + `{"type":"array","minItems":9,"items":{"type":"array","minItems":1000,"items":{"type":"array","minItems":1000}}}` + strings.Repeat("}", 30)
	rows := []struct{ name, schema, want string }{
		{"false", `false`, `at $: the schema false allows nothing`},
		{"no schema at all", `[1]`, `at $: a schema is an object, true or false`},
		{"minimum above maximum", `{"type":"object","properties":{"x":{"type":"integer","minimum":5,"maximum":1}},"required":["x"]}`, `at $.properties.x: minimum 5 is above maximum 1`},
		{"no integer between", `{"type":"object","properties":{"x":{"type":"integer","minimum":1.2,"maximum":1.8}},"required":["x"]}`, `at $.properties.x: between minimum and maximum there is no integer`},
		{"no multiple between", `{"type":"number","minimum":1,"maximum":2,"multipleOf":5}`, `at $: between minimum and maximum there is no multiple of 5`},
		{"lengths that cross", `{"type":"string","minLength":3,"maxLength":2}`, `at $: minLength 3 is above maxLength 2`},
		{"empty enum", `{"type":"array","minItems":1,"items":{"enum":[]}}`, `at $.items: enum allows nothing`},
		{"enum of another type", `{"type":"string","enum":[1,2]}`, `at $: no value of enum or const meets the other keywords`},
		{"const outside of enum", `{"enum":[1],"const":2}`, `at $: enum allows nothing`},
		{"types that do not meet", `{"allOf":[{"type":"string"},{"type":"integer"}]}`, `at $.allOf[1]: no type is left`},
		{"required and false", `{"type":"object","properties":{"a":false},"required":["a"]}`, `at $.properties.a: the schema false allows nothing`},
		{"required and closed off", `{"type":"object","required":["a"],"additionalProperties":false}`, `at $.additionalProperties: the schema false allows nothing`},
		{"more required than allowed", `{"type":"object","required":["a","b"],"maxProperties":1}`, `at $: more properties are required than maxProperties allows`},
		{"fewer names than needed", `{"type":"object","propertyNames":{"enum":["a"]},"minProperties":2}`, `minProperties asks for more properties`},
		{"more distinct values than there are", `{"type":"array","items":{"type":"boolean"},"uniqueItems":true,"minItems":3}`, `at $.items: uniqueItems asks for more different values`},
		{"not anything", `{"not":{}}`, `at $: found no value that meets its not`},
		{"no branch that fits", `{"type":"string","anyOf":[{"type":"integer"},{"type":"null"}]}`, `no type is left`},
		{"both or none of two equal branches", `{"oneOf":[{"type":"string"},{"type":"string"}]}`, `at $: found no value that meets its oneOf`},
		{"recursion without end", `{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"required":["a"]}}}`, `has no value that ends: each one holds another`},
		{"a reference to itself", `{"allOf":[{"$ref":"#"}]}`, `refers to itself without a property or an element between`},
		{"a reference to nothing", `{"$ref":"#/$defs/no"}`, `at $: $ref "#/$defs/no" leads nowhere: write #/$defs/NAME`},
		{"a reference to elsewhere", `{"$ref":"https://example.com/schema"}`, `leads nowhere`},
		{"an unknown type", `{"properties":{"a":{"type":"text"}}}`, `at $.properties.a: type is "text": it is one of`},
		{"a keyword of the wrong kind", `{"properties":{"a":{"required":true}}}`, `at $.properties.a: required must be a list of names`},
		{"a keyword that is not supported", `{"items":{"unevaluatedItems":false}}`, `at $.items: unevaluatedItems is not supported`},
		{"a pattern that looks ahead", `{"type":"string","pattern":"^(?!a).*$"}`, `(it looks ahead or back)`},
		{"a pattern that is none", `{"type":"string","pattern":"("}`, `is not supported: missing closing )`},
		{"a pattern that matches nothing", `{"type":"string","pattern":"a$b"}`, `at $: found no string that meets its pattern a$b`},
		{"a pattern with huge repeats", `{"type":"string","pattern":"^((a{999}b){9}c){9}$"}`, `is not supported`},
		{"a string that is too long", `{"type":"string","minLength":1000000000}`, `at $: asks for more than 256 KB`},
		{"a list that is too long", `{"type":"array","minItems":1000000}`, `at $: asks for more than 1000 elements`},
		{"an object that is too large", `{"type":"object","minProperties":5000}`, `at $: asks for more than 1000 properties`},
		{"lists of lists that are too large together", deep, `asks for more than 256 KB`},
		{"a number of too many digits", `{"minimum":1e99999}`, `minimum must be a number`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var cache schemas
			for seed := range uint64(8) {
				v, err := cache.generate(doc(row.schema), seed, nil, "k")
				if err == nil {
					t.Fatalf("generated %.100s", v)
				}
				if _, ok := err.(*schemaError); !ok || !strings.Contains(err.Error(), row.want) {
					t.Fatalf("says %q, want %q", err, row.want)
				}
			}
		})
	}
}

// Schemas that are written to be expensive end within the steps, with a value
// or a word; that they end at all is the test.
func TestHostileSchemasEnd(t *testing.T) {
	double := func(leaf, join string, n int) string {
		defs := []string{fmt.Sprintf(`"d0":%s`, leaf)}
		for i := 1; i <= n; i++ {
			defs = append(defs, fmt.Sprintf(`"d%d":{%q:[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, join, i-1, i-1))
		}
		return fmt.Sprintf(`{"$ref":"#/$defs/d%d","$defs":{%s}}`, n, strings.Join(defs, ","))
	}
	wide := `{"type":"object","additionalProperties":false,"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"$ref":"#"},"d":{"$ref":"#"},"e":{"type":"array","items":{"$ref":"#"}}}}`
	var anys []string
	for range 20 {
		anys = append(anys, `{"anyOf":[{"type":"string","minLength":2},{"type":"integer","maximum":3},{"type":"boolean"}]}`)
	}
	rows := []struct{ name, schema string }{
		{"allOf doubled 60 times", double(`{"type":"string"}`, "allOf", 60)},
		{"anyOf doubled 60 times", double(`{"type":"string"}`, "anyOf", 60)},
		{"oneOf doubled 60 times", double(`{"type":"string"}`, "oneOf", 60)},
		{"anyOf doubled over what cannot be", double(`{"type":"string","not":{}}`, "anyOf", 60)},
		{"a tree of many children", wide},
		{"twenty anyOf of which none agree in the end", `{"not":{"type":"boolean"},"allOf":[` + strings.Join(anys, ",") + `,{"anyOf":[{"type":"object"},{"type":"null"}]}]}`},
		{"a pattern that backtracks elsewhere", `{"type":"string","pattern":"^(([a-z])+.)+[A-Z]([a-z])+$","minLength":3000}`},
		{"nested repeats", `{"type":"string","pattern":"^((((a*)*)*)*)*$","minLength":200000}`},
		{"lists that must differ", `{"type":"array","minItems":1000,"uniqueItems":true,"items":{"type":"array","minItems":3,"items":{"type":"boolean"}}}`},
		{"many properties", `{"type":"object","additionalProperties":false,"properties":{` + manyProperties(5000) + `}}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var cache schemas
			for seed := range uint64(3) {
				v, err := cache.generate(doc(row.schema), seed, nil, "k")
				if len(v) > 2*schemaValueMax {
					t.Errorf("%d bytes", len(v))
				}
				if err == nil && !json.Valid(v) {
					t.Errorf("%.100s is no JSON", v)
				}
				t.Logf("%d bytes, %v", len(v), err)
			}
		})
	}
}

func manyProperties(n int) string {
	props := make([]string, n)
	for i := range props {
		props[i] = fmt.Sprintf(`"p%d":{"type":"integer"}`, i)
	}
	return strings.Join(props, ",")
}

func TestTheSameKeyGivesTheSameBytes(t *testing.T) {
	for _, c := range schemaCases {
		var warm, cold schemas
		for seed := range uint64(4) {
			if _, err := warm.generate(doc(c.schema), seed+100, nil, "other"); err != nil {
				t.Fatal(err)
			}
		}
		for seed := range uint64(4) {
			a, _ := warm.generate(doc(c.schema), seed, nil, "k")
			cold = schemas{}
			b, _ := cold.generate(doc(c.schema), seed, nil, "k")
			if !bytes.Equal(a, b) {
				t.Errorf("%s: %s and then %s", c.name, a, b)
			}
		}
	}
	// As many steps, so that what is refused does not hang on it either.
	p := newCompiled(pydanticTool)
	var first, second generator
	if first.value(p.root, 1, false) != nil || second.value(p.root, 1, false) != nil || first.work != second.work {
		t.Errorf("%d steps and then %d", first.work, second.work)
	}
	var cache schemas
	a, _ := cache.generate(doc(pydanticTool), 1, nil, "a", "bc")
	b, _ := cache.generate(doc(pydanticTool), 1, nil, "ab", "c")
	if bytes.Equal(a, b) {
		t.Error("another key gives the same value")
	}
}

func TestCallersShareTheCache(t *testing.T) {
	var cache schemas
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for _, c := range schemaCases {
				got, err := cache.generate(doc(c.schema), 1, nil, "k")
				want, _ := new(schemas).generate(doc(c.schema), 1, nil, "k")
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %s, alone %s: %v", c.name, got, want, err)
				}
			}
		})
	}
	callers.Wait()
}

func fieldOf(t *testing.T, schema string, seed uint64, fill func(int) string) doc {
	t.Helper()
	var cache schemas
	v, err := cache.generate(doc(schema), seed, fill, "k")
	if err != nil {
		t.Fatal(err)
	}
	return doc(v)
}

// What is drawn for a property hangs on its name, not on its neighbours.
func TestANewPropertyLeavesTheOthersAlone(t *testing.T) {
	const one = `{"type":"object","required":["q","n"],"properties":{"q":{"type":"string"},"n":{"type":"integer"}}}`
	const two = `{"type":"object","required":["x","n","q"],"properties":{"x":{"type":"string"},"n":{"type":"integer"},"q":{"type":"string"}}}`
	a, b := fieldOf(t, one, 1, nil), fieldOf(t, two, 1, nil)
	if a.get("q") != b.get("q") || a.get("n") != b.get("n") {
		t.Errorf("%s and %s", a, b)
	}
}

func TestOrderOfProperties(t *testing.T) {
	rows := []struct{ name, schema, want string }{
		{"of the schema", `{"type":"object","additionalProperties":false,"properties":{"b":{"const":1},"a":{"const":2}},"required":["a"]}`, `{"b":1,"a":2}`},
		{"of propertyOrdering", `{"type":"OBJECT","additionalProperties":false,"properties":{"b":{"enum":[1]},"a":{"enum":[2]},"c":{"enum":[3]}},"propertyOrdering":["c","a","no"]}`, `{"c":3,"a":2,"b":1}`},
		{"declared ones first where some are needed", `{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"minProperties":2}`, `{"a":1,"b":2}`},
	}
	for _, row := range rows {
		for seed := range uint64(8) {
			if got := fieldOf(t, row.schema, seed, nil); string(got) != row.want {
				t.Errorf("%s: %s", row.name, got)
			}
		}
	}
}

func TestMarks(t *testing.T) {
	mark := strings.Repeat("q", 35)
	rows := []struct {
		name, schema string
		marks        int
	}{
		{"free strings", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]}`, 2},
		{"just long enough", `{"type":"object","properties":{"a":{"type":"string","maxLength":35}},"required":["a"]}`, 1},
		{"too short", `{"type":"object","properties":{"a":{"type":"string","maxLength":34}},"required":["a"]}`, 0},
		{"the second where the first is too short", `{"type":"object","properties":{"a":{"type":"string","maxLength":4},"b":{"type":"string"}},"required":["a","b"]}`, 1},
		{"pattern, enum, const, format, number", `{"type":"array","prefixItems":[{"type":"string","pattern":"^a+$"},{"enum":["x"]},{"const":"y"},{"type":"string","format":"uuid"},{"type":"integer"}]}`, 0},
		{"strings that programs read", `{"type":"object","properties":{"user_id":{"type":"string"},"url":{"type":"string"},"startDate":{"type":"string"}},"required":["user_id","url","startDate"]}`, 0},
		{"an example", `{"type":"object","properties":{"a":{"type":"string","example":"Tromsø, \"north\""}},"required":["a"]}`, 1},
		{"where it would break a rule", `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"not":{"properties":{"a":{"pattern":"qqq"}}}}`, 0},
		{"no more than offers", `{"type":"array","items":{"type":"string"},"minItems":40}`, schemaOffers},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for seed := range uint64(10) {
				v := fieldOf(t, row.schema, seed, func(room int) string {
					if room < len(mark) {
						return strings.Repeat("q", room+1) // does not fit
					}
					return mark
				})
				if !json.Valid([]byte(v)) || strings.Count(string(v), mark) != row.marks {
					t.Fatalf("%s has not %d marks", v, row.marks)
				}
			}
		})
	}
	if v := fieldOf(t, `{"type":"string","example":"Tromsø","maxLength":40}`, 1, func(int) string { return mark }); utf8.RuneCountInString(v.text()) != 40 || v.text() != "Trom "+mark {
		t.Errorf("text beside a mark: %s", v)
	}
	calls := 0
	fieldOf(t, `{"type":"array","items":{"type":"string"},"minItems":9}`, 1, func(int) string { calls++; return "" })
	if calls != 1 {
		t.Errorf("offered %d times after it was declined", calls)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	var cache schemas
	for i := range 3 * schemaCached {
		if _, err := cache.generate(doc(fmt.Sprintf(`{"type":"object","title":"%d"}`, i)), 1, nil, "k"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		_, _ = cache.generate(doc(fmt.Sprintf(`{"title":"%d%s"}`, i, strings.Repeat("x", 100<<10))), 1, nil, "k")
	}
	if len(cache.known) > schemaCached || cache.size > schemaCachedSize {
		t.Errorf("%d schemas of size %d", len(cache.known), cache.size)
	}
	if p := newCompiled(`{"pattern":"^[a-c]{900}[d-f]{900}$"}`); p.size < 2*900 {
		t.Errorf("a pattern of few bytes and many states counts as %d", p.size)
	}
	if _, err := cache.generate(doc(`"`+strings.Repeat("x", schemaBytesMax)+`"`), 1, nil, "k"); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Error(err)
	}
}

func TestHintsOfPropertyNames(t *testing.T) {
	rows := map[string]string{"email": "email", "userEmail": "email", "created_at": "at", "createdAt": "at", "userID": "id", "order-ids": "id", "URL": "url", "query": "", "s": "", "": "", "Straße": "", "address": ""}
	for name, want := range rows {
		if got := nameHintOf(name); (got == nil) != (want == "") || got != hints[want] {
			t.Errorf("%q has another hint than %q", name, want)
		}
	}
}

// wild writes a schema of keywords that were thrown together.
type wild struct {
	*draw.Stream
	b strings.Builder
}

func (w *wild) any(of ...string) string { return of[w.IntN(len(of))] }

func (w *wild) many(n int, f func(i int)) {
	for i := range n {
		if i > 0 {
			w.b.WriteByte(',')
		}
		f(i)
	}
}

func (w *wild) schema(depth int) {
	if w.IntN(25) == 0 {
		w.b.WriteString(w.any("true", "false", "{}"))
		return
	}
	w.b.WriteByte('{')
	if w.IntN(4) > 0 {
		fmt.Fprintf(&w.b, `"type":%s`, w.any(`"string"`, `"integer"`, `"number"`, `"object"`, `"array"`, `"boolean"`, `"null"`, `["string","null"]`, `["object","array"]`, `["integer","string","boolean"]`))
	} else {
		w.b.WriteString(`"title":"t"`)
	}
	for range w.IntN(4) {
		w.b.WriteByte(',')
		w.keyword(depth)
	}
	w.b.WriteByte('}')
}

func (w *wild) keyword(depth int) {
	switch k := w.IntN(24); {
	case k < 12 || depth == 0:
		w.b.WriteString(w.any(`"minimum":2`, `"maximum":7.5`, `"exclusiveMinimum":-1`, `"exclusiveMaximum":4`, `"multipleOf":0.5`, `"multipleOf":3`, `"minLength":2`, `"maxLength":6`, `"pattern":"^[a-c]+$"`, `"pattern":"b"`,
			`"format":"date"`, `"format":"uuid"`, `"enum":["abc",3,null,[],{"a":1}]`, `"const":3`, `"const":"b"`, `"minItems":1`, `"maxItems":3`, `"uniqueItems":true`, `"minProperties":1`, `"maxProperties":2`,
			`"required":["a"]`, `"required":["b","c"]`, `"examples":["abb",5,{"a":2}]`, `"$ref":"#"`, `"$ref":"#/$defs/d"`, `"unevaluatedProperties":false`, `"dependentRequired":{"a":["b"]}`, `"minContains":2`, `"maxContains":1`))
	case k < 16:
		w.b.WriteString(`"properties":{`)
		w.many(1+w.IntN(3), func(i int) { fmt.Fprintf(&w.b, `"%c":`, 'a'+i); w.schema(depth - 1) })
		w.b.WriteByte('}')
	case k < 19:
		fmt.Fprintf(&w.b, `%q:[`, w.any("allOf", "anyOf", "oneOf", "prefixItems"))
		w.many(1+w.IntN(3), func(int) { w.schema(depth - 1) })
		w.b.WriteByte(']')
	case k < 22:
		fmt.Fprintf(&w.b, `%q:`, w.any("items", "additionalProperties", "not", "contains", "propertyNames"))
		w.schema(depth - 1)
	case k < 23:
		fmt.Fprintf(&w.b, `%q:{%q:`, w.any("patternProperties", "dependentSchemas"), w.any("a", "b"))
		w.schema(depth - 1)
		w.b.WriteByte('}')
	default:
		w.many(3, func(i int) { fmt.Fprintf(&w.b, `%q:`, []string{"if", "then", "else"}[i]); w.schema(depth - 1) })
	}
}

// Schemas that nobody would write, by the thousand: what is drawn validates.
// Some of them have no value; that values are found for most is held here as well.
func TestSchemasThrownTogether(t *testing.T) {
	const n = 6000
	drawn, refused, circular := 0, 0, 0
	for i := range n {
		w := &wild{Stream: draw.NewStream(1, "wild", strconv.Itoa(i))}
		w.b.WriteString(`{"$defs":{"d":`)
		w.schema(1)
		w.b.WriteString(`},"allOf":[`)
		w.schema(3)
		w.b.WriteString(`]}`)
		schema := w.b.String()
		j, err := judge(tame(t, schema))
		if err != nil {
			t.Fatalf("%s: %v", schema, err)
		}
		var cache schemas
		for seed := range uint64(3) {
			v, err := cache.generate(doc(schema), seed, func(int) string { return "qzxq" }, "k")
			switch {
			case err != nil && strings.Contains(err.Error(), "refers to itself"):
				circular++
			case err != nil:
				refused++
			default:
				drawn++
				if err := validates(j, v); err != nil {
					t.Errorf("%s: %s: %v", schema, v, err)
				}
			}
		}
	}
	if drawn < 3*n*3/4 {
		t.Errorf("only %d of %d are drawn", drawn, 3*n)
	}
	t.Logf("of %d: %d drawn, %d refused, %d circular", 3*n, drawn, refused, circular)
}

// FuzzGenerate takes any bytes as a schema. A value that comes out validates by
// the judge, wherever the judge takes the schema.
func FuzzGenerate(f *testing.F) {
	for i, c := range schemaCases {
		f.Add(uint64(i), []byte(c.schema))
	}
	f.Fuzz(func(t *testing.T, seed uint64, body []byte) {
		if !valid(body) || !utf8.Valid(body) || len(body) > 8<<10 {
			return
		}
		schema := doc(strings.TrimSpace(string(body)))
		var cache schemas
		v, err := cache.generate(schema, seed, nil, "k")
		if err != nil {
			if _, ok := err.(*schemaError); !ok || len(err.Error()) > 1000 {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(v) > 2*schemaValueMax || !json.Valid(v) {
			t.Fatalf("%d bytes: %.200s", len(v), v)
		}
		again, _ := cache.generate(schema, seed, nil, "k")
		if !bytes.Equal(v, again) {
			t.Fatalf("%s and then %s", v, again)
		}
		if only(schema) {
			return
		}
		j, err := judge([]byte(schema))
		if err != nil {
			return
		}
		if err := validates(j, v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		marked, err := cache.generate(schema, seed, func(int) string { return "qzxq" }, "k")
		if err != nil {
			t.Fatal(err)
		}
		if err := validates(j, marked); err != nil {
			t.Errorf("with marks: %s: %v", marked, err)
		}
	})
}

// only reports whether the judge reads the schema otherwise: it knows no
// "nullable", and an older "$schema" drops what stands beside a $ref.
func only(d doc) bool {
	switch d.kind() {
	case '{':
		for k, v := range d.fields {
			if k == "nullable" || k == "$schema" || k == "$id" || k == "id" || only(v) {
				return true
			}
		}
	case '[':
		for v := range d.items {
			if only(v) {
				return true
			}
		}
	}
	return false
}

func BenchmarkGenerate(b *testing.B) {
	const ten = `{"type":"object","properties":{"title":{"type":"string"},"city":{"type":"string"},"count":{"type":"integer","minimum":1,"maximum":9},"price":{"type":"number"},"ok":{"type":"boolean"},
		"kind":{"type":"string","enum":["a","b","c"]},"when":{"type":"string","format":"date-time"},"tags":{"type":"array","items":{"type":"string"}},"note":{"anyOf":[{"type":"string"},{"type":"null"}]},
		"who":{"$ref":"#/$defs/p"}},"$defs":{"p":{"type":"object","properties":{"name":{"type":"string"},"email":{"type":"string","format":"email"}},"required":["name","email"],"additionalProperties":false}},
		"required":["title","city","count","price","ok","kind","when","tags","note","who"],"additionalProperties":false}`
	for _, row := range []struct {
		name string
		kept *schemas
	}{{"kept", &schemas{}}, {"new", nil}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			seed := uint64(0)
			for b.Loop() {
				c := row.kept
				if c == nil {
					c = &schemas{}
				}
				seed++
				if _, err := c.generate(ten, seed, nil, "k"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
