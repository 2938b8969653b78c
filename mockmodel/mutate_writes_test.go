package mockmodel

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/wire"
)

// reads are what a caller gets of a body read by read: what is written at
// another instant is another read.
func (g *rig) reads(q ask) (out []string, r reply) {
	g.t.Helper()
	resp, err := g.client.Do(g.request(context.Background(), q))
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	r = reply{status: resp.StatusCode, header: resp.Header}
	buf := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			out = append(out, string(buf[:n]))
			r.body += string(buf[:n])
		}
		if err != nil {
			if err != io.EOF {
				r.err = err
			}
			return out, r
		}
	}
}

// A write ends inside of a character, in every form of stream: what a caller
// reads at once is no UTF-8, all of it is, and the words are those of the answer.
func TestUTF8Split(t *testing.T) {
	for _, behind := range []int{1, 2, 3} {
		hit := rule(t, "utf8_split", func(f *faults.UTF8Split) { f.AfterTokens, f.Behind, f.Pause = ptr(3), behind, 50*time.Millisecond })
		for _, w := range streamWires {
			w.ask.id = framesID
			// Each behind the other, and at once: who sends the former does not wait.
			virtual(t, framesModels(40, float64(20*(behind-1))), []faults.Rule{hit}, func(g *rig) {
				reads, r := g.reads(w.ask)
				broken := 0
				for _, x := range reads {
					if strings.HasSuffix(x, faults.Character[:behind]) {
						broken++
					}
				}
				text := strings.Join(eventTexts(r, w.text), "")
				if broken != 1 || !utf8.ValidString(text) || strings.Count(text, faults.Character) != 1 || r.err != nil {
					t.Errorf("%s, behind %d bytes: %d reads end there, of %d: %q", w.name, behind, broken, len(reads), text)
				}
				rec := g.last()
				if found := foundIn(text); found != 0 || !strings.Contains(text, " qzx") || states(rec) != "utf8_split:injected(mutation)" || rec.TokensEmitted != 40 {
					t.Errorf("%s: %s, %d tokens, the watermarks say %q", w.name, states(rec), rec.TokensEmitted, found)
				}
			})
		}
	}
}

// A character is split over two pieces, in every form of stream. With the
// character taken out the words are those of the answer.
func TestUTF8TokenSplit(t *testing.T) {
	for _, c := range []struct{ as, first, second string }{
		{"replacement", "\ufffd", "\ufffd"}, {"surrogates", `\ud83d`, `\ude42`},
	} {
		hit := rule(t, "utf8_token_split", func(f *faults.UTF8TokenSplit) { f.AfterTokens, f.Every, f.As = ptr(2), 1, c.as })
		for _, w := range streamWires {
			w.ask.id = framesID
			virtual(t, framesModels(70, 0), []faults.Rule{hit}, func(g *rig) {
				r := g.send(w.ask)
				pieces := eventTexts(r, w.text)
				for i, p := range pieces {
					// A lone surrogate is U+FFFD to who decodes each string alone.
					begins, ends := strings.HasPrefix(p, "\ufffd"), strings.HasSuffix(p, "\ufffd")
					if begins != (i > 2) || ends != (i >= 2 && i < len(pieces)-1) {
						t.Errorf("%s, %s: piece %d of %d is %q", c.as, w.name, i, len(pieces), p)
					}
				}
				if n := strings.Count(r.body, c.first+`"`); n != 67 || strings.Count(r.body, `"`+c.second) != 67 {
					t.Errorf("%s, %s: %d first halves: %s", c.as, w.name, n, r.body)
				}
				rec := g.last()
				text := strings.Join(pieces, "")
				if found := foundIn(text); found != 0 || len(codec.FindMarks([]byte(text))) != 3 || states(rec) != "utf8_token_split:injected(mutation)" {
					t.Errorf("%s, %s: %s, the watermarks say %q", c.as, w.name, states(rec), found)
				}
				if w.name == "bedrock" {
					checkEventSums(t, r.body)
				}
				if w.name == "openai responses" && strings.Count(r.body, faults.Character) != 4*67 {
					t.Errorf("the events that repeat it have %d whole characters", strings.Count(r.body, faults.Character))
				}
			})
		}
	}
}

// An answer of the plan is hit where it has a character of its own, and is not changed.
func TestCharactersOfThePlan(t *testing.T) {
	for _, c := range []struct {
		fault, text string
		hit         bool
	}{
		{"utf8_split", "plain words and no more of them than that", false},
		{"utf8_split", "some words, and then a café", true},
		{"utf8_token_split", "plain words and no more of them than that", false},
		{"utf8_token_split", "abcé efgh ijkl", true},
	} {
		config := framesModels(1, 100)
		config.Answers = []Answer{{Text: c.text}}
		hit := rule[faults.Fault](t, c.fault, func(f faults.Fault) {
			switch f := f.(type) {
			case *faults.UTF8Split:
				f.AfterTokens = ptr(0)
			case *faults.UTF8TokenSplit:
				f.AfterTokens, f.As = ptr(0), "replacement"
			}
		})
		onSocket(t, config, []faults.Rule{hit}, func(g *rig) {
			reads, r := g.reads(ask{path: chatPath, body: chat("gpt-4o", streamed)})
			want, state := c.text, c.fault+":missed(mutation)"
			if c.hit {
				state = c.fault + ":injected(mutation)"
			}
			if c.hit && c.fault == "utf8_token_split" {
				want = strings.ReplaceAll(want, "é", "\ufffd\ufffd")
			}
			if got := textOf(t, r.body, true); got != want || states(g.last()) != state {
				t.Errorf("%s of %q: %q, %d reads", c.fault, c.text, got, len(reads))
			}
		})
	}
}

// Where writes end in frames, per form of stream. The bytes are those of the
// healthy stream.
func TestFrameSplit(t *testing.T) {
	for _, c := range []struct {
		where string
		ends  map[string][]string // reads that end so and are no whole frame
	}{
		{"head", map[string][]string{"openai": {"da"}, "anthropic": {"\nda"}, "gemini events": {"da"}, "gemini array": {"[{\"", ",\r\n"}, "ollama": {"{\"m"}, "bedrock": {"\x00\x00\x00"}}},
		{"tail", map[string][]string{"openai": {"}\n"}, "anthropic": {"}\n"}, "gemini events": {"}\r", "\n", "\r"}, "gemini array": {"}"}, "ollama": {"}"}}},
	} {
		hit := rule(t, "frame_split", func(f *faults.FrameSplit) { f.Where, f.Pause = c.where, 50*time.Millisecond })
		for _, w := range streamWires {
			w.ask.id = framesID
			var healthy string
			config := framesModels(3, 0)
			virtual(t, config, nil, func(g *rig) { healthy = g.send(w.ask).body })
			virtual(t, config, []faults.Rule{hit}, func(g *rig) {
				reads, r := g.reads(w.ask)
				if r.body != healthy {
					t.Errorf("%s, %s:\n got %q\nwant %q", c.where, w.name, r.body, healthy)
				}
				for _, end := range c.ends[w.name] {
					n := 0
					for _, x := range reads {
						if strings.HasSuffix(x, end) {
							n++
						}
					}
					if n == 0 || len(reads) < 4 {
						t.Errorf("%s, %s: no read of %d ends with %q: %q", c.where, w.name, len(reads), end, reads)
					}
				}
				if states(g.last()) != "frame_split:injected(mutation)" || r.err != nil {
					t.Errorf("%s, %s: %v", c.where, w.name, r.err)
				}
			})
		}
	}
}

// Forms of an event stream that few servers write: a parser that keeps to the
// standard reads the same events.
func TestFrameForms(t *testing.T) {
	for _, c := range []struct {
		form string
		is   func(body string) bool
	}{
		{"cr", func(b string) bool { return !strings.Contains(b, "\n") && strings.HasSuffix(b, "\r\r") }},
		{"crlf", func(b string) bool {
			return strings.Count(b, "\r\n") == strings.Count(b, "\n") && strings.HasSuffix(b, "\r\n\r\n")
		}},
		{"no_space", func(b string) bool {
			return !strings.Contains(b, "data: ") && !strings.Contains(b, "event: ") && strings.Contains(b, "data:")
		}},
		{"multi_line", func(b string) bool {
			return strings.Contains(b, "data: {\ndata: \"") || strings.Contains(b, "data: {\r\ndata: \"")
		}},
		{"bom", func(b string) bool {
			return strings.HasPrefix(b, "\xef\xbb\xbf") && strings.Count(b, "\xef\xbb\xbf") == 1
		}},
	} {
		hit := rule(t, "frame_split", func(f *faults.FrameSplit) { f.Where, f.Form = "none", c.form })
		for _, w := range streamWires {
			w.ask.id = framesID
			var healthy string
			virtual(t, framesModels(5, 10), nil, func(g *rig) { healthy = g.send(w.ask).body })
			virtual(t, framesModels(5, 10), []faults.Rule{hit}, func(g *rig) {
				r := g.send(w.ask)
				rec := g.last()
				if !strings.Contains(r.header.Get("Content-Type"), "event-stream") || w.name == "bedrock" {
					if r.body != healthy || states(rec) != "frame_split:missed(mutation)" {
						t.Errorf("%s, %s: %s", c.form, w.name, states(rec))
					}
					return
				}
				miss := c.form == "crlf" && w.name == "gemini events"
				if !c.is(r.body) || states(rec) != "frame_split:injected(mutation)" && !miss {
					t.Errorf("%s, %s: %s %q", c.form, w.name, states(rec), r.body)
				}
				got, want := scanned(t, r.body), scanned(t, healthy)
				if c.form == "multi_line" {
					got = strings.ReplaceAll(got, "{\n\"", "{\"")
				}
				if got != want {
					t.Errorf("%s, %s:\n got %s\nwant %s", c.form, w.name, got, want)
				}
			})
		}
	}
}

// scanned is a stream as a parser that keeps to the standard reads it.
func scanned(t *testing.T, body string) string {
	t.Helper()
	var b bytes.Buffer
	for s := wire.NewScanner(strings.NewReader(body), 1<<20); ; {
		f, err := s.Next()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(f.Event + "|" + f.Data + "\x01")
	}
}

// Events wait for each other and come in one write; none is lost, whatever ends
// the stream.
func TestFrameCoalesce(t *testing.T) {
	hit := rule(t, "frame_coalesce", func(f *faults.FrameCoalesce) { f.Events = 5 })
	for _, w := range streamWires {
		w.ask.id = framesID
		var healthy string
		virtual(t, framesModels(20, 10), nil, func(g *rig) { healthy = g.send(w.ask).body })
		virtual(t, framesModels(20, 10), []faults.Rule{hit}, func(g *rig) {
			reads, r := g.reads(w.ask)
			if r.body != healthy || r.err != nil || states(g.last()) != "frame_coalesce:injected(mutation)" {
				t.Errorf("%s: %s", w.name, r.body)
			}
			if len(reads) < 4 || len(reads) > 9 {
				t.Errorf("%s: %d reads", w.name, len(reads))
			}
		})
	}
	virtual(t, framesModels(1, 0), []faults.Rule{hit}, func(g *rig) {
		g.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
		if states(g.last()) != "frame_coalesce:missed(mutation)" {
			t.Error("an answer at once of fewer events has nothing to wait for")
		}
	})
	cut := rule(t, "conn_reset_mid", func(f *faults.Cut) { f.AfterTokens = ptr(6) })
	virtual(t, framesModels(20, 10), []faults.Rule{hit, cut}, func(g *rig) {
		r := g.send(ask{path: chatPath, body: chat("gpt-4o", streamed)})
		if n := len(eventTexts(r, streamWires[0].text)); n != 6 || states(g.last()) != "frame_coalesce:injected(mutation) conn_reset_mid:injected(ending@6)" {
			t.Errorf("%d pieces before the cut: %s", n, states(g.last()))
		}
	})
}

// On a socket too a caller reads what ends in the middle. One read at least does,
// however busy the machine is.
func TestSplitWritesOnASocket(t *testing.T) {
	for _, c := range []struct {
		rule faults.Rule
		end  string
	}{
		{rule(t, "utf8_split", func(f *faults.UTF8Split) { f.AfterTokens, f.Every = ptr(1), 6 }), faults.Character[:2]},
		{rule(t, "frame_split", func(f *faults.FrameSplit) { f.Where, f.Pause = "head", 20*time.Millisecond }), "da"},
		{rule(t, "frame_split", func(f *faults.FrameSplit) { f.Where, f.Pause = "tail", 20*time.Millisecond }), "}\n"},
	} {
		onSocket(t, framesModels(40, 0), []faults.Rule{c.rule}, func(g *rig) {
			reads, r := g.reads(ask{path: chatPath, body: chat("gpt-4o", streamed), id: framesID})
			n := 0
			for _, x := range reads {
				if strings.HasSuffix(x, c.end) && !strings.HasSuffix(x, "\n\n") {
					n++
				}
			}
			if n == 0 || foundIn(textOf(t, r.body, true)) != 0 {
				t.Errorf("%s: none of %d reads ends with %q", c.rule.Fault.Name(), len(reads), c.end)
			}
		})
	}
}

// A pause of one stream is none of the others: it is not the pacer that waits.
func TestAPauseDelaysNobodyElse(t *testing.T) {
	hit := rule(t, "utf8_split", func(f *faults.UTF8Split) { f.AfterTokens, f.Pause = ptr(3), 10*time.Second }, func(r *faults.Rule) { r.Match.Tenant = "t1" })
	virtual(t, framesModels(20, 10), []faults.Rule{hit}, func(g *rig) {
		var done sync.WaitGroup
		for i := range 1 + runtime.GOMAXPROCS(0) { // two of a pacer at least
			tenant := "t2"
			if i == 0 {
				tenant = "t1"
			}
			done.Go(func() {
				r := g.send(ask{path: chatPath, body: chat("gpt-4o", streamed), id: wire.ID{Phase: "warm", Index: int64(i), Tenant: tenant}})
				if late := r.at > 3*time.Second; late != (i == 0) {
					t.Errorf("stream %d of %s ended after %s", i, tenant, r.at)
				}
			})
			synctest.Wait()
		}
		done.Wait()
	})
}
