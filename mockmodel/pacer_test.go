package mockmodel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// bubble runs f with a pacer in virtual time.
func bubble(t *testing.T, f func(p *pacer, now func() int64)) {
	synctest.Test(t, func(t *testing.T) {
		epoch := journal.NewEpoch()
		f(&pacer{now: epoch.Now}, epoch.Now)
	})
}

// stepper is a player that needs no memory.
type stepper func(now int64) (dueNs int64, on bool)

func (f stepper) step(now int64, _ *desk) (dueNs int64, on bool) { return f(now) }
func (stepper) look(int) int64                                   { return 0 }

// Plays are stepped when they are due, those that are due together in their
// order, and each comes back when it does not go on.
func TestPacerOrder(t *testing.T) {
	bubble(t, func(p *pacer, now func() int64) {
		var got []string
		back := make(chan struct{}, 1)
		for i, c := range []struct {
			first, gap int64
			steps      int
		}{{5, 10, 3}, {5, 5, 2}, {1, 100, 2}} {
			steps := 0
			p.add(&play{order: uint64(i), back: back, player: stepper(func(at int64) (int64, bool) {
				got = append(got, fmt.Sprintf("%d@%d", i, at))
				steps++
				return c.first + int64(steps)*c.gap, steps < c.steps
			})}, c.first)
		}
		for range 3 {
			<-back
		}
		if s := strings.Join(got, " "); s != "2@1 0@5 1@5 1@10 0@15 0@25 2@101" || now() != 101 {
			t.Errorf("%s, over at %d", s, now())
		}
		synctest.Wait()
		if p.running || len(p.queue) != 0 {
			t.Error("it runs without a play")
		}
	})
}

// One play that was handed over later but is due earlier is not late for it.
func TestPacerLooksAgain(t *testing.T) {
	bubble(t, func(p *pacer, now func() int64) {
		back := make(chan struct{}, 2)
		var at []int64
		step := stepper(func(ns int64) (int64, bool) { at = append(at, ns); return 0, false })
		p.add(&play{player: step, back: back}, int64(time.Hour))
		synctest.Wait()
		p.add(&play{player: step, back: back}, int64(time.Second))
		<-back
		<-back
		if len(at) != 2 || at[0] != int64(time.Second) || at[1] != int64(time.Hour) {
			t.Errorf("stepped at %v", at)
		}
	})
}

// A play that was withdrawn is not stepped, and a pacer with no others ends at
// once and not when that would have been due.
func TestPacerWithdraw(t *testing.T) {
	bubble(t, func(p *pacer, now func() int64) {
		back := make(chan struct{}, 1)
		var plays []*play
		stepped := 0
		for i := range 100 {
			x := &play{order: uint64(i), back: back, player: stepper(func(int64) (int64, bool) { stepped++; return 0, false })}
			p.add(x, int64(time.Hour)+int64(i%7))
			plays = append(plays, x)
		}
		synctest.Wait()
		for i, x := range plays {
			if i%10 == 0 {
				continue
			}
			if !p.withdraw(x) {
				t.Errorf("%d is being sent", i)
			}
		}
		for range 10 {
			<-back
		}
		if stepped != 10 || now() != int64(time.Hour)+6 {
			t.Errorf("%d steps, the last at %d", stepped, now())
		}
		if p.withdraw(plays[0]) {
			t.Error("what has come back cannot be withdrawn")
		}
		x := &play{back: back, player: stepper(func(int64) (int64, bool) { t.Error("stepped"); return 0, false })}
		before := now()
		p.add(x, before+int64(time.Hour))
		synctest.Wait()
		p.withdraw(x)
		synctest.Wait()
		if p.running || now() != before {
			t.Errorf("running %v at %d", p.running, now())
		}
	})
}

// Plays that were withdrawn keep a pacer no longer than those that were not.
func TestPacerWithdrawnAreNotWaitedFor(t *testing.T) {
	bubble(t, func(p *pacer, now func() int64) {
		back := make(chan struct{}, 3)
		for range 3 {
			p.add(&play{back: back, player: stepper(func(int64) (int64, bool) { return 0, false })}, int64(time.Second))
		}
		x := &play{back: back, player: stepper(func(int64) (int64, bool) { t.Error("stepped"); return 0, false })}
		p.add(x, int64(time.Hour))
		synctest.Wait()
		p.withdraw(x)
		for range 3 {
			<-back
		}
		synctest.Wait()
		if p.running || now() != int64(time.Second) {
			t.Errorf("running %v at %d", p.running, now())
		}
	})
}

// A withdrawal in the middle of a step lets that one be the last.
func TestPacerWithdrawWhileSending(t *testing.T) {
	bubble(t, func(p *pacer, now func() int64) {
		begun, goOn, back := make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)
		steps := 0
		x := &play{back: back, player: stepper(func(int64) (int64, bool) {
			steps++
			close(begun)
			<-goOn
			return 10, true
		})}
		p.add(x, 1)
		<-begun
		if p.withdraw(x) {
			t.Error("it was queued")
		}
		close(goOn)
		<-back
		if steps != 1 {
			t.Errorf("%d steps", steps)
		}
	})
}

// A caller who does not read holds up nobody else: the pacer hands the stream
// back to its goroutine, which waits, and then goes on.
func TestSlowReaderBesideOthers(t *testing.T) {
	// 4,000 tokens make ten times what a connection holds.
	config := Config{Models: []Model{model("gpt-4o", 300*time.Millisecond, 100, 4000)}}
	virtual(t, config, nil, func(g *rig) {
		g.s.pacers = g.s.pacers[:1] // both streams have the same
		raw, err := g.dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		body := chat("gpt-4o", streamed)
		fmt.Fprintf(raw, "POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		g.send(ask{path: chatPath, body: body})
		fast := g.last()
		// One piece is due every 10 ms, the end one gap behind the last.
		if took := time.Duration(fast.EndNs - fast.AdmittedNs); took != 40*time.Second+300*time.Millisecond || fast.LateMaxNs != 0 {
			t.Errorf("the caller who reads has his answer after %v, %d ns late", took, fast.LateMaxNs)
		}
		time.Sleep(time.Minute)
		got, err := io.ReadAll(raw)
		if err != nil || !strings.Contains(string(got), "data: [DONE]\n\n") {
			t.Errorf("the one who did not: %d bytes, %v", len(got), err)
		}
		slow := g.last()
		if slow.End != journal.AttemptComplete || slow.TokensEmitted != 4000 || slow.LateMaxNs != 0 {
			t.Errorf("the one who did not: %+v", slow)
		}
	})
}

// A form that panics while the pacer runs it takes down its own call alone.
func TestPanicOfAForm(t *testing.T) {
	s := New(Config{}, Options{})
	defer s.Close()
	a := &attempt{s: s, desk: new(desk)}
	a.saying = saying{t: &timing{gap: 1}, more: true, next: piece{part: &part{}}} // without a form
	a.saying.lean = true
	if _, on := a.step(0, new(desk)); on || a.saying.bad == nil || a.desk != &a.ownDesk {
		t.Errorf("on %v, panic %v, own desk %v", on, a.saying.bad, a.desk == &a.ownDesk)
	}
}

// A caller who does not read holds nobody else's stream, however long an event
// is: those of the Responses API that end a part have all of it in them.
func TestPacerDoesNotWaitForACaller(t *testing.T) {
	thinker := model("m", 0, 10_000, 5)
	thinker.ReasoningTokens = 50_000
	virtual(t, Config{Models: []Model{thinker, model("fast", 0, 1000, 100)}}, nil, func(g *rig) {
		g.s.pacers = g.s.pacers[:1] // both streams have the same
		deaf, err := g.dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		body := `{"model":"m","input":"x","stream":true,"reasoning":{"summary":"auto"}}`
		fmt.Fprintf(deaf, "POST /v1/responses HTTP/1.1\r\nHost: mock\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		in := bufio.NewReader(deaf)
		for said := 0; said < 49_000; { // it stops just before its thoughts end
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, "event: response.reasoning_summary_text.delta") {
				said += pieceOf(time.Second / 10_000)
			}
		}
		time.Sleep(time.Second)
		start := g.elapsed()
		g.send(ask{path: chatPath, body: chat("fast", streamed)})
		if took := g.elapsed() - start; took > time.Second {
			t.Errorf("the stream of another caller took %v", took)
		}
	})
}
