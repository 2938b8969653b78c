package mockmodel

import "slices"

// readGemini understands POST .../models/MODEL:generateContent.
func readGemini(body doc, c *call) *refusal {
	f := &geminiChat{}
	c.model, c.form = c.at, f
	g := &geminiReader{c: c}
	if body.kind() != '{' {
		return geminiRoot()
	}
	var contents, config, tools, toolConfig doc
	for key, v := range body.fields {
		switch geminiName(key) {
		case "contents":
			contents = v
		case "systemInstruction":
			g.system(v)
		case "generationConfig":
			config = v
		case "tools":
			tools = v
		case "toolConfig":
			toolConfig = v
		case "cachedContent":
			if v.present() {
				g.refuse(geminiUnbuilt("cached_content"))
			}
		case "model", "safetySettings", "labels", "serviceTier", "store", "continuationToken":
		default:
			g.unknown(key)
		}
	}
	g.tools(tools)
	g.toolConfig(toolConfig)
	g.config(config, f)
	g.contents(contents)
	return g.refusal()
}

// readGeminiStream understands POST .../models/MODEL:streamGenerateContent. The
// path alone says that it is a stream, and the query of which kind.
func readGeminiStream(body doc, c *call) *refusal {
	r := readGemini(body, c)
	c.stream = true
	if f, ok := c.form.(*geminiChat); ok && c.http != nil {
		f.sse = geminiSSE(c.http)
	}
	return r
}

func geminiRoot() *refusal {
	return geminiInvalid(`Invalid JSON payload received. Unknown name "": Root element must be a message.`)
}

// geminiConfigs are the members of a GenerationConfig that need not be
// understood: GenerationConfig in types.go of googleapis/go-genai.
var geminiConfigs = []string{"topK", "seed", "mediaResolution", "speechConfig", "imageConfig", "enableEnhancedCivicAnswers", "audioTimestamp", "routingConfig",
	"modelSelectionConfig", "enableAffectiveDialog", "responseFormat", "translationConfig", "audioTranscriptionConfig", "logprobs"}

// config reads the generationConfig.
func (g *geminiReader) config(v doc, f *geminiChat) {
	if !g.message("generationConfig", "GenerationConfig", v) {
		return
	}
	defer g.leave(g.enter("generation_config"))
	var mime string
	var openAPI, jsonSchema doc
	for key, v := range v.fields {
		switch name := geminiName(key); name {
		case "maxOutputTokens":
			if n, ok := g.integer(name, v); ok && n < 1 {
				g.fail(g.path(name), "max_output_tokens must be positive.")
			} else if ok {
				g.c.maxTokens = n
			}
		case "candidateCount":
			if n, ok := g.integer(name, v); ok && (n < 1 || n > candidatesMax) {
				g.fail(g.path(name), "candidate_count must be in the range [1, 8], inclusive.")
			} else if ok {
				g.c.choices = n
			}
		case "stopSequences":
			g.stops(name, v)
		case "temperature":
			g.within(name, v, 0, 2)
		case "topP":
			g.within(name, v, 0, 1)
		case "presencePenalty", "frequencyPenalty":
			g.within(name, v, -2, 2)
		case "responseMimeType":
			mime = g.text(name, v)
		case "responseSchema":
			openAPI = v
		case "responseJsonSchema":
			jsonSchema = v
		case "thinkingConfig":
			g.thinking(v, f)
		case "responseModalities", "responseLogprobs":
			g.unspoken(name, v)
		default:
			if !slices.Contains(geminiConfigs, name) {
				g.unknown(key)
			}
		}
	}
	g.format(mime, openAPI, jsonSchema)
}

// candidatesMax and geminiStopsMax are the API reference's.
const (
	candidatesMax  = 8
	geminiStopsMax = 5
)

// unspoken refuses answers that are more than text.
func (g *geminiReader) unspoken(name string, v doc) {
	more := v.truth()
	for m := range v.items {
		more = more || m.text() != "TEXT"
	}
	if more {
		g.refuse(geminiUnbuilt(g.path(name)))
	}
}

func (g *geminiReader) stops(name string, v doc) {
	if v.present() && v.kind() != '[' {
		g.wrong(name, "TYPE_STRING", v)
	}
	for s := range v.items {
		if g.c.stop = append(g.c.stop, g.text(name, s)); len(g.c.stop) > geminiStopsMax {
			break
		}
	}
	if len(g.c.stop) > geminiStopsMax {
		g.fail(g.path(name), "at most 5 stop sequences can be specified.")
	}
}

// format reads the shape that the answer must have.
func (g *geminiReader) format(mime string, openAPI, jsonSchema doc) {
	if openAPI.present() {
		n := g.enter(".response_schema")
		g.c.schema = doc(g.schema(nil, openAPI))
		g.leave(n)
	}
	if jsonSchema.present() {
		if openAPI.present() {
			g.fail(g.path("responseJsonSchema"), "response_schema and response_json_schema cannot both be set.")
		}
		g.c.schema = jsonSchema
	}
	switch mime {
	case "application/json":
		g.c.json = true
	case "text/x.enum":
		g.refuse(geminiUnbuilt("response_mime_type text/x.enum"))
	case "", "text/plain":
		if g.c.schema.present() {
			g.fail(g.path("responseSchema"), "response_schema is only allowed with the response_mime_type application/json.")
		}
	default:
		g.fail(g.path("responseMimeType"), "allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` and `text/x.enum`.")
	}
}

// thinkingDynamic is the budget of a model that decides for itself, and
// budgetMax the largest one of any model: ai.google.dev, thinking.
const (
	thinkingDynamic = 8192
	budgetMax       = 32768
)

// thinking reads whether the model thinks, and whether that is shown: thoughts
// are billed all the same.
func (g *geminiReader) thinking(v doc, f *geminiChat) {
	if !g.message("thinkingConfig", "ThinkingConfig", v) {
		return
	}
	defer g.leave(g.enter(".thinking_config"))
	for key, v := range v.fields {
		switch name := geminiName(key); name {
		case "includeThoughts":
			f.thoughts = g.boolean(name, v)
			if f.thoughts && g.c.think == 0 {
				g.c.think = thinkingDynamic
			}
		case "thinkingBudget":
			n, ok := g.integer(name, v)
			switch {
			case ok && (n < -1 || n > budgetMax):
				g.refuse(geminiInvalid("The thinking budget " + string(v) + " is invalid. Please choose a value between 0 and 32768."))
			case ok && n == -1:
				g.c.think = thinkingDynamic
			case ok && n == 0:
				g.c.think = thinkNever
			case ok:
				g.c.think = n
			}
		case "thinkingLevel":
			if g.text(name, v) != "" && g.c.think == 0 {
				g.c.think = thinkingDynamic
			}
		default:
			g.unknown(key)
		}
	}
}
