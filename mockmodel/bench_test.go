package mockmodel

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// discard is a ResponseWriter that costs nothing itself.
type discard struct {
	header http.Header
	n      int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.n += len(p); return len(p), nil }
func (d *discard) FlushError() error           { return nil }
func (d *discard) reset()                      { clear(d.header) }

func benchmark(b *testing.B, path, body string) {
	zero, rate := time.Duration(0), 0.0
	s := New(Config{Models: []Model{{Name: "gpt-4o", TTFT: &zero, TokensPerSecond: &rate}}}, Options{})
	defer s.Close()
	h := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"bench"}, "Anthropic-Version": {"2023-06-01"}}
	s.opt.Codec.SetHeaders(h, wire.ID{Run: s.opt.Codec.Run, Phase: "trial", Index: 7, Tenant: "t1", OutputTokens: 40})
	r, err := http.NewRequest("POST", "http://mock"+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header = h
	r.ContentLength = int64(len(body))
	w := &discard{header: http.Header{}}
	src := bytes.NewReader([]byte(body))
	r.Body = io.NopCloser(src)
	b.ReportAllocs()
	for b.Loop() {
		src.Reset([]byte(body))
		w.reset()
		s.serve(w, r)
	}
	if err := s.Err(); err != nil || w.n == 0 {
		b.Fatal(err, w.n)
	}
}

func BenchmarkChatJSON(b *testing.B) {
	benchmark(b, "/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"user","content":"`+strings.Repeat("word ", 160)+`"}]}`)
}

func BenchmarkChatStream(b *testing.B) {
	benchmark(b, "/v1/chat/completions", `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"`+strings.Repeat("word ", 160)+`"}]}`)
}

func BenchmarkMessagesStream(b *testing.B) {
	benchmark(b, "/v1/messages", `{"model":"gpt-4o","max_tokens":1000,"stream":true,"messages":[{"role":"user","content":"`+strings.Repeat("word ", 160)+`"}]}`)
}

func BenchmarkEmbeddings(b *testing.B) {
	benchmark(b, "/v1/embeddings", `{"model":"gpt-4o","dimensions":64,"input":"`+strings.Repeat("word ", 160)+`"}`)
}

// BenchmarkValid is the check of a body, beside the library's.
func BenchmarkValid(b *testing.B) {
	body := []byte(`{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("word ", 160) + `"}]}`)
	for _, v := range []struct {
		name  string
		check func([]byte) bool
	}{{"own", valid}, {"encoding/json", json.Valid}} {
		b.Run(v.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if !v.check(body) {
					b.Fatal("it is valid")
				}
			}
		})
	}
}

// BenchmarkPacer is one token of one of 2,000 streams, without sending it.
func BenchmarkPacer(b *testing.B) {
	now := int64(0)
	p := &pacer{now: func() int64 { return now }, running: true, kick: make(chan struct{}, 1)}
	for i := range int64(2000) {
		due := i * 10
		x := stepper(func(int64) (int64, bool) { due += 20_000; return due, true })
		p.add(&play{order: uint64(i), player: x}, due)
	}
	for b.Loop() {
		now += 10
		p.round()
	}
}
