package mockmodel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// readBedrock understands POST /model/{model}/converse. Images, documents and
// other blocks without text are taken and not looked at, and so are guardrails,
// service tiers and metadata.
func readBedrock(body doc, c *call) *refusal {
	c.form, c.model = bedrockConverse{}, c.at
	if body.kind() != '{' {
		return bedrockType(body, "Structure")
	}
	if r := bedrockSystem(body.get("system"), c); r != nil {
		return r
	}
	if r := bedrockInference(body.get("inferenceConfig"), c); r != nil {
		return r
	}
	tools := body.get("toolConfig")
	if r := bedrockToolConfig(tools, c); r != nil {
		return r
	}
	if r := bedrockFormat(body.get("outputConfig").get("textFormat"), c); r != nil {
		return r
	}
	if r := bedrockTurns(body.get("messages"), c, tools.present()); r != nil {
		return r
	}
	return bedrockThinking(body.get("additionalModelRequestFields"), c)
}

// readBedrockStream understands POST /model/{model}/converse-stream.
func readBedrockStream(body doc, c *call) *refusal {
	c.stream = true
	return readBedrock(body, c)
}

// bedrockType is the error for a value of another type than the model's, in the
// words of AWS's parser.
func bedrockType(v doc, want string) *refusal {
	what := "NUMBER_VALUE"
	switch v.kind() {
	case '{':
		return bedrockMalformed("Start of structure or map found where not expected.")
	case '[':
		return bedrockMalformed("Start of list found where not expected.")
	case '"':
		what = "STRING_VALUE"
	case 't':
		what = "TRUE_VALUE"
	case 'f':
		what = "FALSE_VALUE"
	case 'n':
		what = "NULL_VALUE"
	}
	return bedrockMalformed(what + " can not be converted to a " + want)
}

func bedrockSystem(v doc, c *call) *refusal {
	if v.present() && v.kind() != '[' {
		return bedrockType(v, "List")
	}
	n := 0
	for b := range v.items {
		if text := b.get("text"); text.present() {
			if strings.TrimSpace(text.text()) == "" {
				return bedrockInvalid(fmt.Sprintf("The text field in the SystemContentBlock object at system.%d is blank. Add text to the text field, and try again.", n))
			}
			c.hear(message{role: "system", text: text.text()})
		}
		n++
	}
	return nil
}

// bedrockInference reads inferenceConfig. Bounds: the API reference,
// InferenceConfiguration.
func bedrockInference(v doc, c *call) *refusal {
	if v.present() && v.kind() != '{' {
		return bedrockType(v, "Structure")
	}
	if most := v.get("maxTokens"); most.present() {
		n, ok := most.integer()
		switch {
		case !ok:
			return bedrockType(most, "Integer")
		case n < 1:
			return bedrockConstraint("'"+string(most)+"'", "inferenceConfig.maxTokens", "have value greater than or equal to 1")
		}
		c.maxTokens = n
	}
	for _, name := range []string{"temperature", "topP"} {
		x := v.get(name)
		if !x.present() {
			continue
		}
		at := "inferenceConfig." + name
		switch f, err := strconv.ParseFloat(string(x), 32); {
		case err != nil:
			return bedrockType(x, "Float")
		case f < 0:
			return bedrockConstraint("'"+string(x)+"'", at, "have value greater than or equal to 0")
		case f > 1:
			return bedrockConstraint("'"+string(x)+"'", at, "have value less than or equal to 1")
		}
	}
	stops := v.get("stopSequences")
	if stops.present() && stops.kind() != '[' {
		return bedrockType(stops, "List")
	}
	for s := range stops.items {
		switch {
		case s.kind() != '"':
			return bedrockType(s, "String")
		case s.text() == "":
			return bedrockConstraint("''", fmt.Sprintf("inferenceConfig.stopSequences.%d.member", len(c.stop)+1), "have length greater than or equal to 1")
		}
		c.stop = append(c.stop, s.text())
	}
	if len(c.stop) > stopsTaken {
		return bedrockConstraint("'"+journal.Clip(string(stops), textMax)+"'", "inferenceConfig.stopSequences", "have length less than or equal to "+strconv.Itoa(stopsTaken))
	}
	return nil
}

// bedrockToolConfig reads the tools of the caller, and which one has to be called.
func bedrockToolConfig(v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	if v.kind() != '{' {
		return bedrockType(v, "Structure")
	}
	tools := v.get("tools")
	switch {
	case !tools.present():
		return bedrockConstraint("null", "toolConfig.tools", "not be null")
	case tools.kind() != '[':
		return bedrockType(tools, "List")
	}
	n := 0
	for t := range tools.items {
		if r := bedrockToolSpec(t, n, c); r != nil {
			return r
		}
		n++
	}
	if n == 0 {
		return bedrockConstraint("'[]'", "toolConfig.tools", "have length greater than or equal to 1")
	}
	c.tokensIn += len(tools) / tokenBytes // the model reads them
	return bedrockToolChoice(v.get("toolChoice"), c)
}

// bedrockToolSpec reads the n-th tool: ToolSpecification of the API reference.
func bedrockToolSpec(t doc, n int, c *call) *refusal {
	spec, at := t.get("toolSpec"), fmt.Sprintf("toolConfig.tools.%d.member", n+1)
	if spec.kind() != '{' {
		switch {
		case t.get("cachePoint").present():
			return nil
		case t.get("systemTool").present():
			return bedrockInvalid("toolConfig.tools." + strconv.Itoa(n) + ".systemTool: tools of the service are not built in the chaos mock model yet")
		}
		return bedrockConstraint("null", at+".toolSpec", "not be null")
	}
	name, schema := spec.get("name"), spec.get("inputSchema").get("json")
	switch {
	case !name.present():
		return bedrockConstraint("null", at+".toolSpec.name", "not be null")
	case !bedrockName(name.text()):
		return bedrockConstraint("'"+name.text()+"'", at+".toolSpec.name", "satisfy regular expression pattern: [a-zA-Z0-9_-]+")
	case len(name.text()) > 64:
		return bedrockConstraint("'"+name.text()+"'", at+".toolSpec.name", "have length less than or equal to 64")
	case schema.kind() != '{':
		return bedrockConstraint("null", at+".toolSpec.inputSchema", "not be null")
	case schema.get("type").text() != "object":
		return bedrockInvalid(fmt.Sprintf("The value at toolConfig.tools.%d.toolSpec.inputSchema.json.type must be one of the following: object.", n))
	}
	c.tools = append(c.tools, tool{name: name.text(), params: schema})
	return nil
}

func bedrockName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && c != '-' && !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

func bedrockToolChoice(v doc, c *call) *refusal {
	one := v.get("tool")
	switch {
	case !v.present() || v.get("auto").present():
		return nil
	case v.get("any").present():
		c.toolChoice = toolMust
		return nil
	case !one.present():
		return bedrockType(v, "Union")
	}
	c.toolChoice, c.toolName = toolMust, one.get("name").text()
	if !c.offers(c.toolName) {
		return bedrockModelSays("tool_choice: Tool '" + c.toolName + "' not found in provided tools")
	}
	return nil
}

// bedrockModelSays is an error of the model behind the service, as quoted in
// Portkey-AI/gateway #1142.
func bedrockModelSays(message string) *refusal {
	return bedrockInvalid("The model returned the following errors: " + message)
}

// bedrockFormat reads the schema of a structured answer, which stands there as
// text: OutputConfig and JsonSchemaDefinition.
func bedrockFormat(v doc, c *call) *refusal {
	if !v.present() {
		return nil
	}
	if v.get("type").text() != "json_schema" {
		return bedrockConstraint("'"+v.get("type").text()+"'", "outputConfig.textFormat.type", "satisfy enum value set: [json_schema]")
	}
	schema := v.get("structure").get("jsonSchema").get("schema")
	if !schema.present() {
		return bedrockConstraint("null", "outputConfig.textFormat.structure.jsonSchema.schema", "not be null")
	}
	text := doc(strings.TrimSpace(schema.text()))
	if !valid([]byte(text)) || text.kind() != '{' {
		return bedrockInvalid("The value at outputConfig.textFormat.structure.jsonSchema.schema is not a valid JSON schema.")
	}
	c.json, c.schema = true, text
	return nil
}

// bedrockThinking reads whether a model of Anthropic thinks aloud: these fields
// are the model's own.
func bedrockThinking(v doc, c *call) *refusal {
	thinking := v.get("thinking")
	if !thinking.present() {
		thinking = v.get("reasoning_config") // its older name
	}
	if !thinking.present() {
		return nil
	}
	most := c.maxTokens
	if most == 0 {
		c.maxTokens = bedrockOutputMax
	}
	r := anthropicThinking(thinking, c)
	c.maxTokens = most
	switch {
	case r != nil:
		return bedrockModelSays(r.message)
	case c.think > 0 && c.toolChoice == toolMust:
		return bedrockModelSays("Thinking may not be enabled when tool_choice forces tool use.")
	}
	return nil
}
