package mockmodel

import (
	"net/http"
	"strings"
	"testing"
)

// A list of models is that of the endpoint that is asked, whatever the dialect.
func TestEndpointsListTheirOwnModels(t *testing.T) {
	config := Config{Models: []Model{instant("mine", 3)}, Endpoints: []Endpoint{{Name: "backup", Models: []Model{instant("other", 3)}}, {Name: "google", Dialect: "gemini", Models: []Model{instant("third", 3)}}}}
	virtual(t, config, nil, func(g *rig) {
		for _, c := range []struct {
			name string
			at   *rig
			path string
			want string
		}{
			{"OpenAI's, main", g, "/v1/models", `"id":"mine"`},
			{"OpenAI's, backup", g.other("backup"), "/v1/models", `"id":"other"`},
			{"Gemini's, backup", g.other("backup"), "/v1beta/models", `"name":"models/other"`},
			{"Gemini's, where all paths are its", g.other("google"), "/v1/models", `"name":"models/third"`},
			{"Ollama's, backup", g.other("backup"), "/api/tags", `"name":"other"`},
			{"Ollama's loaded ones, main", g, "/api/ps", `"name":"mine"`},
		} {
			r, _ := http.NewRequest("GET", "http://mock"+c.path, nil)
			resp, err := c.at.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got := replyOf(resp)
			if got.status != 200 || !strings.Contains(got.body, c.want) || strings.Count(got.body, c.want[:5]) != 1 {
				t.Errorf("%s: %d %s, want %s", c.name, got.status, got.body, c.want)
			}
			c.at.client.CloseIdleConnections()
		}
	})
}
