package mockmodel

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// geminiPage tells whether a page is Gemini's where OpenAI has one of the same
// path, /v1/models: the API key, which the SDKs send in a header of its own and
// older ones in the query, says so.
func geminiPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/v1/") || r.Header.Get("X-Goog-Api-Key") != "" || r.URL.Query().Has("key")
}

// geminiModels answers GET /v1beta/models.
func geminiModels(_ *Server, _ *http.Request, f found) ([]byte, *refusal) {
	body := []byte(`{"models":[`)
	for i, m := range f.endpoint.models {
		if i > 0 {
			body = append(body, ',')
		}
		body = geminiModel(body, m.Name)
	}
	return append(body, "]}"...), nil
}

// geminiModelPage answers GET /v1beta/models/NAME. Every model exists, listed
// or not.
func geminiModelPage(_ *Server, _ *http.Request, f found) ([]byte, *refusal) {
	return geminiModel(nil, f.at), nil
}

// geminiModel writes a Model: the API reference, models.
func geminiModel(dst []byte, name string) []byte {
	dst = append(dst, `{"name":`...)
	dst = appendString(dst, "models/"+name)
	dst = append(dst, `,"version":"001","displayName":`...)
	dst = appendString(dst, name)
	return append(dst, `,"inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent","countTokens","embedContent"],"temperature":1,"topP":0.95,"topK":64,"maxTemperature":2}`...)
}

// geminiCount answers POST .../models/MODEL:countTokens.
func geminiCount(_ *Server, r *http.Request, f found) ([]byte, *refusal) {
	raw, err := io.ReadAll(r.Body)
	if err != nil || !valid(raw) {
		return nil, gemini.notJSON()
	}
	body := doc(raw)
	body = body[space(body, 0):]
	if in := geminiGet(body, "generateContentRequest"); in.present() {
		body = in
	}
	c := &call{http: r, kind: "chat", at: f.at}
	if refused := readGemini(body, c); refused != nil {
		return nil, refused
	}
	n := strconv.Itoa(c.tokensIn)
	return []byte(`{"totalTokens":` + n + `,"promptTokensDetails":[{"modality":"TEXT","tokenCount":` + n + `}]}`), nil
}
