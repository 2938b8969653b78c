package mockmodel

import (
	"slices"
	"strconv"
	"strings"
)

// geminiTurn says what a content of a conversation was.
type geminiTurn int

const (
	turnNone geminiTurn = iota
	turnUser
	turnModel
	turnCall     // the model called functions
	turnResponse // and was told what they gave back
)

// system reads the systemInstruction: a content, whatever its role.
func (g *geminiReader) system(v doc) {
	if !g.message("systemInstruction", "Content", v) {
		return
	}
	defer g.leave(g.enter("system_instruction"))
	if in := g.content(v); in.text != "" {
		g.c.hear(message{role: "system", text: in.text})
	}
}

// contents reads the conversation.
func (g *geminiReader) contents(v doc) {
	if !g.list("contents", "Content", v) && v.present() {
		return
	}
	n := 0
	for m := range geminiEach(v) {
		at := g.enter("contents[", strconv.Itoa(n), "]")
		if m.kind() != '{' {
			g.leave(at)
			g.wrong("contents", geminiTypes+"Content", m)
			return
		}
		in := g.content(m)
		g.leave(at)
		g.speaks(in)
		g.c.hear(message{role: in.role, text: in.text, result: in.responses > 0})
		n++
	}
	if n == 0 {
		g.fail("contents", "contents is not specified")
	}
}

// geminiContent is what a content holds.
type geminiContent struct {
	role             string
	text             string
	calls, responses int
}

// speaks holds a content against the one before it. The words are those of the
// API: livekit/agents and langchain quote them. The role function is that of
// responses in the SDKs before genai (deprecated-generative-ai-js).
func (g *geminiReader) speaks(in geminiContent) {
	const wrongNumber = "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
	before := g.turn
	switch {
	case in.role != "user" && in.role != "model" && (in.role != "function" || in.responses == 0):
		g.refuse(geminiInvalid("Please use a valid role: user, model."))
	case g.waits > 0 && in.responses != g.waits:
		g.refuse(geminiInvalid(wrongNumber))
	case in.responses > 0 && before != turnCall:
		g.refuse(geminiInvalid("Please ensure that function response turn comes immediately after a function call turn."))
	case in.calls > 0 && before != turnUser && before != turnResponse:
		g.refuse(geminiInvalid("Please ensure that function call turn comes immediately after a user turn or after a function response turn."))
	}
	g.waits = in.calls
	switch {
	case in.calls > 0:
		g.turn = turnCall
	case in.responses > 0:
		g.turn = turnResponse
	case in.role == "model":
		g.turn = turnModel
	default:
		g.turn = turnUser
	}
}

// vertex reports whether the call is to Vertex AI, which asks for the role of
// each content where the Gemini API takes the user's.
func (g *geminiReader) vertex() bool {
	return g.c.http != nil && strings.Contains(g.c.http.URL.Path, "/publishers/")
}

// content reads a content; the path leads to it.
func (g *geminiReader) content(v doc) geminiContent {
	in := geminiContent{role: "user"}
	if g.vertex() {
		in.role = ""
	}
	var parts doc
	for key, v := range v.fields {
		switch geminiName(key) {
		case "role":
			if role := g.text("role", v); role != "" {
				in.role = role
			}
		case "parts":
			parts = v
		default:
			g.unknown(key)
		}
	}
	if !g.list("parts", "Part", parts) && parts.present() {
		return in
	}
	n := 0
	var texts []string
	for p := range geminiEach(parts) {
		at := g.enter(".parts[", strconv.Itoa(n), "]")
		if p.kind() != '{' {
			g.leave(at)
			g.wrong("parts", geminiTypes+"Part", p)
			return in
		}
		if text := g.part(p, &in); text != "" {
			texts = append(texts, text)
		}
		g.leave(at)
		n++
	}
	if n == 0 {
		g.fail(string(g.at)+".parts", "contents.parts must not be empty.")
	}
	in.text = strings.Join(texts, "\n")
	return in
}

// geminiParts are the members of a Part that need not be understood, with
// those that are its data first: Part in types.go of googleapis/go-genai.
var geminiParts = []string{"inlineData", "fileData", "executableCode", "codeExecutionResult", "toolCall", "toolResponse",
	"thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata", "audioTranscription", "mediaProcessing", "speechMetadata"}

// geminiDatas is how many of these are data.
const geminiDatas = 6

// part reads a part and returns its text; thoughts that come back have none.
func (g *geminiReader) part(p doc, in *geminiContent) string {
	var text string
	var data, thought bool
	for key, v := range p.fields {
		switch name := geminiName(key); name {
		case "text":
			text = g.text(name, v)
			data = data || v.present()
		case "functionCall", "functionResponse":
			if !g.message(name, strings.ToUpper(name[:1])+name[1:], v) {
				continue
			}
			data = true
			g.c.tokensIn += len(v) / tokenBytes
			if g.named(name, v); name == "functionCall" {
				in.calls++
			} else {
				in.responses++
			}
		case "thought":
			thought = g.boolean(name, v)
		default:
			i := slices.Index(geminiParts, name)
			if i < 0 {
				g.unknown(key)
			}
			data = data || i >= 0 && i < geminiDatas && v.present()
		}
	}
	if !data {
		g.fail(string(g.at)+".data", "required oneof field 'data' must have one initialized field")
	}
	if thought {
		return ""
	}
	return text
}

// named refuses a call of a function, or a response, without its name.
func (g *geminiReader) named(name string, v doc) {
	if geminiGet(v, "name").text() == "" {
		g.fail(g.path(name)+".name", "Name cannot be empty.")
	}
}
