package loadgen

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// marked is a text of two words with the watermarks of a request.
func marked(attempt uint64, id wire.ID, model string) string {
	mark := func(seq int, end bool) string {
		return " " + testCodec.Mark(wire.Mark{Attempt: attempt, ID: id, Model: model, Seq: seq, End: end}) + " "
	}
	return mark(0, false) + "forty" + mark(1, false) + "two" + mark(2, true)
}

// Watermarks decide, whatever pieces they come in and whatever dialect.
func TestWatermarksDecide(t *testing.T) {
	mine := wire.ID{Run: "aaaaaaaa", Phase: "spike", Index: 7, Tenant: "t1"}
	older, other, foreign := mine, mine, mine
	older.Index, other.Tenant, foreign.Run = 3, "t2", "bbbbbbbb"
	own := marked(1, mine, "gpt-4o")
	tests := []struct{ words, text, want string }{
		{"the own text", own, "full:"},
		{"only watermarks", strings.NewReplacer("forty", "", "two", "").Replace(own), "empty:"},
		{"the own text, cut", own[:len(own)-10], "truncated:"},
		{"another tenant's", marked(1, other, "gpt-4o"), "wrong:"},
		{"an older request's", marked(1, older, "gpt-4o"), "degraded:cached"},
		{"an earlier run's", marked(1, foreign, "gpt-4o"), "degraded:cached"},
		{"another model's", marked(1, mine, "gpt-4o-mini"), "degraded:smaller_model"},
		{"a retry that goes on", own[:60] + marked(2, mine, "gpt-4o"), "wrong:"},
		{"two steps", own + marked(2, mine, "gpt-4o"), "full:"},
		{"twice the same", own + own, "wrong:"},
	}
	for _, test := range tests {
		for _, size := range []int{1, 7, 1 << 20} {
			var frames []string
			for text := test.text; text != ""; {
				n := min(size, len(text))
				frames, text = append(frames, delta(text[:n])), text[n:]
			}
			url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) {
				_, _ = conn.Write([]byte(sse(append(frames, doneFrame)...) + lastChunk))
			})
			rec := send(t.Context(), testClient(t, url))
			if got := string(rec.Outcome) + ":" + rec.DegradedKind; got != test.want {
				t.Errorf("%s in pieces of %d: %s (%s), want %s", test.words, size, got, rec.OutcomeReason, test.want)
			}
			if rec.Outcome == journal.OutcomeFull && rec.Excerpt != "" || rec.Outcome != journal.OutcomeFull && rec.Excerpt == "" {
				t.Errorf("%s: outcome %s with excerpt %q", test.words, rec.Outcome, rec.Excerpt)
			}
		}
	}
}

// What this machine cannot do says nothing about the target.
func TestOwnFaultsAreDrops(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{syscall.EMFILE: "no_file_descriptor", syscall.EADDRNOTAVAIL: "no_local_port", syscall.ENOBUFS: "no_memory"} {
		c := testClient(t, "http://target/", func(o *ClientOptions) {
			o.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errno}
			}
		})
		rec := send(t.Context(), c)
		if rec.Dropped != want || rec.Outcome != journal.OutcomeNone || rec.SentNs != journal.Never || rec.EndBy != "" {
			t.Errorf("%v: dropped %q, outcome %q, sent %d, end by %q", errno, rec.Dropped, rec.Outcome, rec.SentNs, rec.EndBy)
		}
	}
}

func TestErrorsAreNamed(t *testing.T) {
	tests := []struct{ words, status, body, code string }{
		{"OpenAI's code", "429 Too Many Requests", `{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, "rate_limit_exceeded"},
		{"OpenAI's type, without a code", "500 Internal Server Error", `{"error":{"message":"m","type":"server_error","code":null}}`, "server_error"},
		{"Anthropic's type", "529 Overloaded", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}`, "overloaded_error"},
		{"a code beside the error", "500 Internal Server Error", `{"error":"boom","code":"E17"}`, "E17"},
		{"a page", "502 Bad Gateway", `<html>`, ""},
	}
	for _, test := range tests {
		url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) {
			_, _ = conn.Write([]byte("HTTP/1.1 " + test.status + "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + test.body))
		})
		rec := send(t.Context(), testClient(t, url))
		if rec.ErrorCode != test.code || rec.Excerpt != test.body {
			t.Errorf("%s: code %q, excerpt %q", test.words, rec.ErrorCode, rec.Excerpt)
		}
	}
}

// A request that net/http takes for idempotent is not sent again either when
// the connection closes in place of an answer.
func TestNothingIsSentTwice(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		got := make(chan string, 8)
		url := rawServer(t, func(conn *net.TCPConn, r *http.Request) {
			got <- r.Method
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"))
			if _, err := conn.Read(make([]byte, 1)); err == nil { // the second request
				got <- r.Method
				reset(conn)
			}
		})
		c := testClient(t, url, ofFormat("text"), func(o *ClientOptions) { o.Request.Method = method })
		if rec := send(t.Context(), c); rec.Outcome != journal.OutcomeFull {
			t.Fatalf("%s: %s %s", method, rec.Outcome, rec.Err)
		}
		if rec := send(t.Context(), c); rec.Outcome != journal.OutcomeError || !rec.ConnReused {
			t.Errorf("%s: %s, reused %v", method, rec.Outcome, rec.ConnReused)
		}
		if len(got) != 2 {
			t.Errorf("%s: %d requests arrived, want 2", method, len(got))
		}
	}
}

// A service that repeats what it was sent does not bring it into the journal.
func TestSecretsAreMasked(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nX-Cache: hunter2\r\nConnection: close\r\n\r\n" + `{"error":{"message":"no key hunter2","code":"hunter2"}}`,
		sse(delta("you sent hunter2"), `data: {"error":"no key hunter2"}`+"\n\n") + lastChunk,
		sse(delta("you sent hunter2"), "data: hunter2\n\n") + lastChunk,
		jsonAnswer(`{"fault":"hunter2"}`),
	} {
		url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) { _, _ = conn.Write([]byte(answer)) })
		c := testClient(t, url, func(o *ClientOptions) {
			o.Mask = func(s string) string { return strings.ReplaceAll(s, "hunter2", "***") }
			o.Response.Error = []ErrorRule{{Path: "$.fault"}}
		})
		rec := send(t.Context(), c)
		if text := fmt.Sprintf("%+v", rec); strings.Contains(text, "hunter2") || !strings.Contains(text, "***") {
			t.Error(text)
		}
	}
}

// A request that the generator comes to send after its user has given up, or
// after the load was ended, is not sent, and is no timeout of the target.
func TestTooLateToBeSent(t *testing.T) {
	c := testClient(t, "http://target/", func(o *ClientOptions) {
		o.DialContext = func(context.Context, string, string) (net.Conn, error) {
			t.Error("it was sent")
			return nil, net.ErrClosed
		}
	})
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(endCause(journal.EndRunEnd))
	for _, test := range []struct {
		words string
		ctx   context.Context
		due   time.Duration
		want  string
	}{
		{"two minutes late, with the patience of one", t.Context(), -2 * time.Minute, DropLate},
		{"the load was ended", ended, 0, DropStopped},
	} {
		rec := send(test.ctx, c, func(a *Arrival) { a.DueNs += int64(test.due) })
		if rec.Dropped != test.want || rec.Outcome != journal.OutcomeNone || rec.SentNs != journal.Never || rec.EndBy != "" {
			t.Errorf("%s: dropped %q, outcome %q, sent %d, end by %q", test.words, rec.Dropped, rec.Outcome, rec.SentNs, rec.EndBy)
		}
	}
}

// Rules of the plan about status and answer, as they meet answers on the wire.
func TestRulesOnTheWire(t *testing.T) {
	response := ResponseConfig{
		Rejected: []RejectedRule{{Status: 402}, {Status: 250}},
		Error:    []ErrorRule{{Status: 251}, {Path: "$.fault"}, {Path: "$.errors[*].text"}},
		Degraded: []DegradedRule{{Kind: "cached", Header: []Header{{"X-Cache", "HIT"}}}, {Kind: "smaller_model", Model: "gpt-4o-mini"}},
	}
	const headOf = "HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n%s\r\n"
	answer := func(status, header, body string) string { return fmt.Sprintf(headOf, status, header) + body }
	const hello = `{"model":"gpt-4o","choices":[{"message":{"content":"42"}}]%s}`
	rows := []struct {
		words, bytes, want string
	}{
		{"no rule matches", answer("200 OK", "", fmt.Sprintf(hello, "")), "full: "},
		{"a status that the plan calls a rejection", answer("402 Payment Required", "", "{}"), "rejected: status 402, by a response.rejected rule"},
		{"a status below 300 that it calls one", answer("250 Low", "", fmt.Sprintf(hello, "")), "rejected: status 250, by a response.rejected rule"},
		{"a status below 300 that it calls an error", answer("251 Bad", "", fmt.Sprintf(hello, "")), "error: by a response.error rule on the status"},
		{"a path that finds an error", answer("200 OK", "", fmt.Sprintf(hello, `,"fault":"boom"`)), "error: $.fault: boom"},
		{"a path that finds no more than null", answer("200 OK", "", fmt.Sprintf(hello, `,"fault":null`)), "full: "},
		{"a path that finds false", answer("200 OK", "", fmt.Sprintf(hello, `,"fault":false`)), "full: "},
		{"a path with a wildcard", answer("200 OK", "", fmt.Sprintf(hello, `,"errors":[{"text":""},{"text":"late"}]`)), "error: $.errors[*].text: late"},
		{"an error in one event of a stream", sse(delta("4"), "data: {\"fault\":{\"why\":\"boom\"}}\n\n", delta("2"), doneFrame) + lastChunk, `error: $.fault: {"why":"boom"}`},
		{"an event that is no JSON is no match", sse(delta("42"), doneFrame) + lastChunk, "full: "},
		{"a header, in any case", answer("200 OK", "x-cache: hit\r\n", fmt.Sprintf(hello, "")), "degraded:cached: "},
		{"the model that the answer names", answer("200 OK", "", strings.Replace(fmt.Sprintf(hello, ""), "gpt-4o", "gpt-4o-mini", 1)), "degraded:smaller_model: "},
		{"an error goes before a degradation", answer("200 OK", "x-cache: hit\r\n", fmt.Sprintf(hello, `,"fault":1`)), "error: $.fault: 1"},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			url := rawServer(t, func(conn *net.TCPConn, _ *http.Request) { _, _ = conn.Write([]byte(row.bytes)) })
			rec := send(t.Context(), testClient(t, url, func(o *ClientOptions) { o.Response = response }), func(a *Arrival) { a.Stream = strings.Contains(row.bytes, "event-stream") })
			got := string(rec.Outcome)
			if rec.DegradedKind != "" {
				got += ":" + rec.DegradedKind
			}
			if got += ": " + rec.OutcomeReason; got != row.want {
				t.Errorf("%s\nwant %s", got, row.want)
			}
		})
	}
}
