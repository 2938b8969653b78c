package mockmodel

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

// Every position of cut that a body in one piece has, with every ending, over real
// sockets: the length that was promised is that of the whole body, and what comes
// is its beginning.
func TestEveryCutOfABody(t *testing.T) {
	type tail struct{ escaped, raw string }
	both := func(s string) tail { return tail{s, s} }
	positions := []struct {
		name  string
		set   func(*faults.AnyCut)
		tools bool
		chat  bool // elsewhere there is none
		ends  tail // how the body ends, behind what the nth rule says
		text  int  // bytes of text before that; -1: it is not in the text
	}{
		{"twenty bytes", func(f *faults.AnyCut) { f.AfterBytes = ptr(20) }, false, false, tail{}, -1},
		{"three tokens", func(f *faults.AnyCut) { f.AfterTokens = ptr(3) }, false, true, tail{}, 12},
		{"in a character", func(f *faults.AnyCut) { f.Inside = faults.InsideCodePoint }, false, true, both(faults.Character[:2]), 0},
		{"in a character behind bytes", func(f *faults.AnyCut) { f.Inside, f.AfterBytes = faults.InsideCodePoint, ptr(20) }, false, true, both(faults.Character[:2]), 0},
		{"in a character behind tokens", func(f *faults.AnyCut) { f.Inside, f.AfterTokens = faults.InsideCodePoint, ptr(3) }, false, true, both(faults.Character[:2]), 12},
		{"in arguments", func(f *faults.AnyCut) { f.Inside = faults.InsideToolArguments }, true, true, tail{`{\"by\":\"custo`, `{"by":"custo`}, -1},
	}
	for _, w := range faultWires {
		if w.stream || w.dialect == httpDialect {
			continue
		}
		whole := map[bool]string{}
		for _, tools := range []bool{false, true} {
			onSocket(t, cutConfig(), nil, func(g *rig) { whole[tools] = string(masked([]byte(g.send(cutAsk(w, tools)).body))) })
		}
		for _, p := range positions {
			if p.chat && w.kind != "chat" {
				continue
			}
			for _, ending := range []string{"eof", "reset", "stall", "half_open"} {
				t.Run(w.file+"/"+p.name+"/"+ending, func(t *testing.T) {
					f := newCut(t, ending, p.set)
					onSocket(t, cutConfig(), []faults.Rule{{Fault: f}}, func(g *rig) {
						x := g.cutOff(cutAsk(w, p.tools), ending)
						body := string(masked(x.body))
						end := p.ends.escaped
						if strings.HasSuffix(body, p.ends.raw) {
							end = p.ends.raw
						}
						before, found := strings.CutSuffix(body, end)
						switch {
						case !strings.HasPrefix(states(x.rec), "cut:injected(ending@"):
							t.Errorf("on record as %s", states(x.rec))
						case x.promised <= len(x.body):
							t.Errorf("%d bytes of %d promised", len(x.body), x.promised)
						case p.text < 0 && end == "" && len(x.body) != 20:
							t.Errorf("%d bytes: %s", len(x.body), body)
						case !found || end == faults.Character[:2] && !strings.HasPrefix(whole[p.tools], before) || end != faults.Character[:2] && !strings.HasPrefix(whole[p.tools], body):
							t.Errorf("no beginning of the whole, or no end as promised: %q", body)
						case p.text >= 0 && before[len(before)-p.text-1] != '"':
							t.Errorf("not behind %d bytes of text: %q", p.text, body)
						}
					})
				})
			}
		}
	}
}

// What an answer does not have cannot be cut in two: the attempt is a miss, and
// its answer whole. What the plan has it say is cut where it has it.
func TestCutsThatFindNothing(t *testing.T) {
	config := faultConfig()
	say := func(prompt, text string) {
		config.Answers = append(config.Answers, Answer{When: When{Contains: prompt}, Text: text})
	}
	say("say plain", "Plain words and no more of them.")
	say("say accent", "Un café, et une crêpe.")
	config.Answers = append([]Answer{{When: When{Contains: "call now"}, ToolCalls: []ToolCall{{Name: "now"}}}}, config.Answers...)
	asks := func(prompt, more string) string {
		return fmt.Sprintf(`{"model":"gpt-4o","messages":[{"role":"user","content":%q}]%s}`, prompt, more)
	}
	call := givenOpenAITools
	in := func(inside faults.Inside, more ...func(*faults.AnyCut)) func(*faults.AnyCut) {
		return func(f *faults.AnyCut) {
			f.Inside = inside
			for _, m := range more {
				m(f)
			}
		}
	}
	behind := func(tokens int) func(*faults.AnyCut) { return func(f *faults.AnyCut) { f.AfterTokens = &tokens } }
	error := func(f *faults.AnyCut) { f.Ending = faults.EndingInStreamError }
	for _, c := range []struct {
		name, path, body string
		set              func(*faults.AnyCut)
		ends             string // of the body; "": it is whole, and a miss
	}{
		{"no tool is called", chatPath, asks("x", ""), in(faults.InsideToolArguments), ""},
		{"no tool is called in a stream", chatPath, asks("x", streamed), in(faults.InsideToolArguments), ""},
		{"text without such a character", chatPath, asks("say plain", ""), in(faults.InsideCodePoint), ""},
		{"a stream of it", chatPath, asks("say plain", streamed), in(faults.InsideCodePoint), ""},
		{"text with one", chatPath, asks("say accent", ""), in(faults.InsideCodePoint), "Un caf\xc3"},
		{"a stream of it", chatPath, asks("say accent", streamed), in(faults.InsideCodePoint), "f\xc3"},
		{"the second one", chatPath, asks("say accent", ""), in(faults.InsideCodePoint, behind(3)), "une cr\xc3"},
		{"the second one of a stream", chatPath, asks("say accent", streamed), in(faults.InsideCodePoint, behind(3)), "cr\xc3"},
		{"behind the second one", chatPath, asks("say accent", streamed), in(faults.InsideCodePoint, behind(5)), ""},
		{"behind all of it", chatPath, asks("say accent", ""), in(faults.InsideCodePoint, behind(100)), ""},
		{"behind all of a stream", chatPath, asks("x", streamed), in(faults.InsideCodePoint, behind(100)), ""},
		{"vectors", "/v1/embeddings", `{"model":"text-embedding-3-small","input":"x","dimensions":4}`, in(faults.InsideCodePoint), ""},
		{"arguments of two bytes", chatPath, asks("call now", call), in(faults.InsideToolArguments), `"arguments":"{`},
		{"in a stream", chatPath, asks("call now", call+streamed), in(faults.InsideToolArguments), `"arguments":"{`},
		{"an error cannot stand in them", chatPath, asks("call now", call+streamed), in(faults.InsideToolArguments, error), ""},
		{"the second call", chatPath, asks("x", call+streamed), in(faults.InsideToolArguments, behind(7)), `{"index":1,"function":{"arguments":"{`},
		{"the second call of a body", chatPath, asks("x", call), in(faults.InsideToolArguments, behind(7)), `"name":"now","arguments":"{`},
		{"behind both", chatPath, asks("x", call), in(faults.InsideToolArguments, behind(20)), ""},
		{"of two answers", chatPath, asks("x", `,"n":2`+streamed), in(faults.InsideCodePoint), "\"content\":\"\xf0\x9f"},
		{"of two bodies", chatPath, asks("x", `,"n":2`), in(faults.InsideCodePoint), "\"content\":\"\xf0\x9f"},
	} {
		virtual(t, config, []faults.Rule{{Fault: newCut(t, "eof", c.set)}}, func(g *rig) {
			r := g.send(ask{path: c.path, body: c.body})
			state := states(g.last())
			switch {
			case c.ends == "" && (!strings.HasPrefix(state, "cut:missed(") || !strings.HasSuffix(r.body, "}") && !strings.HasSuffix(r.body, "data: [DONE]\n\n") || r.err != nil || strings.Contains(r.body, faults.Character)):
				t.Errorf("%s: %s, %v, %q", c.name, state, r.err, r.body)
			case c.ends != "" && (!strings.HasPrefix(state, "cut:injected(") || !strings.HasSuffix(r.body, c.ends)):
				t.Errorf("%s: %s, %q", c.name, state, r.body)
			}
		})
	}
}

// A text that was cut has no mark of its end, and its bill is for what was sent.
func TestCutTextLacksItsEnd(t *testing.T) {
	for _, w := range faultWires {
		if w.kind != "chat" || w.dialect == httpDialect || w.ask.path == realtimePath {
			continue
		}
		for name, set := range map[string]func(*faults.AnyCut){
			"":               nil,
			"tokens":         func(f *faults.AnyCut) { f.AfterTokens = ptr(5) },
			"in a character": func(f *faults.AnyCut) { f.Inside, f.AfterTokens = faults.InsideCodePoint, ptr(5) },
		} {
			var rules []faults.Rule
			if set != nil {
				rules = []faults.Rule{{Fault: newCut(t, "reset", set)}}
			}
			virtual(t, faultConfig(), rules, func(g *rig) {
				r := g.send(cutAsk(w, false))
				rec := g.last()
				ended := slices.ContainsFunc(codec.FindMarks([]byte(r.body)), func(m wire.Found) bool { return m.End })
				if marks := codec.FindMarks([]byte(r.body)); len(marks) == 0 || ended != (set == nil) {
					t.Errorf("%s %s: marks %+v", w.file, name, marks)
				}
				if want := map[bool]int{true: 5, false: 12}[w.stream && set != nil]; rec.TokensEmitted != want {
					t.Errorf("%s %s: %d tokens on the bill, want %d", w.file, name, rec.TokensEmitted, want)
				}
			})
		}
	}
}

// TestCutsInTwo holds the bytes of what is cut in two, in the forms of all
// dialects; a realtime session's messages are whole.
func TestCutsInTwo(t *testing.T) {
	for _, inside := range []faults.Inside{faults.InsideCodePoint, faults.InsideToolArguments} {
		f := newCut(t, "eof", func(f *faults.AnyCut) { f.Inside = inside })
		e, _ := faults.Lookup("cut")
		if inside == faults.InsideToolArguments {
			e.Name = "tool_" + e.Name // give it tools
		}
		e.Steps = []string{"chat"}
		for _, w := range wiresOf(e, f) {
			t.Run(string(inside)+"/"+w.file, func(t *testing.T) {
				onSocket(t, faultConfig(), []faults.Rule{{Fault: f}}, func(g *rig) {
					golden.Check(t, "cut/"+string(inside)+"/"+w.file+".txt", g.bytesOf(e, w))
				})
			})
		}
	}
}

// promisedIn returns the Content-Length of a head; -1: it has none.
func promisedIn(head []byte) int {
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(append(slices.Clone(head), "\r\n\r\n"...))), nil)
	if err != nil {
		return -1
	}
	return int(r.ContentLength)
}
