package mockmodel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// ollama is what Ollama's endpoints share. Shapes and words: server/routes.go
// and api/types.go of ollama/ollama 0.17.
var ollama = vendor{
	name:      "ollama",
	bodyMax:   64 << 20, // the server itself has no bound; images stand in bodies as base64
	overload:  http.StatusServiceUnavailable,
	twin:      &twinPlain,
	words:     ollamaWords,
	notJSON:   func() *refusal { return ollamaMalformed(nil) },
	malformed: ollamaMalformed,
	limited:   ollamaLimited,
	body:      ollamaBody,
	headers:   func(http.Header, string, time.Duration) {},
	quota:     func(http.Header, quotas, time.Time) {},
}

// ollamaErrors are the messages by status. An Ollama of one's own knows 400,
// 404, 499, 500 and 503 (server/routes.go, server/sched.go, llm/server.go);
// 401 is what it passes on from the cloud.
var ollamaErrors = map[int]string{
	401: "unauthorized",
	499: "request canceled",
	500: "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details",
	503: "server busy, please try again.  maximum pending requests exceeded",
}

func ollamaWords(status int, c *call) refusal {
	message, known := ollamaErrors[status]
	switch {
	case known:
	case status == 404:
		message = fmt.Sprintf("model '%s' not found", c.model)
	default:
		message = cmp.Or(strings.ToLower(http.StatusText(status)), ollamaErrors[500])
	}
	return refusal{status: status, message: message}
}

// ollamaMalformed says what encoding/json says: the server decodes with it.
func ollamaMalformed(body []byte) *refusal {
	var any json.RawMessage
	switch err := json.NewDecoder(bytes.NewReader(body)).Decode(&any); {
	case errors.Is(err, io.EOF):
		return ollamaInvalid("missing request body")
	case err != nil:
		return ollamaInvalid(err.Error())
	}
	return ollamaInvalid("the body is nested too deep, or something follows the JSON")
}

func ollamaInvalid(message string) *refusal { return &refusal{status: 400, message: message} }

// ollamaLimited is the 429 of Ollama's cloud; an Ollama of one's own has no
// limits. The hint stands in Retry-After alone.
func ollamaLimited(_ *call, q quotas, r refused, _ time.Duration) refusal {
	return refusal{status: http.StatusTooManyRequests, message: fmt.Sprintf(
		"you've reached your usage limit of %d %s per %s, please upgrade to continue", q[r.of].limit, meterWords[r.of].unit, meterWords[r.of].period)}
}

func ollamaBody(dst []byte, r *refusal, _ string) []byte {
	dst = append(dst, `{"error":`...)
	dst = appendString(dst, r.message)
	return append(dst, '}')
}

// An ollamaReader reads the members of a request, of which the first that has
// another type than the field of the Go struct is told in the words of
// encoding/json, which is what the server answers with.
type ollamaReader struct {
	request string // the struct
	invalid *refusal
}

func (o *ollamaReader) refuse(r *refusal) {
	if o.invalid == nil {
		o.invalid = r
	}
}

// wrong refuses a value of another type.
func (o *ollamaReader) wrong(field, want string, got doc) {
	o.refuse(ollamaInvalid(fmt.Sprintf("json: cannot unmarshal %s into Go struct field %s.%s of type %s", ollamaKind(got), o.request, field, want)))
}

// root refuses a body that is no object.
func (o *ollamaReader) root(body doc) *refusal {
	return ollamaInvalid(fmt.Sprintf("json: cannot unmarshal %s into Go value of type api.%s", ollamaKind(body), o.request))
}

// ollamaKind names the type of a value as encoding/json does.
func ollamaKind(got doc) string {
	switch got.kind() {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	}
	return "number"
}

func (o *ollamaReader) text(field string, v doc) string {
	if v.present() && v.kind() != '"' {
		o.wrong(field, "string", v)
	}
	return v.text()
}

func (o *ollamaReader) boolean(field string, v doc) bool {
	if v.present() && v.kind() != 't' && v.kind() != 'f' {
		o.wrong(field, "bool", v)
	}
	return v.truth()
}
