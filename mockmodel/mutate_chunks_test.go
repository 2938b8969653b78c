package mockmodel

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// streamWires are the forms of stream, and how the text of an event is found.
var streamWires = []struct {
	name string
	ask  ask
	text func(event doc) string
}{
	{"openai", ask{path: chatPath, body: chat("gpt-4o", streamed)}, func(e doc) string { return e.get("choices").first().get("delta").get("content").text() }},
	{"openai responses", ask{path: responsesPath, body: respond("gpt-4o", streamed)}, func(e doc) string { return e.get("delta").text() }},
	{"azure", ask{path: azureChat + azureDated, body: azureStreams}, func(e doc) string { return e.get("choices").first().get("delta").get("content").text() }},
	{"anthropic", ask{path: messagesPath, body: chat("gpt-4o", `,"max_tokens":1000`+streamed)}, func(e doc) string { return e.get("delta").get("text").text() }},
	{"gemini events", ask{path: geminiEvents, body: geminiAsk("")}, geminiTextOf},
	{"gemini array", ask{path: geminiList, body: geminiAsk("")}, geminiTextOf},
	{"ollama", ask{path: "/api/chat", body: ollamaAsk("")}, func(e doc) string { return e.get("message").get("content").text() }},
	{"bedrock", ask{path: bedrockStream, body: bedrockAsk("")}, func(e doc) string { return e.get("delta").get("text").text() }},
}

func geminiTextOf(e doc) string {
	return e.get("candidates").first().get("content").get("parts").first().get("text").text()
}

// eventTexts takes the pieces of text out of a stream, those of events with none left out.
func eventTexts(r reply, text func(doc) string) (out []string) {
	var events []doc
	for _, f := range framesOf(r.header.Get("Content-Type"), r.body) {
		if doc(f).kind() == '[' {
			for e := range doc(f).items {
				events = append(events, e)
			}
			continue
		}
		events = append(events, doc(f))
	}
	for _, e := range events {
		if s := text(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// framesModels are models that say n tokens at once, or one each second.
func framesModels(n int, rate float64) Config {
	var c Config
	for _, name := range []string{"gpt-4o", "gemini-2.5-flash", "llama3.2", claudeOnBedrock} {
		c.Models = append(c.Models, model(name, 0, rate, n))
	}
	return c
}

var framesID = wire.ID{Phase: "warm", Index: 1, Tenant: "t1"}

// cumulated is what pieces become when each says all before it too.
func cumulated(pieces []string) (out []string) {
	all := ""
	for _, p := range pieces {
		all += p
		out = append(out, all)
	}
	return out
}

// What each fault makes of the pieces of a stream, in every form of stream, and
// what the watermarks say of the text that a user puts together from them.
func TestChunks(t *testing.T) {
	tenth := func(f *faults.Chunk) { f.AfterTokens = ptr(9) } // the first piece is a token, as all are at this rate
	last := func(f *faults.Chunk) { f.AfterTokens = ptr(69) }
	thirds := func(f *faults.Chunk) { f.AfterTokens, f.Every = ptr(1), 3 }
	for _, c := range []struct {
		name string
		rule faults.Rule
		want func(p []string) []string
		seen wire.Finding // at least one of these
		miss bool
	}{
		{"the tenth piece twice", rule(t, "chunk_duplicate", tenth), func(p []string) []string {
			return append(append(append([]string{}, p[:10]...), p[9]), p[10:]...)
		}, wire.FoundEdited, false},
		{"each third piece twice", rule(t, "chunk_duplicate", thirds), func(p []string) (out []string) {
			for i, s := range p {
				if out = append(out, s); i%3 == 1 {
					out = append(out, s)
				}
			}
			return out
		}, wire.FoundEdited | wire.FoundDuplicated, false},
		{"the tenth piece lost", rule(t, "chunk_lost", tenth), func(p []string) []string {
			return append(append([]string{}, p[:9]...), p[10:]...)
		}, wire.FoundEdited, false},
		{"the last piece lost", rule(t, "chunk_lost", last), func(p []string) []string { return p[:69] }, wire.FoundCut, false},
		{"the tenth piece behind the next", rule(t, "chunk_reorder", tenth), func(p []string) []string {
			return append(append(append([]string{}, p[:9]...), p[10], p[9]), p[11:]...)
		}, wire.FoundEdited, false},
		{"each piece with all before it", plain(t, "chunk_cumulative"), cumulated, wire.FoundDuplicated | wire.FoundReordered, false},
		{"no piece has a piece behind the last to swap with", rule(t, "chunk_reorder", last), func(p []string) []string { return p }, 0, true},
		{"a piece behind the end", rule(t, "chunk_lost", func(f *faults.Chunk) { f.AfterTokens = ptr(70) }), func(p []string) []string { return p }, 0, true},
	} {
		for _, w := range streamWires {
			var healthy []string
			w.ask.id = framesID
			config := framesModels(70, 1)
			virtual(t, config, nil, func(g *rig) { healthy = eventTexts(g.send(w.ask), w.text) })
			if len(healthy) != 70 {
				t.Fatalf("%s: %d pieces", w.name, len(healthy))
			}
			virtual(t, config, []faults.Rule{c.rule}, func(g *rig) {
				r := g.send(w.ask)
				got, want := eventTexts(r, w.text), c.want(healthy)
				if said, meant := withoutMarks(strings.Join(got, "|")), withoutMarks(strings.Join(want, "|")); said != meant || r.err != nil {
					t.Errorf("%s, %s: %v\n got %s\nwant %s", c.name, w.name, r.err, said, meant)
				}
				rec := g.last()
				state := c.rule.Fault.Name() + ":injected(mutation)"
				if c.miss {
					state = c.rule.Fault.Name() + ":missed(mutation)"
				}
				if states(rec) != state {
					t.Errorf("%s, %s: %s", c.name, w.name, states(rec))
				}
				if found := foundIn(strings.Join(got, "")); found&c.seen == 0 && !c.miss || c.miss && found != 0 {
					t.Errorf("%s, %s: the watermarks say %q", c.name, w.name, found)
				}
				if strings.HasPrefix(w.name, "bedrock") {
					checkEventSums(t, r.body)
				}
			})
		}
	}
}

// withoutMarks takes the marks out: a piece held back has a mark of another instant.
func withoutMarks(text string) string {
	marks := codec.FindMarks([]byte(text))
	for i := len(marks) - 1; i >= 0; i-- {
		end := marks[i].Off + len(codec.Mark(marks[i].Mark))
		text = text[:marks[i].Off] + "MARK" + text[end:]
	}
	return text
}

// foundIn is what the watermarks of a text say of it.
func foundIn(text string) (found wire.Finding) {
	m := codec.NewMarks()
	m.Write([]byte(text))
	for _, a := range m.Summary() {
		found |= a.Found
	}
	return found
}

// checkEventSums reads frames of Bedrock's as a client does: lengths and both sums.
func checkEventSums(t *testing.T, stream string) {
	t.Helper()
	for b := []byte(stream); len(b) > 0; {
		n := int(binary.BigEndian.Uint32(b))
		if n < eventPrelude+eventSum || n > len(b) {
			t.Fatalf("a frame of %d bytes, %d are left", n, len(b))
		}
		if crc32.ChecksumIEEE(b[:8]) != binary.BigEndian.Uint32(b[8:]) || crc32.ChecksumIEEE(b[:n-eventSum]) != binary.BigEndian.Uint32(b[n-eventSum:]) {
			t.Errorf("the sums of a frame are wrong: %q", b[:n])
		}
		b = b[n:]
	}
}

// An event that is sent twice is so byte for byte, and the Responses API's
// numbers show what was lost or swapped.
func TestChunksBySequenceNumber(t *testing.T) {
	for _, c := range []struct{ fault, want string }{
		{"chunk_duplicate", "4 5 5 6"}, {"chunk_lost", "4 6 7 8"}, {"chunk_reorder", "4 6 5 7"},
	} {
		virtual(t, framesModels(20, 1), []faults.Rule{rule(t, c.fault, func(f *faults.Chunk) { f.AfterTokens = ptr(1) })}, func(g *rig) {
			r := g.send(ask{path: responsesPath, body: respond("gpt-4o", streamed)})
			var numbers []string
			for _, f := range framesOf("text/event-stream", r.body) {
				if doc(f).get("type").text() == "response.output_text.delta" {
					numbers = append(numbers, string(doc(f).get("sequence_number")))
				}
			}
			if got := strings.Join(numbers[:4], " "); got != c.want {
				t.Errorf("%s: %s, want %s", c.fault, got, c.want)
			}
			if c.fault == "chunk_duplicate" {
				events := strings.SplitAfter(r.body, "\n\n")
				if events[5] != events[6] {
					t.Errorf("%q is not %q", events[6], events[5])
				}
			}
		})
	}
}

// What is hit is a token, however many go together elsewhere.
func TestChunkPositionsAreThoseOfTokens(t *testing.T) {
	for _, rate := range []float64{0, 10, 1000} {
		var healthy, hit string
		config := framesModels(100, rate)
		q := ask{path: chatPath, body: chat("gpt-4o", streamed), id: framesID}
		virtual(t, config, nil, func(g *rig) { healthy = textOf(t, g.send(q).body, true) })
		virtual(t, config, []faults.Rule{rule(t, "chunk_lost", func(f *faults.Chunk) { f.AfterTokens = ptr(17) })}, func(g *rig) {
			hit = textOf(t, g.send(q).body, true)
			if states(g.last()) != "chunk_lost:injected(mutation)" {
				t.Error("not injected")
			}
		})
		healthy, hit = withoutMarks(healthy), withoutMarks(hit)
		at := len("MARK ") + 17*tokenBytes
		if hit[:at] != healthy[:at] || hit[at:] != healthy[at+tokenBytes:] {
			t.Errorf("at %v tokens per second:\n%s\n%s", rate, healthy, hit)
		}
	}
}

// A caller who leaves before the piece has not met the fault, nor has one whose
// answer another rule cuts before it.
func TestChunksThatNobodySaw(t *testing.T) {
	cut := rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(10) })
	for _, c := range []struct {
		fault string
		after int
		want  string
	}{
		{"chunk_duplicate", 9, "injected"}, {"chunk_duplicate", 10, "missed"},
		{"chunk_lost", 8, "injected"}, {"chunk_reorder", 8, "injected"}, {"chunk_reorder", 9, "missed"},
	} {
		hit := rule(t, c.fault, func(f *faults.Chunk) { f.AfterTokens = &c.after })
		virtual(t, framesModels(20, 10), []faults.Rule{hit, cut}, func(g *rig) {
			g.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
			if got := states(g.last()); got != c.fault+":"+c.want+"(mutation) eof_no_done:injected(ending@10)" {
				t.Errorf("%s after %d: %s", c.fault, c.after, got)
			}
		})
	}
}

// A text of a megabyte is not said again and again: the stream stays bounded.
func TestCumulativeIsBounded(t *testing.T) {
	frame := []byte(strings.Repeat("a", 20<<10))
	a := &attempt{desk: new(desk), effect: faults.Effect{Mutation: &faults.Mutation{Kind: faults.MutationChunkCumulative}}}
	p := part{script: script{tokens: 1000}}
	a.ans = answer{parts: []part{p}, choices: 1, id: strings.Repeat("x", 24)}
	for i := range 100 {
		a.buf = frame
		a.out.reset()
		a.sayDelta(&ollamaChat{}, piece{part: &a.ans.parts[0], from: i, to: i + 1})
		if n := bytes.Count(a.out.buf, frame); n > cumulateMax/len(frame)+2 {
			t.Fatalf("piece %d says %d of them", i, n)
		}
	}
}
