package conformance

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ollama/ollama/api"
	"github.com/openai/openai-go/v3"
	"google.golang.org/genai"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/mockmodel"
)

// What the official Go SDK of each dialect makes of every fault of the
// catalogue, is docs/faults-sdks.md: a new fault gets its line with -update.

// official are the SDKs of the page, with what is asked of them for a fault of
// each kind of step, a column each.
var official = []struct {
	sdk
	columns []column
}{
	{openAIGo, []column{
		{"whole", map[string]string{"chat": "chat", "tool": "tool", "embed": "three"}}, {"streamed", map[string]string{"chat": "stream", "tool": "tool stream"}},
		{"Responses", map[string]string{"chat": "response", "tool": "response tool"}}, {"Responses, streamed", map[string]string{"chat": "response stream", "tool": "response tool stream"}},
	}},
	{anthropicGo, wholeAndStreamed}, {genAIGo, wholeAndStreamed}, {ollamaGo, wholeAndStreamed}, {bedrockGo, wholeAndStreamed},
	{cohereGo, []column{{"whole", map[string]string{"rerank": "rerank"}}}},
}

// A column says what is asked for, by the kind of step that a fault strikes.
type column struct {
	title string
	asks  map[string]string
}

var wholeAndStreamed = []column{
	{"whole", map[string]string{"chat": "chat", "tool": "tool", "embed": "three"}}, {"streamed", map[string]string{"chat": "stream", "tool": "tool stream"}},
}

// three ask for the vectors of three texts, which a fault may mix up.
var three = map[string]put{
	openAIGo.name: func(ctx context.Context, to provider, prompt string) (said, error) {
		client := openAIGoClient(to)
		e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
			Model: openai.EmbeddingModelTextEmbedding3Small, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{prompt, "b", "c"}},
		})
		if err != nil {
			return said{}, err
		}
		var sizes []string
		for _, v := range e.Data {
			sizes = append(sizes, fmt.Sprintf("%d: %s", v.Index, vector(v.Embedding)))
		}
		return vectors(sizes), nil
	},
	genAIGo.name: func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := genAIGoClient(ctx, to)
		if err != nil {
			return said{}, err
		}
		r, err := client.Models.EmbedContent(ctx, "gemini-embedding-001", slices.Concat(genai.Text(prompt), genai.Text("b"), genai.Text("c")), nil)
		if err != nil {
			return said{}, err
		}
		var sizes []string
		for _, v := range r.Embeddings {
			sizes = append(sizes, vector(v.Values))
		}
		return vectors(sizes), nil
	},
	ollamaGo.name: func(ctx context.Context, to provider, prompt string) (said, error) {
		client, err := ollamaGoClient(to)
		if err != nil {
			return said{}, err
		}
		r, err := client.Embed(ctx, &api.EmbedRequest{Model: "nomic-embed-text", Input: []string{prompt, "b", "c"}})
		if err != nil {
			return said{}, err
		}
		var sizes []string
		for _, v := range r.Embeddings {
			sizes = append(sizes, vector(v))
		}
		return vectors(sizes), nil
	},
}

func vectors(of []string) said { return said{Text: "vectors " + strings.Join(of, ", ")} }

// vector tells a vector by its length and the first of its values.
func vector[F float32 | float64](v []F) string {
	if len(v) == 0 {
		return "of nothing"
	}
	return fmt.Sprintf("of %d from %.3f", len(v), v[0])
}

// faultValues are parameters of the faults that need some, or need them in a
// dialect.
var faultValues = map[string]func(faults.Fault){
	"tool_args_malformed gemini": wrongType, "tool_args_malformed ollama": wrongType, // their arguments are no text
	"wrong_model":  func(f faults.Fault) { f.(*faults.WrongModel).Model = "gpt-4o-mini" },
	"slow_headers": func(f faults.Fault) { f.(*faults.SlowHeaders).By = 5 * time.Second }, // below patience: a tie is chance
	"slow_ttft":    func(f faults.Fault) { f.(*faults.SlowTTFT).By = 5 * time.Second },
	"trickle":      func(f faults.Fault) { f.(*faults.Trickle).Interval = time.Second },
	"cross_answer": func(f faults.Fault) { f.(*faults.CrossAnswer).From = faults.FromAny }, // all calls have one API key
	"brownout":     func(f faults.Fault) { f.(*faults.Brownout).From = 0 },
}

func wrongType(f faults.Fault) { f.(*faults.ToolArgsMalformed).Kind = "wrong_type" }

// TestFaultsSDKs holds the page.
func TestFaultsSDKs(t *testing.T) {
	var b strings.Builder
	b.WriteString(faultsSDKsIntro)
	for _, o := range official {
		if p := three[o.name]; p != nil {
			o.asks = append(slices.Clone(o.asks), ask{"three", p})
		}
		fmt.Fprintf(&b, "\n## %s %s (%s)\n\n| fault |", o.name, o.version(t), o.dialect)
		for _, c := range o.columns {
			fmt.Fprintf(&b, " %s |", c.title)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(o.columns)) + "\n")
		for _, e := range faults.Catalogue() {
			if e.Dialects != nil && !slices.Contains(e.Dialects, o.dialect) {
				continue
			}
			cells := make([]string, len(o.columns))
			for i, c := range o.columns {
				cells[i] = o.makes(t, e, c)
			}
			for i := len(cells) - 1; i > 0; i-- {
				if cells[i] != "" && cells[i] == cells[0] {
					cells[i] = "same"
				}
			}
			if slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
				fmt.Fprintf(&b, "| %s | %s |\n", e.Name, strings.Join(cells, " | "))
			}
		}
	}
	golden.Check(t, "../../../docs/faults-sdks.md", b.String())
}

const faultsSDKsIntro = `# What the official SDKs make of each fault

Written by ` + "`go test -run TestFaultsSDKs -update`" + ` in mockmodel/conformance: each fault of the catalogue, with its default parameters where it has some,
in each call of an SDK with its own defaults, its retries included. "Accepts" is what the program is told is a success: a fault that is accepted
is the program's own to find, and the whole answer may well be late, or the wrong one. "Waits" is a call that was still waiting after 30 s, when its caller gave up.
`

// makes tells what the SDK makes of a fault in the call of a column; "": it has
// no such call.
func (s sdk) makes(t *testing.T, e faults.Entry, c column) string {
	steps := e.Steps
	switch {
	case strings.HasPrefix(e.Name, "tool_"):
		steps = []string{"tool"}
	case steps == nil:
		steps = []string{"chat", "rerank"}
	}
	f := e.New()
	for _, name := range []string{e.Name, e.Name + " " + s.dialect} {
		if set := faultValues[name]; set != nil {
			set(f)
		}
	}
	in, ok := f.(interface{ StreamOnly() bool })
	for _, step := range steps {
		name := c.asks[step]
		if name == "" || s.find(name) == nil || ok && in.StreamOnly() && !strings.HasSuffix(name, "stream") {
			continue
		}
		guarded, waited := s, false
		guarded.asks = []ask{{name, guard(s.find(name).put, &waited)}}
		var answers []mockmodel.Answer
		if step == "tool" { // two calls, which a fault may mix up
			answers = twoCalls
		}
		calls := 1
		if e.Name == "stale_answer" || e.Name == "cross_answer" { // of the call before
			calls = 2
		}
		got := guarded.meet(t, []scene{{name: e.Name + " " + name, ask: name, calls: calls, apart: time.Second, fault: f, cut: patience, answers: answers}})[0]
		whole := s.meet(t, []scene{{name: name, ask: name, calls: calls, answers: answers}})[0]
		got.calls = got.calls[calls-1:]
		return verdict(got, whole.calls[calls-1].said, waited)
	}
	return ""
}

var twoCalls = []mockmodel.Answer{{When: mockmodel.When{HasTool: toolName}, ToolCalls: []mockmodel.ToolCall{
	{Name: toolName, Arguments: map[string]any{"customer": "ann", "limit": 1}}, {Name: toolName, Arguments: map[string]any{"customer": "bob", "limit": 2}},
}}}

// guard tells of a panic instead of having it, and whether the caller's patience
// ran out.
func guard(p put, waited *bool) put {
	return func(ctx context.Context, to provider, prompt string) (got said, err error) {
		defer func() {
			*waited = ctx.Err() != nil
			if r := recover(); r != nil {
				got, err = said{}, fmt.Errorf("panic: %v", r)
			}
		}()
		return p(ctx, to, prompt)
	}
}

// verdict is what came of a call, in a cell.
func verdict(s seen, whole said, waited bool) string {
	c := s.calls[0]
	out := outcome(c)
	switch {
	case c.Failed == nil:
		out = "accepts " + accepted(c, whole)
	case waited && strings.Contains(c.Failed.Message, "context deadline exceeded"):
		out = ""
		if c.Tries != 1 {
			out = fmt.Sprintf("makes %d attempts", c.Tries)
		}
	default:
		out = "raises " + out
	}
	if waited {
		out = strings.TrimSuffix("waits, then "+out, ", then ")
	}
	if !slices.ContainsFunc(s.attempts, struck) {
		out += " (nothing struck)"
	}
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(out)
}

// accepted tells a success by what it has of the answer of a call that nothing
// struck.
func accepted(c called, whole said) string {
	got, want := words(c.said), words(whole)
	out := "no answer"
	switch {
	case slices.Equal(got, want):
		out = "the whole answer"
	case strings.HasPrefix(c.Text, "vectors "):
		return "other " + strings.Replace(c.Text, "vectors", "vectors:", 1)
	case len(got) > 0 && strings.HasPrefix(strings.Join(want, " "), strings.Join(got, " ")):
		out = fmt.Sprintf("the first %d of %d words", len(got), len(want))
	case len(got) > 0:
		return "another answer: " + strings.TrimSuffix(outcome(c), `, stop "", 0 tokens`)
	}
	if c.Stop != whole.Stop || len(got) == 0 {
		out += fmt.Sprintf(", stop %q", c.Stop)
	}
	if c.Tokens != whole.Tokens {
		out += fmt.Sprintf(", %d tokens", c.Tokens)
	}
	if c.Tries != 1 {
		out += fmt.Sprintf(" after %d attempts", c.Tries)
	}
	if len(c.Missing) > 0 {
		slices.Sort(c.Missing)
		out += "; lacks " + strings.Join(slices.Compact(c.Missing), ", ")
	}
	return out
}

// words are those of an answer and its calls, without the marks, which tell the time.
func words(s said) []string {
	return strings.Fields(marks.ReplaceAllString(s.Text+" "+strings.Join(s.Tools, " "), " "))
}

var marks = regexp.MustCompile(`qz[xj][0-9a-z]+`)

// struck reports whether a fault was carried out at the attempt.
func struck(a journal.Attempt) bool {
	return slices.ContainsFunc(a.Rules, func(h journal.RuleHit) bool { return h.State == journal.RuleInjected })
}
