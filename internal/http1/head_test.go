package http1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
)

// What is refused, and with which status; everything else is read as net/http
// reads it: see TestAsNetHTTP.
func TestHeadsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, text string
		status     int
	}{
		{"no version", "GET /\r\nHost: a\r\n\r\n", 400},
		{"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"lower-case protocol", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
		{"a later 1.x", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
		{"HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\n", 505},
		{"a method with a bracket", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a tunnel", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a target that is no path", "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
		{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nx\r\n\r\n", 400},
		{"no name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400},
		{"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
		{"a control character", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400},
		{"a bare LF in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n", 400},
		{"length below zero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
		{"length with a sign", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400},
		{"no length after all", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
		{"length beyond counting", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", 400},
		{"two lengths, even equal ones", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
		{"length and chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"chunks and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
		{"chunks twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"an encoding that nobody speaks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"another expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417},
	} {
		if got := new(head).parse(c.text); got != c.status {
			t.Errorf("%s: status %d, want %d", c.name, got, c.status)
		}
	}
}

// requests are taken by both servers and must be read alike.
var requests = []struct{ name, text string }{
	{"a path", "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"a body", "POST /v1/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Type: application/json\r\n\r\nhello"},
	{"a body in chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"},
	{"chunks with a trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"a body of nothing", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
	{"escapes and a query", "GET /v1/models/org%2Fm%C3%BC?a=1&b=%20 HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"two slashes", "GET //a/b HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"a target that is a URL", "GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"no target but the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
	{"names in any case, values with space around", "GET / HTTP/1.1\r\nhOST: a\r\nx-CHAOS-request: \t a b \t\r\n\r\n"},
	{"a header twice", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nx: 3\r\n\r\n"},
	{"letters that are not ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xbc\xff\r\n\r\n"},
	{"the last request", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"an upgrade that nobody takes up", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"three at once", "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\nHost: a\r\n\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"an empty line behind a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"a question for the head alone", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"},
	{"a body that is cut off", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"},
	{"a chunk that is cut off", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"},
	{"a chunk that is none", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
	{"a head that is cut off", "GET / HTTP/1.1\r\nHo"},
	{"nothing", ""},
}

// FuzzRequests sends the same bytes to this server and to net/http, with the same
// handler, which answers with what it has read. What this one hands to it, net/http
// does too, and as the same, and the same answers come back in the same order. It
// may refuse more, and end sooner, but never read or answer anything otherwise.
//
// The intended differences, beside those in the package's words:
//
//   - The answer to a body that does not fit its framing: this one closes then,
//     and net/http may read on.
//   - Connection: net/http keeps a connection of HTTP/1.0 where it is asked to, and
//     has no such header where it closes one of HTTP/1.0 or behind a body that is
//     cut off.
//   - An answer of up to 64 KB has a Content-Length, where net/http has chunks from
//     2 KB on.
//   - 100 Continue is sent when the handler reads, by both, but by this one only if
//     the body has not come by then.
func FuzzRequests(f *testing.F) {
	for _, r := range requests {
		f.Add(r.text)
	}
	for _, s := range smuggled {
		f.Add(s)
	}
	f.Fuzz(sameAsNetHTTP)
}

// smuggled are requests whose readers have been known to disagree on.
var smuggled = []string{
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 01\r\n\r\nxGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.1\rHost: a\r\n\r\n",
	"GET / HTTP/1.1\nHost: a\n\n",
	"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 1\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\nx\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
	"GET http://a:b@c/ HTTP/1.1\r\nHost: d\r\n\r\n",
	"GET a:80 HTTP/1.1\r\nHost: d\r\n\r\n",
}

func TestSmuggledRequests(t *testing.T) {
	for _, s := range smuggled {
		sameAsNetHTTP(t, s)
	}
}

func sameAsNetHTTP(t *testing.T, in string) {
	own, ownSaid := ownReading(in)
	theirs, theirsSaid := netHTTPReading(in)
	for i, r := range own {
		if i == len(own)-1 && i < len(theirs) && strings.HasSuffix(r, cutOff+"\n") {
			own = own[:i] // it ends the connection over what net/http lets pass, in a trailer for instance
			break
		}
		if i >= len(theirs) || r != theirs[i] {
			t.Fatalf("request %d of %q is read as\n%s\nby net/http as\n%s", i, in, own, theirs)
		}
	}
	mine, others := answersIn(own, ownSaid), answersIn(own, theirsSaid)
	for i, r := range own {
		if i >= len(mine) || i >= len(others) || mine[i] != others[i] {
			t.Fatalf("requests %q of %q are answered with\n%q\nby net/http with\n%q", own, in, ownSaid, theirsSaid)
		}
		if !strings.HasPrefix(r, "HEAD ") && !strings.HasSuffix(mine[i], r) {
			t.Fatalf("request %d of %q has the answer\n%s\nwant\n%s", i, in, mine[i], r)
		}
	}
}

// answersIn takes the answers to requests out of what was sent, as far as they
// are to be the same of both servers.
func answersIn(requests []string, said string) (out []string) {
	in := bufio.NewReader(strings.NewReader(said))
	for _, r := range requests {
		method, _, _ := strings.Cut(r, " ")
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		for err == nil && resp.StatusCode == http.StatusContinue {
			resp, err = http.ReadResponse(in, &http.Request{Method: method})
		}
		if err != nil {
			return out
		}
		b, err := io.ReadAll(resp.Body)
		resp.Header.Del("Date")
		resp.Header.Del("Connection")
		resp.Header.Del("Content-Length")
		out = append(out, fmt.Sprintf("%d %v %v\n%s", resp.StatusCode, resp.Header, err, b))
	}
	return out
}

const cutOff = "cut off"

// recorder keeps what each request said, and answers with it.
func recorder(to *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			b, err = nil, errors.New(cutOff) // in whose words differs
		}
		said := told(r, b, err)
		*to = append(*to, said)
		w.Header().Set("Content-Type", "text/plain") // else net/http guesses
		io.WriteString(w, said)
	}
}

func ownReading(in string) (out []string, said string) {
	c := newScript(in)
	s := newServer(recorder(&out))
	s.begin(c)
	<-c.done
	return out, c.said()
}

func netHTTPReading(in string) (out []string, said string) {
	c := newScript(in)
	l := &once{c: c, gone: make(chan struct{})}
	s := &http.Server{Handler: recorder(&out), DisableGeneralOptionsHandler: true, ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: headMax}
	go s.Serve(l)
	<-c.done
	close(l.gone)
	return out, c.said()
}

func TestLongHeads(t *testing.T) {
	virtual(t, echo, func(g *rig) {
		for _, c := range []struct {
			name   string
			bytes  int
			status string
		}{{"up to the limit", headMax, "HTTP/1.1 200"}, {"one byte more", headMax + 1, "HTTP/1.1 431"}} {
			raw := g.dial()
			start, end := "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ", "\r\n\r\n"
			say(t, raw, start+strings.Repeat("x", c.bytes-len(start)-len(end))+end)
			if got := all(raw); !strings.HasPrefix(got, c.status) {
				t.Errorf("%s: %.60q", c.name, got)
			}
		}
		raw := g.dial()
		say(t, raw, "GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 2*headMax)) // and no end
		if got := all(raw); !strings.HasPrefix(got, "HTTP/1.1 431 Request Header Fields Too Large\r\n") {
			t.Errorf("no end: %.60q", got)
		}
	})
}
