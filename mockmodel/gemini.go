package mockmodel

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// gemini is what the endpoints of the Gemini API and of Vertex AI share.
// Shapes: ai.google.dev, api reference, the types of googleapis/go-genai, and
// google.rpc.Status, which is the body of every error.
var gemini = vendor{
	name:      "gemini",
	bodyMax:   20 << 20, // "Request payload size exceeds the limit: 20971520 bytes."
	overload:  http.StatusServiceUnavailable,
	twin:      &twinGemini,
	words:     geminiWords,
	notJSON:   func() *refusal { return geminiInvalid("Invalid JSON payload received. Unexpected token.") },
	limited:   geminiLimited,
	tooLong:   geminiTooLong,
	exhausted: geminiSpent,
	hint:      geminiHint,
	body:      geminiBody,
	envelope:  geminiEnvelope,
	headers:   geminiHeaders,
	quota:     func(http.Header, quotas, time.Time) {}, // the API has no headers for it
}

// geminiErrors are the errors by status. The names are those of google.rpc.Code
// with the status that its comments give; the messages as quoted in gemini-cli
// #4597 (503), #7878 (400) and python-genai #981 (400).
var geminiErrors = map[int]refusal{
	400: {kind: "INVALID_ARGUMENT", message: "Request contains an invalid argument."},
	401: {kind: "UNAUTHENTICATED", message: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."},
	403: {kind: "PERMISSION_DENIED", message: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."},
	404: {kind: "NOT_FOUND"},
	409: {kind: "ABORTED", message: "The operation was aborted."},
	413: {kind: "INVALID_ARGUMENT", message: "Request payload size exceeds the limit: 20971520 bytes. Please use the File API."},
	499: {kind: "CANCELLED", message: "The operation was cancelled."},
	500: {kind: "INTERNAL", message: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"},
	501: {kind: "UNIMPLEMENTED", message: http.StatusText(http.StatusNotImplemented)},
	503: {kind: "UNAVAILABLE", message: "The model is overloaded. Please try again later."},
	504: {kind: "DEADLINE_EXCEEDED", message: "Deadline expired before operation could complete."},
}

func geminiWords(status int, c *call) refusal {
	r, known := geminiErrors[status]
	switch {
	case !known && status >= 500:
		r = refusal{kind: "UNKNOWN", message: cmp.Or(http.StatusText(status), geminiErrors[500].message)}
	case !known:
		r = refusal{kind: "INVALID_ARGUMENT", message: http.StatusText(status)}
	case status == 404:
		r.message = fmt.Sprintf("models/%s is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.", c.model)
	}
	r.status = status
	return r
}

func geminiInvalid(message string) *refusal {
	return &refusal{status: 400, kind: "INVALID_ARGUMENT", message: message}
}

// geminiUnbuilt refuses what the API can do and the mock model cannot yet.
func geminiUnbuilt(field string) *refusal {
	return geminiInvalid(field + " is not built in the chaos mock model yet.")
}

func geminiBody(dst []byte, r *refusal, _ string) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = strconv.AppendInt(dst, int64(r.status), 10)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, r.message)
	dst = append(dst, `,"status":`...)
	dst = appendString(dst, r.kind)
	if r.details != "" {
		dst = append(dst, `,"details":[`...)
		dst = append(dst, r.details...)
		dst = append(dst, ']')
	}
	return append(dst, "}}"...)
}

// geminiEnvelope wraps the error of a stream that is an array into one, as
// gemini-cli #7878 shows it.
func geminiEnvelope(c *call, body []byte) []byte {
	if !geminiArray(c.http) {
		return body
	}
	return append(append([]byte{'['}, body...), "\n]"...)
}

// geminiArray reports whether a call is for a stream in the form of an array:
// one that does not ask for server-sent events.
func geminiArray(r *http.Request) bool {
	return r != nil && strings.HasSuffix(r.URL.Path, ":streamGenerateContent") && !geminiSSE(r)
}

// geminiSSE reports whether a call asks for server-sent events.
func geminiSSE(r *http.Request) bool { return r.URL.Query().Get("alt") == "sse" }

var noSniff = []string{"nosniff"}

func geminiHeaders(h http.Header, _ string, took time.Duration) {
	h["Server-Timing"] = []string{"gfet4t7; dur=" + strconv.FormatInt(took.Milliseconds(), 10)}
	h["X-Content-Type-Options"] = noSniff
}

// geminiName is a name as protobuf writes it in JSON; the API understands that
// of the field, with underscores, as well: protobuf.dev, ProtoJSON.
func geminiName(key string) string {
	i := strings.IndexByte(key, '_')
	if i < 0 {
		return key
	}
	name, upper := []byte(key[:i]), false
	for ; i < len(key); i++ {
		switch c := key[i]; {
		case c == '_':
			upper = true
			continue
		case upper && c >= 'a' && c <= 'z':
			name = append(name, c-'a'+'A')
		default:
			name = append(name, c)
		}
		upper = false
	}
	return string(name)
}

// geminiField is the name of a field as the API's messages have it.
func geminiField(name string) string {
	var field []byte
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			field = append(field, '_', c-'A'+'a')
		} else {
			field = append(field, c)
		}
	}
	return string(field)
}

// geminiGet returns a member of an object under either of its names.
func geminiGet(d doc, name string) (found doc) {
	for key, v := range d.fields {
		if geminiName(key) == name {
			found = v
		}
	}
	return found
}

// geminiEach calls yield for the elements of a list. The API takes a single
// message for a list of one, as the examples of its reference do.
func geminiEach(d doc) func(yield func(doc) bool) {
	if d.kind() == '{' {
		return func(yield func(doc) bool) { yield(d) }
	}
	return d.items
}
