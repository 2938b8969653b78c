package mockmodel

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/wire"
)

const (
	weather  = `{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"place":{"type":"string"},"unit":{"enum":["c","f"]},"days":{"type":"integer","minimum":1,"maximum":7}},"required":["place","unit","days"],"additionalProperties":false}}}`
	noParams = `{"type":"function","function":{"name":"now"}}`
	odd      = `{"type":"function","function":{"name":"odd","parameters":{"$ref":"https://example.com/schema"}}}`
	never    = `{"type":"function","function":{"name":"never","parameters":{"type":"object","properties":{"n":{"type":"integer","minimum":2,"maximum":1}},"required":["n"]}}}`
	verdict  = `,"response_format":{"type":"json_schema","json_schema":{"name":"verdict","strict":true,"schema":{"type":"object","properties":{"label":{"enum":["good","bad"]},"why":{"type":"string"}},"required":["label","why"],"additionalProperties":false}}}`
	brought  = `{"model":"gpt-4o","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"rain"}]`
)

// TestGeneratedCalls: what a model does where nothing is scripted.
func TestGeneratedCalls(t *testing.T) {
	for _, c := range []struct {
		name, body string
		tool       string // that is called; "" is text
		json       string // a member of the text, which is an object
		status     int
		words      string
	}{
		{"a question with a tool calls it", chat("gpt-4o", `,"tools":[`+weather+`]`), "weather", "", 200, ""},
		{"the first of two", chat("gpt-4o", `,"tools":[`+noParams+`,`+weather+`]`), "now", "", 200, ""},
		{"the one that must be called", chat("gpt-4o", `,"tools":[`+noParams+`,`+weather+`],"tool_choice":{"type":"function","function":{"name":"weather"}}`), "weather", "", 200, ""},
		{"any that must be called", chat("gpt-4o", `,"tools":[`+weather+`],"tool_choice":"required"`), "weather", "", 200, ""},
		{"none may be called", chat("gpt-4o", `,"tools":[`+weather+`],"tool_choice":"none"`), "", "", 200, ""},
		{"a tool's result is answered in words", brought + `,"tools":[` + weather + `]}`, "", "", 200, ""},
		{"a tool's result is answered as asked", brought + `,"tools":[` + weather + `]` + verdict + `}`, "", "label", 200, ""},
		{"a schema", chat("gpt-4o", verdict), "", "label", 200, ""},
		{"any object", `{"model":"gpt-4o","messages":[{"role":"user","content":"Reply as JSON."}],"response_format":{"type":"json_object"}}`, "", "answer", 200, ""},
		{"a tool whose schema is not built is passed over", chat("gpt-4o", `,"tools":[`+odd+`,`+weather+`]`), "weather", "", 200, ""},
		{"and is refused where it must be called", chat("gpt-4o", `,"tools":[`+odd+`],"tool_choice":"required"`), "", "", 400, "Invalid schema for function 'odd': schema: at $"},
		{"arguments that cannot be", chat("gpt-4o", `,"tools":[`+never+`],"tool_choice":"required"`), "", "", 400, "Invalid schema for function 'never': schema: at $.properties.n"},
		{"an output that cannot be", chat("gpt-4o", strings.Replace(verdict, `{"enum":["good","bad"]}`, `{"enum":[]}`, 1)), "", "", 400, "Invalid schema for the response format: schema: at $.properties.label"},
	} {
		virtual(t, Config{Models: []Model{instant("gpt-4o", 5)}}, nil, func(g *rig) {
			r := g.send(ask{path: chatPath, body: c.body})
			if r.status != c.status || !strings.Contains(r.body, c.words) {
				t.Errorf("%s: %d %s", c.name, r.status, r.body)
				return
			}
			if r.status != 200 {
				return
			}
			var got struct {
				Choices []struct {
					Message struct {
						Content   *string
						ToolCalls []struct {
							Function struct{ Name, Arguments string }
						} `json:"tool_calls"`
					}
					Finish string `json:"finish_reason"`
				}
			}
			if err := json.Unmarshal([]byte(r.body), &got); err != nil {
				t.Fatal(err)
			}
			m := got.Choices[0].Message
			tool, finish := "", "stop"
			if len(m.ToolCalls) > 0 {
				tool, finish = m.ToolCalls[0].Function.Name, "tool_calls"
				if !json.Valid([]byte(m.ToolCalls[0].Function.Arguments)) {
					t.Errorf("%s: arguments %s", c.name, m.ToolCalls[0].Function.Arguments)
				}
			}
			if tool != c.tool || got.Choices[0].Finish != finish || (m.Content == nil) != (tool != "") {
				t.Errorf("%s: %s", c.name, r.body)
			}
			if c.json != "" {
				var object map[string]any
				if err := json.Unmarshal([]byte(*m.Content), &object); err != nil || object[c.json] == nil {
					t.Errorf("%s: %s", c.name, *m.Content)
				}
			}
		})
	}
}

// TestGoldenGenerated holds the bytes of what is generated from a schema, with
// the marks in it, and without.
func TestGoldenGenerated(t *testing.T) {
	for _, c := range []struct{ name, body, watermark string }{
		{"generated_call", chat("gpt-4o", `,"tools":[`+weather+`]`), ""},
		{"generated_call_stream", chat("gpt-4o", `,"tools":[`+weather+`]`+streamed), ""},
		{"generated_choices", chat("gpt-4o", `,"n":2`+verdict), ""},
		{"generated_output_stream", chat("gpt-4o", verdict+streamed), ""},
		{"generated_unmarked", chat("gpt-4o", verdict), "off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, Config{Watermark: c.watermark, Models: []Model{instant("gpt-4o", 5)}}, nil, func(g *rig) {
				golden.Check(t, c.name+".golden", dump(g.send(ask{path: chatPath, body: c.body, id: wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}})))
			})
		})
	}
}

// TestEachChoiceSaysWhyItEnded: one of several answers may be cut short where
// another one comes to a stop sequence.
func TestEachChoiceSaysWhyItEnded(t *testing.T) {
	const n, most = 16, 20
	virtual(t, Config{Watermark: "off", Models: []Model{instant("m", 60)}}, nil, func(g *rig) {
		more := fmt.Sprintf(`,"n":%d,"max_tokens":%d,"stop":["le"]`, n, most)
		reasons := map[string]string{}
		for c := range doc(g.send(ask{path: chatPath, body: chat("m", more)}).body).get("choices").items {
			want := "stop"
			if len(c.get("message").get("content").text()) == most*tokenBytes {
				want = "length"
			}
			index, reason := string(c.get("index")), c.get("finish_reason").text()
			if reason != want {
				t.Errorf("choice %s ended with %s, want %s: %s", index, reason, want, c)
			}
			reasons[index] = reason
		}
		seen := map[string]int{}
		for frame := range strings.SplitSeq(g.send(ask{path: chatPath, body: chat("m", more+streamed)}).body, "\n\n") {
			c := doc(strings.TrimPrefix(frame, "data: ")).get("choices").first()
			if reason := c.get("finish_reason").text(); reason != "" {
				if seen[reason]++; reason != reasons[string(c.get("index"))] {
					t.Errorf("streamed, choice %s ended with %s, want %s", c.get("index"), reason, reasons[string(c.get("index"))])
				}
			}
		}
		if seen["stop"] == 0 || seen["length"] == 0 || seen["stop"]+seen["length"] != n {
			t.Errorf("%v: the test needs both", seen)
		}
	})
}
