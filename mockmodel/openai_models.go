package mockmodel

import (
	"net/http"
	"strconv"
)

// openAIModels answers GET /v1/models with the type Model of
// openai/openai-python.
func openAIModels(s *Server, _ *http.Request, f found) ([]byte, *refusal) {
	body := []byte(`{"object":"list","data":[`)
	for i, m := range f.endpoint.models {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendModel(body, m.Name, s.opt.Epoch.Started().Unix())
	}
	return append(body, "]}"...), nil
}

// openAIModelPage answers GET /v1/models/NAME. Every model exists, listed or not.
func openAIModelPage(s *Server, _ *http.Request, f found) ([]byte, *refusal) {
	return appendModel(nil, f.at, s.opt.Epoch.Started().Unix()), nil
}

func appendModel(dst []byte, name string, created int64) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, name)
	dst = append(dst, `,"object":"model","created":`...)
	dst = strconv.AppendInt(dst, created, 10)
	return append(dst, `,"owned_by":"chaos"}`...)
}
