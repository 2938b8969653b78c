package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/mockmodel"
)

// Shape of the streams.
const (
	streamCount  = 2000
	streamRate   = 50.0 // tokens a second
	streamTokens = 1500 // of an answer: 30 s
	streamTTFT   = 500 * time.Millisecond
)

// serveMock serves the mock model with a journal at path until standard input
// ends, and then says how late its tokens were.
func serveMock(path string) {
	ttft, rate := streamTTFT, streamRate
	cfg := mockmodel.Config{Models: []mockmodel.Model{{Name: "gpt-4o", TTFT: &ttft, TokensPerSecond: &rate, OutputTokens: streamTokens, Slots: 2 * streamCount}}}
	if p := cfg.Validate(); len(p) > 0 {
		fail(fmt.Errorf("%v", p))
	}
	debug.SetGCPercent(400) // as chaos mock does, see cmd/chaos/memory.go
	debug.SetMemoryLimit(512 << 20)
	epoch := journal.NewEpoch()
	var s *mockmodel.Server
	w, err := journal.NewWriter(path, journal.Header{Schema: journal.Schema, Run: "standing", Started: epoch.Started().UTC().Format(time.RFC3339Nano)},
		journal.WriterOptions{Epoch: epoch, Inflight: func() ([]journal.Key, []uint64) { return nil, s.InFlight() }})
	check(err)
	s = mockmodel.New(cfg, mockmodel.Options{Epoch: epoch, Sink: w, Seed: 1})
	serve(s.Serve)
	p50, p99, worst := s.Lateness()
	check(s.Close())
	check(s.Err())
	check(w.Close(journal.Mark{TNs: epoch.Now()}))
	fmt.Println(int64(p50), int64(p99), int64(worst))
}

// serve listens, says where, and serves until standard input ends.
func serve(on func(net.Listener) error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(l.Addr())
	go func() {
		if err := on(l); err != http.ErrServerClosed {
			check(err)
		}
	}()
	if path := os.Getenv("SPEED_PROFILE"); path != "" {
		f, err := os.Create(path)
		check(err)
		check(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	check(err)
}

// serveBare serves the handler that does the least that a mock must do: it
// reads the body, parses it, and answers.
func serveBare() {
	body, err := json.Marshal(map[string]string{"content": said + strings.Repeat(".", bareExtra)})
	check(err)
	length := []string{strconv.Itoa(len(body))}
	jsonType := []string{"application/json"}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var parsed struct {
			Model    string
			Messages []struct{ Role, Content string }
		}
		b, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(b, &parsed)
		}
		if err != nil || parsed.Model == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		h := w.Header()
		h["Content-Type"], h["Content-Length"] = jsonType, length
		_, _ = w.Write(body) // wrk counts what it misses
	})}
	serve(s.Serve)
}

// bareExtra makes the bare handler's body as long as the mock's.
const bareExtra = 557
