package mockmodel

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// anthropicCount answers POST /v1/messages/count_tokens: what the call would
// count for. Source: the API reference, count message tokens.
func anthropicCount(_ *Server, r *http.Request, f found) ([]byte, *refusal) {
	if r.Header.Get(anthropic.version) == "" {
		return nil, anthropic.noVersion()
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil || !valid(raw) {
		return nil, anthropic.notJSON()
	}
	body := doc(raw)
	c := &call{http: r, kind: "chat", at: f.at}
	if refused := anthropicRead(body[space(body, 0):], c, false); refused != nil {
		return nil, refused
	}
	return []byte(`{"input_tokens":` + strconv.Itoa(c.tokensIn) + "}"), nil
}

// anthropicPage tells Anthropic's list of models from OpenAI's, which has the
// same path: only Anthropic's SDKs send a version.
func anthropicPage(r *http.Request) bool { return r.Header.Get(anthropic.version) != "" }

// anthropicModels answers GET /v1/models with the type ModelInfo of
// anthropics/anthropic-sdk-python, all on one page.
func anthropicModels(s *Server, _ *http.Request, f found) ([]byte, *refusal) {
	body := []byte(`{"data":[`)
	var first, last string
	for i, m := range f.endpoint.models {
		if i > 0 {
			body = append(body, ',')
		} else {
			first = m.Name
		}
		last = m.Name
		body = appendAnthropicModel(body, m.Name, s.opt.Epoch.Started())
	}
	body = append(body, `],"has_more":false,"first_id":`...)
	body = appendOrNull(body, first)
	body = append(body, `,"last_id":`...)
	body = appendOrNull(body, last)
	return append(body, '}'), nil
}

// anthropicModelPage answers GET /v1/models/NAME. Every model exists, listed or
// not.
func anthropicModelPage(s *Server, _ *http.Request, f found) ([]byte, *refusal) {
	return appendAnthropicModel(nil, f.at, s.opt.Epoch.Started()), nil
}

func appendAnthropicModel(dst []byte, name string, created time.Time) []byte {
	dst = append(dst, `{"type":"model","id":`...)
	dst = appendString(dst, name)
	dst = append(dst, `,"display_name":`...)
	dst = appendString(dst, name)
	dst = append(dst, `,"created_at":"`...)
	dst = created.UTC().AppendFormat(dst, time.RFC3339)
	return append(dst, `"}`...)
}
