package mockmodel

import (
	"math"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
)

// A geminiReader understands a request as the API does: the JSON is turned into
// a message first, and all that does not fit is told at once; then the message
// is checked, and the first thing that is wrong is told.
type geminiReader struct {
	c *call
	// at is the path to what is read, as the API's messages have it.
	at      []byte
	misfits []misfit
	invalid *refusal
	// waits is how many calls of functions wait for their response.
	waits int
	// turn is what the content before was.
	turn geminiTurn
}

// A misfit is a place where the JSON does not fit the message.
type misfit struct{ field, words string }

// misfitsMax bounds what is told of them.
const misfitsMax = 32

// enter appends to the path and returns its length before; leave goes back.
func (g *geminiReader) enter(words ...string) int {
	n := len(g.at)
	for _, w := range words {
		g.at = append(g.at, w...)
	}
	return n
}

func (g *geminiReader) leave(n int) { g.at = g.at[:n] }

// path is where a member of what is read stands.
func (g *geminiReader) path(name string) string {
	if len(g.at) == 0 {
		return geminiField(name)
	}
	return string(g.at) + "." + geminiField(name)
}

func (g *geminiReader) misfit(field, words string) {
	if len(g.misfits) < misfitsMax {
		g.misfits = append(g.misfits, misfit{field, words})
	}
}

// unknown notes a member that the message does not have: claude-code-router
// #187, SkyrimNet-GamePlugin #77.
func (g *geminiReader) unknown(name string) {
	words := `Invalid JSON payload received. Unknown name "` + journal.Clip(name, textMax) + `"`
	if len(g.at) > 0 {
		words += " at '" + string(g.at) + "'"
	}
	g.misfit(string(g.at), words+": Cannot find field.")
}

// wrong notes a value of another type.
func (g *geminiReader) wrong(name, kind string, got doc) {
	field := g.path(name)
	value := journal.Clip(string(got), textMax)
	if got.kind() == '"' {
		value = `"` + journal.Clip(got.text(), textMax) + `"`
	}
	g.misfit(field, "Invalid value at '"+field+"' ("+kind+"), "+value)
}

const geminiTypes = "type.googleapis.com/google.ai.generativelanguage.v1beta."

// message notes a value that is no message where one must be; null is none.
// true: it is one.
func (g *geminiReader) message(name, kind string, v doc) bool {
	if v.present() && v.kind() != '{' {
		g.wrong(name, geminiTypes+kind, v)
	}
	return v.kind() == '{'
}

// list is message for a list.
func (g *geminiReader) list(name, kind string, v doc) bool {
	if v.kind() == '[' {
		return true
	}
	return g.message(name, kind, v)
}

func (g *geminiReader) text(name string, v doc) string {
	if v.present() && v.kind() != '"' {
		g.wrong(name, "TYPE_STRING", v)
	}
	return v.text()
}

func (g *geminiReader) boolean(name string, v doc) bool {
	if v.present() && v.kind() != 't' && v.kind() != 'f' {
		g.wrong(name, "TYPE_BOOL", v)
	}
	return v.truth()
}

// integer reads a number, which may stand in quotes: ProtoJSON.
func (g *geminiReader) integer(name string, v doc) (n int, ok bool) {
	if !v.present() {
		return 0, false
	}
	n, ok = geminiNumeral(v).integer()
	if !ok || n > math.MaxInt32 || n < math.MinInt32 {
		g.wrong(name, "TYPE_INT32", v)
		return 0, false
	}
	return n, true
}

// within reads a number and refuses one outside of its bounds.
func (g *geminiReader) within(name string, v doc, low, high float64) {
	if !v.present() {
		return
	}
	x, err := strconv.ParseFloat(string(geminiNumeral(v)), 64)
	if err != nil {
		g.wrong(name, "TYPE_FLOAT", v)
	} else if x < low || x > high {
		field := geminiField(name)
		g.fail(g.path(name), field+" must be in the range ["+geminiDecimal(low)+", "+geminiDecimal(high)+"].")
	}
}

func geminiDecimal(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// geminiNumeral takes a number out of its quotes.
func geminiNumeral(v doc) doc {
	if v.kind() == '"' {
		return doc(v.text())
	}
	return v
}

// fail notes what is wrong with the message, in the words of the API's
// validator: gemini-cli #5575, vercel/ai #3775.
func (g *geminiReader) fail(field, words string) {
	if g.invalid != nil {
		return // a body may be wrong in a million places
	}
	g.refuse(geminiInvalid("* " + g.request() + "." + field + ": " + words + "\n"))
}

func (g *geminiReader) refuse(r *refusal) {
	if g.invalid == nil {
		g.invalid = r
	}
}

// request is the type of the message that is read.
func (g *geminiReader) request() string {
	switch {
	case g.c.http != nil && strings.HasSuffix(g.c.http.URL.Path, ":countTokens"):
		return "CountTokensRequest"
	case g.c.kind == "embed":
		return "EmbedContentRequest"
	}
	return "GenerateContentRequest"
}

// refusal is the error that the request deserves, nil for none.
func (g *geminiReader) refusal() *refusal {
	if len(g.misfits) == 0 {
		return g.invalid
	}
	var words []string
	details := []byte(`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[`)
	for i, m := range g.misfits {
		if i > 0 {
			details = append(details, ',')
		}
		details = append(details, '{')
		if m.field != "" {
			details = append(append(details, `"field":`...), appendString(nil, m.field)...)
			details = append(details, ',')
		}
		details = append(append(details, `"description":`...), appendString(nil, m.words)...)
		details = append(details, '}')
		words = append(words, m.words)
	}
	r := geminiInvalid(strings.Join(words, "\n"))
	r.details = string(append(details, "]}"...))
	return r
}
