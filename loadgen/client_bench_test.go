package loadgen

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// BenchmarkStream reads a stream of 100 tokens, without a network.
func BenchmarkStream(b *testing.B) {
	text := roleDelta + strings.Repeat(delta("token "), 100) + finishDelta + usageDelta + doneFrame
	r := newReader(ResponseConfig{}, testCodec, nil)
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}}
	epoch := journal.NewEpoch()
	body := bytes.NewReader(nil)
	resp.Body = io.NopCloser(body)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	data := []byte(text)
	for b.Loop() {
		body.Reset(data)
		rec := journal.NewRequest()
		rec.Stream = true
		a := answers.Get().(*answer)
		a.reset(r, &rec)
		a.epoch, a.hangup = epoch, func(error) {}
		if err := a.read(resp); err != nil || rec.Chunks != 100 {
			b.Fatal(err, rec.Chunks)
		}
		answers.Put(a)
	}
}

// BenchmarkDo sends a request over loopback and reads a body of a hundred
// tokens; the server's part is in the figures.
func BenchmarkDo(b *testing.B) {
	answer := []byte(`{"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"` + strings.Repeat("token ", 100) + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":100}}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}))
	b.Cleanup(server.Close)
	prompt := strings.Repeat("word ", 200)
	c := testClient(b, server.URL, func(o *ClientOptions) { o.Prompt = func(Arrival) string { return prompt } })
	b.ReportAllocs()
	for b.Loop() {
		if rec := send(b.Context(), c, body); rec.Outcome != journal.OutcomeFull {
			b.Fatal(rec.Outcome, rec.Err)
		}
	}
}
