package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/mockmodel"
)

// What an official SDK of each dialect makes of every fault of the catalogue, is
// docs/faults-sdks.md for Go and docs/faults-sdks-npm.md for JavaScript: a new
// fault gets its lines with -update. The cells are faults_cell_test.go's.

// A met is an SDK of a page, with what is asked of it for a fault of each kind
// of step, a column each.
type met struct {
	sdk
	columns []column
}

// A column says what is asked for, by the kind of step that a fault strikes.
type column struct {
	title string
	asks  map[string]string
}

var (
	wholly   = column{"whole", map[string]string{"chat": "chat", "tool": "tool", "embed": "three"}}
	streamed = column{"streamed", map[string]string{"chat": "stream", "tool": "tool stream"}}
	response = column{"Responses", map[string]string{"chat": "response", "tool": "response tool"}}
	respond  = column{"Responses, streamed", map[string]string{"chat": "response stream", "tool": "response tool stream"}}
	// In a session all answers come in pieces.
	realtimeOnly = column{"a response", map[string]string{"chat": "realtime", "tool": "realtime tool"}}
	ranking      = column{"whole", map[string]string{"rerank": "rerank"}}
)

var metInGo = []met{
	{openAIGo, []column{wholly, streamed, response, respond}},
	{openAIGoRealtime, []column{realtimeOnly}},
	{openAIGoAzure, []column{wholly, streamed, response, respond}},
	{anthropicGo, []column{wholly, streamed}},
	{genAIGo, []column{wholly, streamed}},
	{ollamaGo, []column{wholly, streamed}},
	{bedrockGo, []column{wholly, streamed}},
	{cohereGo, []column{ranking}},
}

var metInNPM = []met{
	{openAINode, []column{wholly, streamed, response, respond}},
	{openAINodeRealtime, []column{realtimeOnly}},
	{anthropicNode, []column{wholly, streamed}},
	{genAINode, []column{wholly, streamed}},
	{vercel, []column{wholly, streamed, response, respond}},
	{vercelText, []column{{"streamed", map[string]string{"chat": "text stream"}}}},
	{langChain, []column{wholly, streamed, response, respond}},
}

// faultValues are parameters of the faults that need some, or need them in a
// dialect, or in a language: the mock before a node SDK is on real time, in
// which nothing may be as long as a silence.
var faultValues = map[string]func(faults.Fault){
	"tool_args_malformed gemini": wrongType, "tool_args_malformed ollama": wrongType, // their arguments are no text
	"wrong_model":     func(f faults.Fault) { f.(*faults.WrongModel).Model = "gpt-4o-mini" },
	"slow_headers":    func(f faults.Fault) { f.(*faults.SlowHeaders).By = 5 * time.Second }, // below patience: a tie is chance
	"slow_ttft":       func(f faults.Fault) { f.(*faults.SlowTTFT).By = 5 * time.Second },
	"trickle":         func(f faults.Fault) { f.(*faults.Trickle).Interval = time.Second },
	"cross_answer":    func(f faults.Fault) { f.(*faults.CrossAnswer).From = faults.FromAny }, // all calls have one API key
	"brownout":        func(f faults.Fault) { f.(*faults.Brownout).From = 0 },
	"frame_coalesce":  func(f faults.Fault) { f.(*faults.FrameCoalesce).Events = 2 }, // the answers are short
	"slow_headers js": func(f faults.Fault) { f.(*faults.SlowHeaders).By = 20 * time.Millisecond },
	"slow_ttft js":    func(f faults.Fault) { f.(*faults.SlowTTFT).By = 20 * time.Millisecond },
	"conn_refuse js":  func(f faults.Fault) { f.(*faults.ConnRefuse).For = time.Minute }, // its retries come at once
	"trickle js":      func(f faults.Fault) { f.(*faults.Trickle).Interval = 2 * time.Millisecond },
}

func wrongType(f faults.Fault) { f.(*faults.ToolArgsMalformed).Kind = "wrong_type" }

// TestFaultsSDKs holds the page of the SDKs for Go.
func TestFaultsSDKs(t *testing.T) {
	golden.Check(t, "../../../docs/faults-sdks.md", faultsPage(t, "official Go SDKs", "TestFaultsSDKs", metInGo,
		inRealtime+"Of the SDKs for JavaScript the same is in [faults-sdks-npm.md](faults-sdks-npm.md)."))
}

// TestFaultsSDKsNPM holds the page of the SDKs of npm.
func TestFaultsSDKsNPM(t *testing.T) {
	installed(t)
	golden.Check(t, "../../../docs/faults-sdks-npm.md", faultsPage(t, "official JavaScript SDKs", "TestFaultsSDKsNPM", metInNPM,
		inRealtime+"Of the SDKs for Go the same is in [faults-sdks.md](faults-sdks.md). `ai` is Vercel's AI SDK and `@langchain/openai` LangChain's: both come over the providers' own APIs, with retries of their own. The AI SDK is read by `fullStream`, whose parts tell of errors, and once by `textStream` alone, which tells of none. "+
			"What takes long is shortened here (slow_headers, slow_ttft, trickle): the mock is on real time, the SDK's timers are not."))
}

// faultsPage is a page: all SDKs at a glance, and each of them in words.
func faultsPage(t *testing.T, of, test string, all []met, more string) string {
	tables := make([][]row, len(all))
	t.Run("meet", func(t *testing.T) { // done when all are
		for i, m := range all {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				tables[i] = m.rows(t)
			})
		}
	})
	if slices.ContainsFunc(tables, func(rows []row) bool { return rows == nil }) {
		t.Skip("a page is about all of its SDKs, and not all were run")
	}
	var b strings.Builder
	fmt.Fprintf(&b, faultsSDKsIntro, of, test, more)
	b.WriteString("| fault |")
	for _, m := range all {
		fmt.Fprintf(&b, " %s |", m.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	for i, e := range faults.Catalogue() {
		fmt.Fprintf(&b, "| %s |", e.Name)
		for _, rows := range tables {
			fmt.Fprintf(&b, " %s |", rows[i].glance())
		}
		b.WriteString("\n")
	}
	for i, m := range all {
		m.write(&b, t, tables[i])
	}
	return b.String()
}

const inRealtime = "In a Realtime session a response that failed is an event like others, which the program has to read. "

const faultsSDKsIntro = `# What the %s make of each fault

Written by ` + "`go test -run %s -update`" + ` in mockmodel/conformance: each fault of the catalogue, with its default parameters where it has some,
in each call of an SDK with its own defaults, its retries included. %s

What a program is told is a success is its own to find, above all where it got less than the model said. In a table the faults with the worst cells come first:

- **part**, **nothing**: a success with less than the answer that would have come, or with none of it.
- **other**: a success with another answer. It may be one that no SDK could tell, such as another model's.
- **nearly**: a success with all words of the answer, and another end than it had, or other counts of tokens.
- **waits**: still waiting after 30 s, when its caller gave up. Some then return as if the answer had ended: that is a part or nothing, too.
- **raises**: an error, with its type and what its fields say.
- **whole**: the whole answer; it may well be late, or have cost several attempts.
- **-**: there is no such fault in the dialect, or in what is asked for here; **missed**: it found nothing to strike.

## At a glance

Of the calls of an SDK, the worst first: those for a whole answer, a stream and, where the SDK has them, Responses.

`

// write is the table of an SDK, the worst rows first.
func (m met) write(b *strings.Builder, t *testing.T, rows []row) {
	fmt.Fprintf(b, "\n## %s %s (%s)\n\n| fault |", m.name, m.version(t), m.dialect)
	for _, c := range m.columns {
		fmt.Fprintf(b, " %s |", c.title)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(m.columns)) + "\n")
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return int(a.worst() - b.worst()) })
	var none []string
	for _, r := range rows {
		if r.worst() == isNone {
			none = append(none, r.fault)
			continue
		}
		fmt.Fprintf(b, "| %s | %s |\n", r.fault, strings.Join(r.texts(), " | "))
	}
	if len(none) > 0 {
		fmt.Fprintf(b, "\nNot in this dialect, not in what is asked for here, or nothing to strike in it: %s.\n", strings.Join(none, ", "))
	}
}

// rows puts the SDK before every fault of the catalogue, and once for each of
// its calls before none.
func (m met) rows(t *testing.T) []row {
	if p := three[m.name]; p != nil {
		m.asks = append(slices.Clone(m.asks), ask{"three", p})
	}
	var scenes []scene
	at := map[string]int{} // scenes by their names
	add := func(sc scene) {
		if _, known := at[sc.name]; !known {
			at[sc.name] = len(scenes)
			scenes = append(scenes, sc)
		}
	}
	all := faults.Catalogue()
	for _, e := range all {
		for _, c := range m.columns {
			if struckBy, healthy, ok := m.scenesOf(e, c); ok {
				add(healthy)
				add(struckBy)
			}
		}
	}
	seen := m.meet(t, scenes)
	if m.language == "js" {
		m.patiently(t, scenes, seen)
	}
	out := make([]row, len(all))
	for i, e := range all {
		out[i] = row{fault: e.Name}
		for _, c := range m.columns {
			got := cell{}
			if struckBy, healthy, ok := m.scenesOf(e, c); ok {
				got = verdict(seen[at[struckBy.name]], seen[at[healthy.name]])
			}
			out[i].cells = append(out[i].cells, got)
		}
	}
	return out
}

// patiently puts a node SDK once more into each scene in which it waited: on a
// machine that is busy the mock may be as slow as if it had fallen silent. Who did
// not wait the second time, does not wait.
func (m met) patiently(t *testing.T, scenes []scene, got []seen) {
	var again []scene
	var at []int
	for i, s := range got {
		if s.calls[len(s.calls)-1].Waited {
			again, at = append(again, scenes[i]), append(at, i)
		}
	}
	for i, s := range m.meet(t, again) {
		if !s.calls[len(s.calls)-1].Waited {
			got[at[i]] = s
		}
	}
}

// scenesOf are the call of a column with a fault, and without; false: the fault
// strikes no call of it.
func (m met) scenesOf(e faults.Entry, c column) (struckBy, healthy scene, ok bool) {
	if e.Dialects != nil && !slices.Contains(e.Dialects, m.dialect) {
		return scene{}, scene{}, false
	}
	steps := e.Steps
	switch {
	case strings.HasPrefix(e.Name, "tool_"):
		steps = []string{"tool"}
	case steps == nil:
		steps = []string{"chat", "rerank"}
	}
	f := e.New()
	for _, name := range []string{e.Name, e.Name + " " + m.dialect, e.Name + " " + m.language} {
		if set := faultValues[name]; set != nil {
			set(f)
		}
	}
	in, some := f.(interface{ StreamOnly() bool })
	for _, step := range steps {
		name := c.asks[step]
		socket := strings.HasPrefix(name, "realtime")
		inPieces := strings.HasSuffix(name, "stream") || socket
		if socket && e.Sockets == faults.SocketNever || !socket && e.Sockets == faults.SocketOnly {
			continue
		}
		if name == "" || m.find(name) == nil || some && in.StreamOnly() && !inPieces {
			continue
		}
		healthy = scene{name: name, ask: name}
		if step == "tool" { // two calls, which a fault may mix up
			healthy.answers = twoCalls
		}
		if e.Name == "stale_answer" || e.Name == "cross_answer" { // of the call before
			healthy.name, healthy.calls, healthy.apart = name+" twice", 2, time.Second
		}
		struckBy = healthy
		struckBy.name, struckBy.fault, struckBy.cut = e.Name+" "+name, f, patience
		return struckBy, healthy, true
	}
	return scene{}, scene{}, false
}

var twoCalls = []mockmodel.Answer{{When: mockmodel.When{HasTool: toolName}, ToolCalls: []mockmodel.ToolCall{
	{Name: toolName, Arguments: map[string]any{"customer": "ann", "limit": 1}}, {Name: toolName, Arguments: map[string]any{"customer": "bob", "limit": 2}},
}}}
