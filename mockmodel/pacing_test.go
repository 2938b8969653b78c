package mockmodel

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// contents returns when each frame that carries text came.
func contents(frames []string, at []time.Duration) (out []time.Duration) {
	for i, f := range frames {
		if strings.Contains(f, `"content":"`) && !strings.Contains(f, `"content":""`) || strings.Contains(f, "text_delta") {
			out = append(out, at[i])
		}
	}
	return out
}

// Tokens come at absolute instants: ttft, then one every 1/rate. The end is one
// gap behind the last token.
func TestStreamPacing(t *testing.T) {
	for _, c := range []struct {
		path, more string
		last       int // frames behind the last token
	}{{chatPath, streamed, 2}, {messagesPath, streamed + `,"max_tokens":1000`, 3}} {
		virtual(t, Config{Models: []Model{model("m", 300*time.Millisecond, 100, 50)}}, nil, func(g *rig) {
			frames, at, err := g.arrivals(ask{path: c.path, body: chat("m", c.more)})
			if err != nil {
				t.Fatal(err)
			}
			tokens := contents(frames, at)
			if len(tokens) != 50 {
				t.Fatalf("%d frames of text, want one a token", len(tokens))
			}
			for i, got := range tokens {
				if want := 300*time.Millisecond + time.Duration(i)*10*time.Millisecond; got != want {
					t.Fatalf("%s: token %d at %v, want %v", c.path, i, got, want)
				}
			}
			for _, got := range at[len(at)-c.last:] {
				if want := 800 * time.Millisecond; got != want {
					t.Errorf("%s: end at %v, want %v", c.path, got, want)
				}
			}
			rec := g.last()
			if rec.FirstNs != int64(300*time.Millisecond) || rec.LastNs != int64(800*time.Millisecond) || rec.TokensPlanned != 50 || rec.TokensEmitted != 50 || rec.End != journal.AttemptComplete || rec.LateMaxNs != 0 {
				t.Errorf("record: %+v", rec)
			}
			if n := len(rec.Emitted); n > journal.EmittedMax || rec.Emitted[n-1].Tokens != 50 {
				t.Errorf("progress: %+v", rec.Emitted)
			}
		})
	}
}

// An answer in one piece comes when the stream would end, in one body.
func TestWholeAnswerPacing(t *testing.T) {
	virtual(t, Config{Models: []Model{model("m", 300*time.Millisecond, 100, 50)}}, nil, func(g *rig) {
		r := g.send(ask{path: chatPath, body: chat("m", "")})
		if r.at != 800*time.Millisecond || r.status != 200 {
			t.Errorf("%d at %v", r.status, r.at)
		}
		if rec := g.last(); rec.HeaderNs != int64(800*time.Millisecond) || rec.FirstNs != rec.HeaderNs || rec.AdmittedNs != 0 {
			t.Errorf("record: %+v", rec)
		}
	})
}

// Calls that generate no tokens take the model's ttft, or 3 ms.
func TestLookupPacing(t *testing.T) {
	virtual(t, Config{Models: []Model{{Name: "slow", TTFT: ptr(20 * time.Millisecond)}}}, nil, func(g *rig) {
		if r := g.send(ask{path: "/v1/embeddings", body: `{"model":"e","input":"x","dimensions":2}`}); r.at != 3*time.Millisecond {
			t.Errorf("embedding at %v", r.at)
		}
		if r := g.send(ask{path: "/v1/rerank", body: `{"model":"slow","query":"x","documents":["y"]}`}); r.at != 23*time.Millisecond {
			t.Errorf("rerank at %v", r.at)
		}
		if r := g.send(ask{path: "/v1/search", body: `{"query":"x"}`}); r.at != 26*time.Millisecond {
			t.Errorf("search at %v", r.at)
		}
	})
}

// At high rates several tokens share an event, as many as come in 5 ms; the
// first token still comes alone and on time.
func TestFastStreamsShareEvents(t *testing.T) {
	for _, c := range []struct {
		rate          float64
		tokens, frame int
	}{{80, 20, 20}, {200, 20, 20}, {300, 21, 11}, {1000, 21, 5}, {0, 33, 3}} {
		virtual(t, Config{Models: []Model{model("m", 10*time.Millisecond, c.rate, c.tokens)}}, nil, func(g *rig) {
			frames, at, err := g.arrivals(ask{path: chatPath, body: chat("m", streamed)})
			if err != nil {
				t.Fatal(err)
			}
			got := contents(frames, at)
			if len(got) != c.frame || got[0] != 10*time.Millisecond {
				t.Errorf("%v tokens/s: %d frames of text, first at %v; want %d at 10ms", c.rate, len(got), got[0], c.frame)
			}
			if c.rate > 0 {
				if want := 10*time.Millisecond + time.Duration(c.tokens-1)*time.Duration(float64(time.Second)/c.rate); got[len(got)-1] != want {
					t.Errorf("%v tokens/s: last token at %v, want %v", c.rate, got[len(got)-1], want)
				}
			}
		})
	}
}

// A caller that stops reading is not the provider's lateness, and when it reads
// again the rest is on time: deadlines are absolute.
func TestSlowReaderIsNotLateness(t *testing.T) {
	virtual(t, Config{Models: []Model{model("m", 10*time.Millisecond, 200, 2000)}}, nil, func(g *rig) {
		resp, err := g.client.Do(g.request(context.Background(), ask{path: chatPath, body: chat("m", streamed)}))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		buf := make([]byte, 1)
		if _, err := resp.Body.Read(buf); err != nil {
			t.Fatal(err)
		}
		<-time.After(8 * time.Second) // virtual; the buffers fill up after about one second
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		if want := 10*time.Millisecond + 2000*5*time.Millisecond; g.elapsed() != want {
			t.Errorf("ended at %v, want %v", g.elapsed(), want)
		}
		if rec := g.last(); rec.LateMaxNs != 0 {
			t.Errorf("late by %v", time.Duration(rec.LateMaxNs))
		}
	})
}

// The request id says how long the answer is; max_tokens may cut it.
func TestOutputTokens(t *testing.T) {
	for _, c := range []struct {
		id, max int
		want    int
		finish  string
	}{{0, 0, 7, "stop"}, {30, 0, 30, "stop"}, {30, 10, 10, "length"}, {30, 30, 30, "stop"}, {30, 31, 30, "stop"}, {0, 3, 3, "length"}, {1, 0, 1, "stop"}, {129, 0, 129, "stop"}, {64, 0, 64, "stop"}} {
		virtual(t, Config{Models: []Model{instant("gpt-4o", 7)}}, nil, func(g *rig) {
			more := ""
			if c.max > 0 {
				more = fmt.Sprintf(`,"max_tokens":%d`, c.max)
			}
			for _, stream := range []string{"", streamed} {
				q := ask{path: chatPath, body: chat("gpt-4o", more+stream), id: wire.ID{Phase: "warm", Index: 3, Tenant: "t1", OutputTokens: c.id}}
				r := g.send(q)
				if !strings.Contains(r.body, `"finish_reason":"`+c.finish+`"`) {
					t.Errorf("%+v: no finish_reason %s in %s", c, c.finish, r.body)
				}
				rec := g.last()
				if rec.TokensEmitted != c.want || rec.TokensPlanned != c.want {
					t.Errorf("%+v: %d tokens", c, rec.TokensEmitted)
				}
				checkMarks(t, textOf(t, r.body, stream != ""), rec, c.want)
			}
		})
	}
}

// checkMarks holds that an answer is as long as it says, and that its
// watermarks are whole and name the attempt.
func checkMarks(t *testing.T, text string, rec journal.Attempt, tokens int) {
	t.Helper()
	var m wire.Marks
	m.Reset(codec)
	m.Write([]byte(text))
	got := m.Summary()
	if len(got) != 1 || !got[0].Whole() || got[0].Attempt != rec.ID || got[0].Phase != rec.Key.Phase || got[0].Index != rec.Key.Index || got[0].Tenant != rec.Tenant || got[0].Model != rec.ModelServed {
		t.Errorf("watermarks %+v of attempt %d %v", got, rec.ID, rec.Key)
	}
	if rec.MarkID != rec.ID {
		t.Errorf("mark id %d of attempt %d", rec.MarkID, rec.ID)
	}
	if n := len(codec.FindMarks([]byte(text))); n != (tokens-1)/markEvery+2 {
		t.Errorf("%d marks in %d tokens", n, tokens)
	}
	if n := len(strings.Join(strings.Fields(wire.StripMarkers(text)), " ")) + 1; n != tokens*tokenBytes {
		t.Errorf("%d bytes of words, want %d", n, tokens*tokenBytes)
	}
}

// brownout: the first token comes later for each call in flight above from.
func TestBrownoutGrowsWithLoad(t *testing.T) {
	rules := []faults.Rule{rule(t, "brownout", func(f *faults.Brownout) { f.From, f.PerRequest, f.Stretch = 1, 100*time.Millisecond, 0.5 })}
	virtual(t, Config{Models: []Model{model("m", 100*time.Millisecond, 10, 2)}}, rules, func(g *rig) {
		ends := make([]time.Duration, 3)
		for i := range ends {
			go func() { ends[i] = g.send(ask{path: chatPath, body: chat("m", fmt.Sprintf(`,"seed":%d`, i))}).at }()
			synctest.Wait() // admitted in this order
		}
		for range ends {
			<-g.done
		}
		synctest.Wait()
		// n in flight: 100 ms + 100 ms (n-1), then two gaps of 100 ms (1 + (n-1)/2).
		for i, want := range []time.Duration{300, 500, 700} {
			if ends[i] != want*time.Millisecond {
				t.Errorf("call %d ended at %v, want %v", i+1, ends[i], want*time.Millisecond)
			}
		}
		if got := states(g.recs[0]); got != "brownout:missed(delay+pace)" {
			t.Errorf("alone, the brownout does not show: %s", got)
		}
		if got := states(g.recs[2]); got != "brownout:injected(delay+pace)" {
			t.Errorf("with three in flight: %s", got)
		}
	})
}

func TestSlowdowns(t *testing.T) {
	slow := rule(t, "slow_ttft", func(f *faults.SlowTTFT) { f.Factor, f.By, f.Jitter = 0, 2*time.Second, 0 })
	drip := rule(t, "trickle", func(f *faults.Trickle) { f.Interval = time.Second })
	for _, c := range []struct {
		name  string
		rules []faults.Rule
		more  string
		first time.Duration // of the text
		end   time.Duration
		state string
	}{
		{"slow_ttft, stream", []faults.Rule{slow}, streamed, 2100 * time.Millisecond, 2400 * time.Millisecond, "slow_ttft:injected(delay)"},
		{"slow_ttft, one piece", []faults.Rule{slow}, "", 2400 * time.Millisecond, 2400 * time.Millisecond, "slow_ttft:injected(delay)"},
		{"trickle, stream", []faults.Rule{drip}, streamed, 100 * time.Millisecond, 3100 * time.Millisecond, "trickle:injected(pace)"},
		{"trickle, one piece", []faults.Rule{drip}, "", 3100 * time.Millisecond, 3100 * time.Millisecond, "trickle:injected(pace)"},
		{"both", []faults.Rule{slow, drip}, streamed, 2100 * time.Millisecond, 5100 * time.Millisecond, "slow_ttft:injected(delay) trickle:injected(pace)"},
		{"a late error", []faults.Rule{slow, plain(t, "http_500")}, "", 0, 2 * time.Second, "slow_ttft:injected(delay) http_500:injected(status)"},
	} {
		virtual(t, Config{Models: []Model{model("m", 100*time.Millisecond, 10, 3)}}, c.rules, func(g *rig) {
			r := g.send(ask{path: chatPath, body: chat("m", c.more)})
			rec := g.last()
			if c.first > 0 && rec.FirstNs != int64(c.first) || r.at != c.end {
				t.Errorf("%s: first %v, end %v; want %v, %v", c.name, time.Duration(rec.FirstNs), r.at, c.first, c.end)
			}
			if got := states(rec); got != c.state {
				t.Errorf("%s: %s", c.name, got)
			}
			if c.more != "" && rec.HeaderNs != 0 {
				t.Errorf("%s: the headers of a stream come at once, not at %v", c.name, time.Duration(rec.HeaderNs))
			}
		})
	}
}
