package mockmodel

import (
	"net/http"
	"strconv"
	"strings"
)

// modelsPath lists the models; below it stands one of them. It is no inference
// endpoint: nothing is recorded, limited or made to fail.
const modelsPath = "/v1/models"

// serveModels answers GET /v1/models and GET /v1/models/NAME with the type
// Model of openai/openai-python. Every model exists, listed or not.
func (s *Server) serveModels(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.refuseMethod(w, r, &openAI, http.MethodGet)
		return
	}
	created := s.opt.Epoch.Started().Unix()
	var body []byte
	if name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, modelsPath), "/"); name != "" {
		body = appendModel(nil, name, created)
	} else {
		body = append(body, `{"object":"list","data":[`...)
		for i, m := range s.cfg.Models {
			if i > 0 {
				body = append(body, ',')
			}
			body = appendModel(body, m.Name, created)
		}
		body = append(body, "]}"...)
	}
	s.other(w, &openAI, s.otherID(), http.StatusOK, body)
}

func appendModel(dst []byte, name string, created int64) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, name)
	dst = append(dst, `,"object":"model","created":`...)
	dst = strconv.AppendInt(dst, created, 10)
	return append(dst, `,"owned_by":"chaos"}`...)
}
