package http1

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// stream is a connection with n times the same request, whose answers nobody
// keeps.
type stream struct {
	*script
	request string
	n, at   int
}

func (s *stream) Read(p []byte) (int, error) {
	if s.at == len(s.request) {
		s.at = 0
		s.n--
	}
	if s.n <= 0 {
		return 0, io.EOF
	}
	n := copy(p, s.request[s.at:])
	s.at += n
	return n, nil
}

func (s *stream) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkExchange is what the server itself costs for a request and its
// answer: quote the ratio of the two.
func BenchmarkExchange(b *testing.B) {
	answer := []byte(strings.Repeat("x", 1000))
	jsonType, length := []string{"application/json"}, []string{"1000"}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h := w.Header()
		h["Content-Type"], h["Content-Length"] = jsonType, length
		_, _ = w.Write(answer)
	})
	request := "POST /v1/chat/completions HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\nContent-Length: 117\r\n\r\n" + strings.Repeat("y", 117)
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		c := &stream{script: newScript(""), request: request, n: b.N}
		newServer(handler).begin(c)
		<-c.done
	})
	b.Run("net/http", func(b *testing.B) {
		b.ReportAllocs()
		c := &stream{script: newScript(""), request: request, n: b.N}
		l := &once{c: c, gone: make(chan struct{})}
		go new(http.Server).Serve(l)
		<-c.done
		close(l.gone)
	})
}
