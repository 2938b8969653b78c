package mockmodel

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"time"
)

// ollamaVersion is the version whose behaviour the dialect has.
const ollamaVersion = "0.17.4"

// ollamaHome answers GET /, by which clients find out that an Ollama is there.
func ollamaHome(*Server, *http.Request, found) ([]byte, *refusal) {
	return []byte("Ollama is running"), nil
}

// ollamaVersionPage answers GET /api/version.
func ollamaVersionPage(*Server, *http.Request, found) ([]byte, *refusal) {
	return []byte(`{"version":"` + ollamaVersion + `"}`), nil
}

// ollamaTags answers GET /api/tags, the models that are there: ListModelResponse
// of api/types.go.
func ollamaTags(s *Server, _ *http.Request, f found) ([]byte, *refusal) {
	return ollamaList(s, f, func(dst []byte, started string) []byte { return append(dst, `"modified_at":"`+started+`",`...) }), nil
}

// ollamaLoaded answers GET /api/ps, the models that are in memory:
// ProcessModelResponse of api/types.go. All are, and stay.
func ollamaLoaded(s *Server, _ *http.Request, f found) ([]byte, *refusal) {
	return ollamaList(s, f, func(dst []byte, _ string) []byte {
		return append(dst, `"expires_at":"2318-01-01T00:00:00Z","size_vram":4683087332,"context_length":4096,`...)
	}), nil
}

// ollamaList writes the listed models, each with what more says of it.
func ollamaList(s *Server, f found, more func(dst []byte, started string) []byte) []byte {
	started := s.opt.Epoch.Started().UTC().Format(time.RFC3339)
	dst := []byte(`{"models":[`)
	for i, m := range f.endpoint.models {
		if i > 0 {
			dst = append(dst, ',')
		}
		sum := sha256.Sum256([]byte(m.Name))
		dst = append(dst, `{"name":`...)
		dst = appendString(dst, m.Name)
		dst = append(dst, `,"model":`...)
		dst = appendString(dst, m.Name)
		dst = append(dst, ',')
		dst = more(dst, started)
		dst = append(dst, `"size":4683087332,"digest":"`...)
		dst = hex.AppendEncode(dst, sum[:])
		dst = append(dst, `","details":`+ollamaDetails+`}`...)
	}
	return append(dst, "]}"...)
}

// ollamaDetails is the ModelDetails of every model.
const ollamaDetails = `{"parent_model":"","format":"gguf","family":"chaos","families":["chaos"],"parameter_size":"7.6B","quantization_level":"Q4_K_M"}`

// ollamaShow answers POST /api/show: ShowResponse of api/types.go. Every model
// exists, listed or not.
func ollamaShow(s *Server, r *http.Request, _ found) ([]byte, *refusal) {
	raw, err := io.ReadAll(r.Body)
	if err != nil || !valid(raw) {
		return nil, ollamaMalformed(raw)
	}
	body := doc(raw)
	body = body[space(body, 0):]
	if body.get("model").text() == "" && body.get("name").text() == "" {
		return nil, ollamaInvalid("model is required")
	}
	return []byte(`{"modelfile":"","parameters":"","template":"{{ .Prompt }}","details":` + ollamaDetails +
		`,"model_info":{"general.architecture":"chaos","chaos.context_length":4096},"capabilities":["completion","tools","thinking","embedding"],"modified_at":"` +
		s.opt.Epoch.Started().UTC().Format(time.RFC3339) + `"}`), nil
}
