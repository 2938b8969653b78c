package mockmodel

import (
	"strconv"
	"strings"
)

// tools reads what the model may call.
func (g *geminiReader) tools(v doc) {
	if !g.list("tools", "Tool", v) {
		return
	}
	n := 0
	for t := range geminiEach(v) {
		at := g.enter("tools[", strconv.Itoa(n), "]")
		for key, v := range t.fields {
			if geminiName(key) != "functionDeclarations" {
				if v.present() {
					g.refuse(geminiUnbuilt(g.path(geminiName(key))))
				}
				continue
			}
			if g.list("functionDeclarations", "FunctionDeclaration", v) {
				g.functions(v)
			}
		}
		g.leave(at)
		n++
	}
	g.c.tokensIn += len(v) / tokenBytes // the model reads them
	if len(g.c.tools) > geminiFunctionsMax {
		g.refuse(geminiInvalid("At most 512 function declarations can be specified."))
	}
}

// geminiFunctionsMax is how many functions a call may declare: Vertex AI,
// function calling.
const geminiFunctionsMax = 512

func (g *geminiReader) functions(v doc) {
	n := 0
	for f := range geminiEach(v) {
		at := g.enter(".function_declarations[", strconv.Itoa(n), "]")
		g.function(f)
		g.leave(at)
		if n++; len(g.c.tools) > geminiFunctionsMax {
			return // there are too many, whatever the rest is
		}
	}
}

// function reads the declaration of a function.
func (g *geminiReader) function(f doc) {
	var name string
	var params, jsonParams doc
	for key, v := range f.fields {
		switch member := geminiName(key); member {
		case "name":
			name = g.text(member, v)
		case "parameters":
			params = v
		case "parametersJsonSchema":
			jsonParams = v
		case "description", "response", "responseJsonSchema", "behavior":
		default:
			g.unknown(key)
		}
	}
	if params.present() {
		at := g.enter(".parameters")
		if geminiGet(params, "type").text() != "" && !strings.EqualFold(geminiGet(params, "type").text(), "OBJECT") {
			g.fail(string(g.at), "parameters schema should be of type OBJECT.")
		}
		if jsonParams == "" {
			jsonParams = doc(g.schema(nil, params))
		}
		g.leave(at)
	}
	switch {
	case !geminiFunctionName(name):
		g.fail(g.path("name"), "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.")
	case g.c.offers(name):
		g.refuse(geminiInvalid("Duplicate function declaration found: " + name))
	}
	if !jsonParams.present() {
		jsonParams = ""
	}
	if len(g.c.tools) <= geminiFunctionsMax {
		g.c.tools = append(g.c.tools, tool{name: name, params: jsonParams})
	}
}

func geminiFunctionName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	return s != "" && len(s) <= 64 && strings.IndexByte(letters, s[0]) >= 0 && strings.Trim(s, letters+"0123456789.:-") == ""
}

// toolConfig reads whether a function has to be called.
func (g *geminiReader) toolConfig(v doc) {
	if !g.message("toolConfig", "ToolConfig", v) {
		return
	}
	config := geminiGet(v, "functionCallingConfig")
	defer g.leave(g.enter("tool_config"))
	if !g.message("functionCallingConfig", "FunctionCallingConfig", config) {
		return
	}
	if len(g.c.tools) == 0 {
		g.refuse(geminiInvalid("Function calling config is set without function_declarations."))
		return
	}
	g.enter(".function_calling_config")
	mode := geminiGet(config, "mode")
	switch strings.ToUpper(mode.text()) {
	case "", "AUTO", "MODE_UNSPECIFIED", "VALIDATED":
	case "NONE":
		g.c.toolChoice = toolNone
	case "ANY":
		g.c.toolChoice = toolMust
	default:
		g.wrong("mode", geminiTypes+"FunctionCallingConfig.Mode", mode)
	}
	for name := range geminiGet(config, "allowedFunctionNames").items {
		switch {
		case !g.c.offers(name.text()):
			g.fail(g.path("allowedFunctionNames"), "function "+name.text()+" is not declared.")
		case g.c.toolChoice != toolMust && strings.ToUpper(mode.text()) != "VALIDATED":
			g.fail(g.path("allowedFunctionNames"), "allowed_function_names should be set only when the mode is ANY or VALIDATED.")
		case g.c.toolName == "" && g.c.toolChoice == toolMust:
			g.c.toolName = name.text() // of several, the model takes the first
		}
	}
}

// schema appends a Schema of the API, which is one of OpenAPI 3.0, as JSON
// Schema: types in lower case, nullable as a type, whole numbers without the
// quotes that ProtoJSON puts around those of 64 bits. The path leads to it.
// Members: Schema in types.go of googleapis/go-genai.
func (g *geminiReader) schema(dst []byte, v doc) []byte {
	if v.kind() != '{' {
		field := string(g.at)
		g.misfit(field, "Invalid value at '"+field+"' ("+geminiTypes+"Schema)")
		return append(dst, "{}"...)
	}
	dst = append(dst, '{')
	start := len(dst)
	var kind string
	var nullable bool
	for key, v := range v.fields {
		switch name := geminiName(key); name {
		case "type":
			if kind = strings.ToLower(g.text(name, v)); kind == "type_unspecified" {
				kind = ""
			}
		case "nullable":
			nullable = g.boolean(name, v)
		case "properties", "items", "anyOf":
			dst = g.inner(geminiMember(dst, start, name), name, v)
		case "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum":
			if n := geminiNumeral(v); geminiIsNumber(n) {
				dst = append(geminiMember(dst, start, name), n...)
			} else if v.present() {
				g.wrong(name, "TYPE_DOUBLE", v)
			}
		case "enum", "required", "format", "pattern", "title", "description", "default":
			dst = append(geminiMember(dst, start, name), v...)
		case "example", "propertyOrdering":
		default:
			g.unknown(key)
		}
	}
	switch {
	case kind == "":
	case nullable:
		dst = appendString(append(geminiMember(dst, start, "type"), '['), kind)
		dst = append(dst, `,"null"]`...)
	default:
		dst = appendString(geminiMember(dst, start, "type"), kind)
	}
	return append(dst, '}')
}

// geminiIsNumber reports whether a value, maybe taken out of its quotes, is a
// number in JSON.
func geminiIsNumber(v doc) bool {
	return (v.kind() == '-' || isDigit(v.kind())) && valid([]byte(v))
}

// geminiMember begins a member of an object whose members begin at start.
func geminiMember(dst []byte, start int, name string) []byte {
	if len(dst) > start {
		dst = append(dst, ',')
	}
	return append(appendString(dst, name), ':')
}

// inner appends the schemas inside of one.
func (g *geminiReader) inner(dst []byte, name string, v doc) []byte {
	n := 0
	switch name {
	case "items":
		at := g.enter(".items")
		dst = g.schema(dst, v)
		g.leave(at)
		return dst
	case "anyOf":
		dst = append(dst, '[')
		for s := range geminiEach(v) {
			if n > 0 {
				dst = append(dst, ',')
			}
			at := g.enter(".any_of[", strconv.Itoa(n), "]")
			dst = g.schema(dst, s)
			g.leave(at)
			n++
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for key, s := range v.fields {
		if n > 0 {
			dst = append(dst, ',')
		}
		at := g.enter(".properties[", strconv.Itoa(n), "].value")
		dst = g.schema(append(appendString(dst, key), ':'), s)
		g.leave(at)
		n++
	}
	return append(dst, '}')
}
