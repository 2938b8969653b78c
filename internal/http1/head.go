package http1

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// A head is the request line and the headers of a request, understood.
type head struct {
	http.Request
	length   int64 // of the body; -1: chunked
	expects  bool  // 100 Continue
	keep     bool  // the connection may be used again
	hasHost  bool
	encoding bool // Transfer-Encoding was seen
}

// parse reads a head, which ends with an empty line. It returns 0, or the
// status that the caller is answered.
func (h *head) parse(text string) int {
	*h = head{}
	line, rest, ok := strings.Cut(text, "\r\n")
	if !ok {
		return http.StatusBadRequest
	}
	if status := h.requestLine(line); status != 0 {
		return status
	}
	h.Header = make(http.Header, 8)
	// One array for the values of all headers that come once: most do.
	values := make([]string, strings.Count(rest, "\r\n"))
	for rest != "\r\n" {
		if line, rest, ok = strings.Cut(rest, "\r\n"); !ok {
			return http.StatusBadRequest
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || !isText(value) {
			return http.StatusBadRequest
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if status := h.means(name, value); status != 0 {
			return status
		}
		if old, twice := h.Header[name]; twice {
			h.Header[name] = append(old, value)
			continue
		}
		values[0] = value
		h.Header[name], values = values[:1:1], values[1:]
	}
	return h.finish()
}

// requestLine reads METHOD SP TARGET SP VERSION.
func (h *head) requestLine(line string) int {
	method, rest, ok1 := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok1 || !ok2 || !isToken(method) || method == http.MethodConnect {
		return http.StatusBadRequest
	}
	switch version {
	case "HTTP/1.1":
		h.ProtoMinor, h.keep = 1, true
	case "HTTP/1.0":
	default:
		if major, _, ok := http.ParseHTTPVersion(version); ok && major != 1 {
			return http.StatusHTTPVersionNotSupported
		}
		return http.StatusBadRequest
	}
	h.Method, h.RequestURI, h.Proto, h.ProtoMajor = method, target, version, 1
	if plainPath(target) {
		h.URL = &url.URL{Path: target}
		return 0
	}
	var err error
	if h.URL, err = url.ParseRequestURI(target); err != nil {
		return http.StatusBadRequest
	}
	return 0
}

// plainPath reports whether a target is a path in which nothing is escaped and
// nothing follows: then it needs no parser.
func plainPath(target string) bool {
	if len(target) == 0 || target[0] != '/' || strings.HasPrefix(target, "//") {
		return false
	}
	for i := range len(target) {
		c := target[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '/' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// means notes what a header says of the connection and the body.
func (h *head) means(name, value string) int {
	switch name {
	case "Host":
		if h.hasHost || !isHost(value) {
			return http.StatusBadRequest
		}
		h.hasHost, h.Host = true, value
	case "Content-Length":
		n, err := strconv.ParseUint(value, 10, 63)
		if _, twice := h.Header[name]; err != nil || twice || value[0] == '+' {
			return http.StatusBadRequest
		}
		h.length = int64(n)
	case "Transfer-Encoding":
		if h.encoding || h.ProtoMinor == 0 {
			return http.StatusBadRequest
		}
		if !strings.EqualFold(value, "chunked") {
			return http.StatusNotImplemented
		}
		h.encoding = true
	case "Connection":
		if hasToken(value, "close") {
			h.keep = false
		}
	case "Expect":
		if !strings.EqualFold(value, "100-continue") {
			return http.StatusExpectationFailed
		}
		h.expects = h.ProtoMinor == 1
	}
	return 0
}

// finish is what can be said only when all headers are known.
func (h *head) finish() int {
	if !h.hasHost && h.ProtoMinor == 1 {
		return http.StatusBadRequest
	}
	if h.URL.Host != "" { // RFC 9112 3.2.2: the target's own comes first
		h.Host = h.URL.Host
	}
	delete(h.Header, "Host")
	if h.encoding {
		if _, both := h.Header["Content-Length"]; both {
			return http.StatusBadRequest
		}
		delete(h.Header, "Transfer-Encoding")
		h.TransferEncoding = []string{"chunked"}
		h.length = -1
	}
	h.ContentLength = h.length
	h.Close = !h.keep
	return 0
}

// hasToken reports whether a list by commas has the token.
func hasToken(list, token string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(item, " \t"), token) {
			return true
		}
	}
	return false
}

// isToken reports whether s is a token of RFC 9110 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenBytes = bytesOf("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

// isHost reports whether s can be the value of Host: what RFC 3986 lets stand in
// an authority.
func isHost(s string) bool {
	for i := range len(s) {
		if !hostBytes[s[i]] {
			return false
		}
	}
	return true
}

var hostBytes = bytesOf("!$%&'()*+,-.:;=[]_~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

func bytesOf(list string) (set [256]bool) {
	for i := range len(list) {
		set[list[i]] = true
	}
	return set
}

// isText reports whether s can be the value of a header: no control characters
// but tabs.
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
