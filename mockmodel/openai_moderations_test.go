package mockmodel

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

const moderationsPath = "/v1/moderations"

func TestGoldenModerations(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules []faults.Rule
		body  string
	}{
		{"moderation", nil, `{"model":"omni-moderation-latest","input":"How do I return an item?"}`},
		{"moderation_parts", nil, `{"input":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"https://example.com/x.png"}}]}`},
		{"moderation_empty_200", []faults.Rule{plain(t, "empty_200")}, `{"input":"x"}`},
		{"moderation_rate_limit", []faults.Rule{plain(t, "rate_limit")}, `{"input":"x"}`},
		{"moderation_http_500", []faults.Rule{plain(t, "http_500")}, `{"input":"x"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, Config{Models: []Model{instant("omni-moderation-latest", 0)}}, c.rules, func(g *rig) {
				golden.Check(t, c.name+".golden", dump(g.send(ask{path: moderationsPath, body: c.body, id: wire.ID{Phase: "spike", Index: 7, Tenant: "t1"}})))
			})
		})
	}
}

// What the plan says of a text is said of it, of each input by itself, and of
// all others that they are harmless.
func TestModerationVerdicts(t *testing.T) {
	step := When{Step: moderationStep}
	on := func(contains string) When { w := step; w.Contains = contains; return w }
	config := Config{Answers: []Answer{
		{When: on("kill"), JSON: map[string]any{"flagged": true}},
		{When: on("hate"), JSON: map[string]any{"categories": map[string]any{"hate": true}, "category_scores": map[string]any{"hate": 0.75, "harassment": 0.5}}},
		{When: on("scored"), JSON: map[string]any{"flagged": true, "category_scores": map[string]any{"sexual": 1}}},
		{Text: "An answer to chats."},
	}}
	virtual(t, config, nil, func(g *rig) {
		got := g.send(ask{path: moderationsPath, body: `{"input":["I will kill it","I hate it","I like it","scored"]}`})
		var body struct {
			Results []struct {
				Flagged    bool               `json:"flagged"`
				Categories map[string]bool    `json:"categories"`
				Scores     map[string]float64 `json:"category_scores"`
			} `json:"results"`
		}
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body.Results) != 4 {
			t.Fatalf("%v: %s", err, got.body)
		}
		for i, want := range []struct {
			category string // that alone is flagged; "" is none
			score    float64
		}{{"violence", -1}, {"hate", 0.75}, {"", -1}, {"sexual", 1}} {
			r := body.Results[i]
			if r.Flagged != (want.category != "") || len(r.Categories) != 13 || len(r.Scores) != 13 {
				t.Errorf("input %d: %+v", i, r)
			}
			for name, flagged := range r.Categories {
				score := r.Scores[name]
				switch {
				case flagged != (name == want.category):
					t.Errorf("input %d: %s is %v", i, name, flagged)
				case flagged && (want.score >= 0 && score != want.score || score < 0.75):
					t.Errorf("input %d: %s has the score %v", i, name, score)
				case !flagged && !(score > 0 && score < 0.51):
					t.Errorf("input %d: %s has the score %v", i, name, score)
				}
			}
		}
		if rec := g.last(); rec.Kind != "moderation" || rec.ModelAsked != "omni-moderation-latest" || rec.TokensIn == 0 || rec.TokensEmitted != 0 {
			t.Errorf("%+v", rec)
		}
	})
}

func TestInvalidModerations(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`[]`, "We could not parse"},
		{`{}`, `"Missing required parameter: 'input'."`},
		{`{"input":7}`, `"param":"input","code":"invalid_type"`},
		{`{"input":[]}`, `expected between 1 and 2048 inputs`},
		{`{"input":[7]}`, `"param":"input[0]","code":"invalid_type"`},
		{`{"input":[{}]}`, `'input[0].type'`},
		{`{"input":[{"type":"text"}]}`, `'input[0].text'`},
		{`{"input":[{"type":"image_url"}]}`, `'input[0].image_url.url'`},
		{`{"input":[{"type":"audio"}]}`, `"Invalid value: 'audio'. Supported values are: 'text', and 'image_url'."`},
		{`{"input":[{"type":"image_url","image_url":{"url":"a"}},{"type":"image_url","image_url":{"url":"b"}}]}`, "Maximum 1 image per input"},
		{`{"model":7,"input":"x"}`, `"param":"model"`},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			if got := g.send(ask{path: moderationsPath, body: c.body}); got.status != 400 || !strings.Contains(got.body, c.want) {
				t.Errorf("%s: %d %s", c.body, got.status, got.body)
			}
		})
	}
}

func TestValidateVerdicts(t *testing.T) {
	for _, c := range []struct {
		words string
		a     Answer
		paths string
	}{
		{"all that may be said", Answer{JSON: map[string]any{"flagged": true, "categories": map[string]any{"hate": true}, "category_scores": map[string]any{"hate": 1}}}, ""},
		{"words", Answer{Text: "x"}, "answers[0].json"},
		{"a list", Answer{JSON: []any{}}, "answers[0].json"},
		{"flagged by a word", Answer{JSON: map[string]any{"flagged": "yes"}}, "answers[0].json.flagged"},
		{"another member", Answer{JSON: map[string]any{"flag": true}}, "answers[0].json.flag"},
		{"no category", Answer{JSON: map[string]any{"categories": map[string]any{"spam": true}}}, "answers[0].json.categories.spam"},
		{"a score that is none", Answer{JSON: map[string]any{"category_scores": map[string]any{"hate": 1.5, "violence": true}}}, "answers[0].json.category_scores.hate answers[0].json.category_scores.violence"},
		{"a category that is a number", Answer{JSON: map[string]any{"categories": map[string]any{"hate": 1}}}, "answers[0].json.categories.hate"},
		{"categories in a list", Answer{JSON: map[string]any{"categories": []any{"hate"}}}, "answers[0].json.categories"},
		{"a turn", Answer{JSON: map[string]any{"flagged": true}, When: When{Turn: 1}}, "answers[0].when.step"},
	} {
		c.a.When.Step = moderationStep
		var paths []string
		for _, p := range (Config{Answers: []Answer{c.a}}).Validate() {
			paths = append(paths, p.Path)
		}
		if got := strings.Join(paths, " "); got != c.paths {
			t.Errorf("%s: got %q, want %q", c.words, got, c.paths)
		}
	}
}

func FuzzModerations(f *testing.F) {
	fuzz(f, `{"input":"x"}`, `{"input":["x","y"],"model":"m"}`, `{"input":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"u"}}]}`)
}
