package mockmodel

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

const (
	claudeOnBedrock = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
	bedrockPath     = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
	bedrockStream   = bedrockPath + "-stream"
)

// bedrockAsk is the body of a call; more are members, each with a leading comma.
func bedrockAsk(more string) string {
	return `{"messages":[{"role":"user","content":[{"text":"How do I return an item?"}]}]` + more + `}`
}

// eventFrame is a frame of an event stream as the reader of the tests sees it.
type eventFrame struct {
	headers []string // name and value in turn
	payload string
}

// String prints a frame as a golden file has it.
func (e eventFrame) String() string {
	var b strings.Builder
	for i := 0; i+1 < len(e.headers); i += 2 {
		fmt.Fprintf(&b, "%s %s  ", e.headers[i], e.headers[i+1])
	}
	return b.String() + e.payload
}

// eventFramesOf reads an event stream, by its own code and not by that of the writer.
// rest is what is left of a frame that was cut.
func eventFramesOf(stream []byte) (out []eventFrame, rest int, err error) {
	for len(stream) > 0 {
		if len(stream) < 16 || len(stream) < int(binary.BigEndian.Uint32(stream)) {
			return out, len(stream), nil
		}
		total, headers := int(binary.BigEndian.Uint32(stream)), int(binary.BigEndian.Uint32(stream[4:]))
		frame := stream[:total]
		stream = stream[total:]
		switch {
		case headers+16 > total:
			return out, 0, fmt.Errorf("%d bytes of headers in a frame of %d", headers, total)
		case crc32.ChecksumIEEE(frame[:8]) != binary.BigEndian.Uint32(frame[8:]):
			return out, 0, fmt.Errorf("the sum of the prelude is wrong in %q", frame)
		case crc32.ChecksumIEEE(frame[:total-4]) != binary.BigEndian.Uint32(frame[total-4:]):
			return out, 0, fmt.Errorf("the sum of the frame is wrong in %q", frame)
		}
		e := eventFrame{payload: string(frame[12+headers : total-4])}
		for h := frame[12 : 12+headers]; len(h) > 0; {
			n := int(h[0])
			if h[1+n] != 7 {
				return out, 0, fmt.Errorf("a header of type %d", h[1+n])
			}
			size := int(binary.BigEndian.Uint16(h[2+n:]))
			e.headers = append(e.headers, string(h[1:1+n]), string(h[4+n:4+n+size]))
			h = h[4+n+size:]
		}
		out = append(out, e)
	}
	return out, 0, nil
}

// legible makes a reply one that can be read: its frames as lines.
func legible(t *testing.T, r reply) reply {
	t.Helper()
	if r.header.Get("Content-Type") != bedrockEvents[0] {
		return r
	}
	events, rest, err := eventFramesOf([]byte(r.body))
	if err != nil {
		t.Error(err)
	}
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintln(&b, e)
	}
	if rest > 0 {
		fmt.Fprintf(&b, "<%d bytes of a frame>\n", rest)
	}
	r.body = b.String()
	return r
}

// TestGoldenBedrock holds the bytes of Bedrock; frames are printed as lines once
// their lengths and both of their sums have been found right.
func TestGoldenBedrock(t *testing.T) {
	config := spoken(claudeOnBedrock)
	thinker := instant("thinker", 6)
	thinker.ReasoningTokens = 9
	config.Models = append(config.Models, thinker)
	spike := wire.ID{Phase: "spike", Index: 7, Tenant: "t1", OutputTokens: 6}
	tools := `,"toolConfig":{"tools":[{"toolSpec":{"name":"search_orders","inputSchema":{"json":{"type":"object"}}}},{"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object"}}}},{"cachePoint":{"type":"default"}}]}`
	structured := `,"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"name":"x","schema":"{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"],\"additionalProperties\":false}"}}}}`
	thinks := `,"inferenceConfig":{"maxTokens":2000},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}`
	inError := func(kind string) []faults.Rule {
		return []faults.Rule{rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterTokens, f.Type = ptr(2), kind })}
	}
	cases := []gold{
		{name: "bedrock", ask: ask{path: bedrockPath, body: bedrockAsk(""), id: spike}},
		{name: "bedrock_stream", ask: ask{path: bedrockStream, body: bedrockAsk(""), id: spike}},
		{name: "bedrock_cut", ask: ask{path: bedrockPath, body: bedrockAsk(`,"inferenceConfig":{"maxTokens":3,"stopSequences":["@"],"temperature":0.5,"topP":1}`), id: spike}},
		{name: "bedrock_json_answer", ask: ask{path: bedrockPath, body: bedrockAsk(`,"system":[{"text":"Reply with JSON."},{"cachePoint":{"type":"default"}}]`)}},
		{name: "bedrock_tools", ask: ask{path: bedrockPath, body: bedrockAsk(tools), id: spike}},
		{name: "bedrock_tools_stream", ask: ask{path: bedrockStream, body: bedrockAsk(tools), id: spike}},
		{name: "bedrock_structured", ask: ask{path: bedrockPath, body: bedrockAsk(structured), id: spike}},
		{name: "bedrock_thinking", ask: ask{path: "/model/thinker/converse", body: bedrockAsk(thinks), id: spike}},
		{name: "bedrock_thinking_stream", ask: ask{path: "/model/thinker/converse-stream", body: bedrockAsk(thinks), id: spike}},
		{name: "bedrock_empty_200", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: bedrockPath, body: bedrockAsk("")}},
		{name: "bedrock_empty_200_stream", rules: []faults.Rule{plain(t, "empty_200")}, ask: ask{path: bedrockStream, body: bedrockAsk("")}},
		{name: "bedrock_rate_limit", rules: []faults.Rule{plain(t, "rate_limit")}, ask: ask{path: bedrockPath, body: bedrockAsk("")}},
		{name: "bedrock_eof_no_done", rules: []faults.Rule{rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterTokens = ptr(2) })}, ask: ask{path: bedrockStream, body: bedrockAsk(""), id: spike}},
		{name: "bedrock_invoke", ask: ask{path: "/model/m/invoke", body: `{}`}},
		{name: "bedrock_http_424", rules: []faults.Rule{plain(t, "http_424")}, ask: ask{path: bedrockStream, body: bedrockAsk("")}},
	}
	for _, kind := range []string{"overloaded", "server_error", "rate_limit", "model_error", "invalid_request"} {
		cases = append(cases, gold{name: "bedrock_in_stream_" + kind, rules: inError(kind), ask: ask{path: bedrockStream, body: bedrockAsk(""), id: spike}})
	}
	for _, c := range append(cases, statuses(t, "bedrock", ask{path: bedrockPath, body: bedrockAsk("")})...) {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, config, c.rules, func(g *rig) { golden.Check(t, c.name+".golden", dump(legible(t, g.send(c.ask)))) })
		})
	}
}

// A position in bytes may lie inside a frame, which is cut there; an error waits
// for the end of the frame, as it would be none inside it.
func TestBedrockIsCutAnywhere(t *testing.T) {
	for at := range 400 {
		for name, cut := range map[string]func() faults.Rule{
			"eof_no_done": func() faults.Rule {
				return rule(t, "eof_no_done", func(f *faults.Cut) { f.AfterBytes = ptr(at) })
			},
			"in_stream_error": func() faults.Rule {
				return rule(t, "in_stream_error", func(f *faults.InStreamError) { f.AfterBytes = ptr(at) })
			},
		} {
			virtual(t, Config{Models: []Model{instant("m", 20)}}, []faults.Rule{cut()}, func(g *rig) {
				got := g.send(ask{path: "/model/m/converse-stream", body: bedrockAsk("")})
				events, rest, err := eventFramesOf([]byte(got.body))
				if err != nil || got.err != nil {
					t.Fatalf("%s after %d bytes: %v %v", name, at, err, got.err)
				}
				last := ""
				if len(events) > 0 {
					last = events[len(events)-1].headers[1]
				}
				whole := last == "metadata" // the answer was shorter than that
				switch {
				case whole:
				case name == "in_stream_error" && (last != "serviceUnavailableException" || rest > 0):
					t.Errorf("after %d bytes the stream ends with %q and %d bytes", at, last, rest)
				case name == "eof_no_done" && len(got.body) != at:
					t.Errorf("cut after %d bytes, not %d", len(got.body), at)
				}
			})
		}
	}
}

// What the service refuses, in its words.
func TestBedrockRefuses(t *testing.T) {
	talk := func(turns string) string { return `{"messages":[` + turns + `]` }
	user, assistant := `{"role":"user","content":[{"text":"x"}]}`, `{"role":"assistant","content":[{"text":"y"}]}`
	uses := `{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"now","input":{}}}]}`
	result := func(id, more string) string {
		return `{"role":"user","content":[{"toolResult":{"toolUseId":"` + id + `"` + more + `}}]}`
	}
	now := `,"toolConfig":{"tools":[{"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object"}}}}]}}`
	spec := func(s string) string { return bedrockAsk(`,"toolConfig":{"tools":[` + s + `]}`) }
	config := func(s string) string { return bedrockAsk(`,"inferenceConfig":{` + s + `}`) }
	model := func(s string) string { return bedrockAsk(`,"additionalModelRequestFields":{"thinking":` + s + `}`) }
	format := func(s string) string { return bedrockAsk(`,"outputConfig":{"textFormat":` + s + `}`) }
	const broken, wrong = "SerializationException", "ValidationException"
	const null = "1 validation error detected: Value null at "
	for _, c := range []struct{ name, body, kind, want string }{
		{"no body", ``, broken, "The request body is not valid JSON."},
		{"no JSON", `{"messages":`, broken, "The request body is not valid JSON."},
		{"a list", `[]`, broken, "Start of list found where not expected."},
		{"messages that are a word", `{"messages":"x"}`, broken, "STRING_VALUE can not be converted to a List"},
		{"a message that is a number", talk(`1`) + `}`, broken, "NUMBER_VALUE can not be converted to a Structure"},
		{"no messages", `{}`, wrong, "A conversation must start with a user message. Try again with a conversation that starts with a user message."},
		{"messages without a message", talk(``) + `}`, wrong, "A conversation must start with a user message. Try again with a conversation that starts with a user message."},
		{"the model begins", talk(assistant) + `}`, wrong, "A conversation must start with a user message. Try again with a conversation that starts with a user message."},
		{"the user speaks twice", talk(user+`,`+user) + `}`, wrong, "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again."},
		{"nobody speaks", talk(`{"content":[{"text":"x"}]}`) + `}`, wrong, null + "'messages.1.member.role' failed to satisfy constraint: Member must not be null"},
		{"somebody else speaks", talk(user+`,{"role":"tool","content":[]}`) + `}`, wrong, "1 validation error detected: Value 'tool' at 'messages.2.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant, system]"},
		{"nothing is said", talk(`{"role":"user"}`) + `}`, wrong, "The content field in the Message object at messages.0 is empty. Add a ContentBlock object to the content field and try again."},
		{"content as text", talk(`{"role":"user","content":"x"}`) + `}`, broken, "STRING_VALUE can not be converted to a List"},
		{"blank text", talk(user+`,`+assistant+`,{"role":"user","content":[{"image":{}},{"text":" \n"}]}`) + `}`, wrong, "The text field in the ContentBlock object at messages.2.content.1 is blank. Add text to the text field, and try again."},
		{"text that is a number", talk(`{"role":"user","content":[{"text":1}]}`) + `}`, broken, "NUMBER_VALUE can not be converted to a String"},
		{"an unknown block", talk(`{"role":"user","content":[{"type":"text"}]}`) + `}`, wrong, "The ContentBlock object at messages.0.content.0 must set one of the following keys: text, image, document, video, audio, toolUse, toolResult, reasoningContent, cachePoint, guardContent, citationsContent, searchResult, toolAddition, toolRemoval."},
		{"tools in the past and none now", talk(user+`,`+uses+`,`+result("a", "")) + `}`, wrong, "The toolConfig field must be defined when using toolUse and toolResult content blocks."},
		{"a result that nobody asked for", talk(result("a", "")) + now, wrong, "The number of toolResult blocks at messages.0.content exceeds the number of toolUse blocks of previous turn."},
		{"a result that is lost", talk(user+`,`+uses+`,`+user) + now, wrong, "Expected toolResult blocks at messages.2.content for the following Ids: a"},
		{"the result of another", talk(user+`,`+uses+`,`+result("b", "")) + now, wrong, "Expected toolResult blocks at messages.2.content for the following Ids: a"},
		{"an error without words", talk(user+`,`+uses+`,`+result("a", `,"status":"error","content":[]`)) + now, wrong, "The content field at messages.2.content.0.toolResult cannot be empty when status value is error."},
		{"a blank system", bedrockAsk(`,"system":[{"text":""}]`), wrong, "The text field in the SystemContentBlock object at system.0 is blank. Add text to the text field, and try again."},
		{"a system as text", bedrockAsk(`,"system":"x"`), broken, "STRING_VALUE can not be converted to a List"},
		{"no tokens", config(`"maxTokens":0`), wrong, "1 validation error detected: Value '0' at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"tokens in words", config(`"maxTokens":"5"`), broken, "STRING_VALUE can not be converted to a Integer"},
		{"too hot", config(`"temperature":1.5`), wrong, "1 validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value less than or equal to 1"},
		{"topP below all", config(`"topP":-1`), wrong, "1 validation error detected: Value '-1' at 'inferenceConfig.topP' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{"an empty stop", config(`"stopSequences":["a",""]`), wrong, "1 validation error detected: Value '' at 'inferenceConfig.stopSequences.2.member' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"no tools in the config", bedrockAsk(`,"toolConfig":{}`), wrong, null + "'toolConfig.tools' failed to satisfy constraint: Member must not be null"},
		{"an empty list of tools", spec(``), wrong, "1 validation error detected: Value '[]' at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"a tool without a name", spec(`{"toolSpec":{}}`), wrong, null + "'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint: Member must not be null"},
		{"a name with a blank", spec(`{"toolSpec":{"name":"a b"}}`), wrong, "1 validation error detected: Value 'a b' at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"},
		{"a tool without a schema", spec(`{"toolSpec":{"name":"a","inputSchema":{}}}`), wrong, null + "'toolConfig.tools.1.member.toolSpec.inputSchema' failed to satisfy constraint: Member must not be null"},
		{"a schema of no object", spec(`{"toolSpec":{"name":"a","inputSchema":{"json":{"type":"string"}}}}`), wrong, "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object."},
		{"a tool that is none", bedrockAsk(strings.TrimSuffix(now, "}}") + `,"toolChoice":{"tool":{"name":"b"}}}`), wrong, "The model returned the following errors: tool_choice: Tool 'b' not found in provided tools"},
		{"thoughts without a budget", model(`{"type":"enabled"}`), wrong, "The model returned the following errors: thinking.enabled.budget_tokens: Field required"},
		{"thoughts beyond the answer", model(`{"type":"enabled","budget_tokens":8000}`), wrong, "The model returned the following errors: `max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size"},
		{"a format without a schema", format(`{"type":"json_schema"}`), wrong, null + "'outputConfig.textFormat.structure.jsonSchema.schema' failed to satisfy constraint: Member must not be null"},
		{"a schema that is none", format(`{"type":"json_schema","structure":{"jsonSchema":{"schema":"{"}}}`), wrong, "The value at outputConfig.textFormat.structure.jsonSchema.schema is not a valid JSON schema."},
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			for _, path := range []string{"/model/m/converse", "/model/m/converse-stream"} {
				got := g.send(ask{path: path, body: c.body})
				if got.status != 400 || got.header.Get("X-Amzn-Errortype") != c.kind || doc(got.body).get("message").text() != c.want {
					t.Errorf("%s: %d %s %s, want %s %s", c.name, got.status, got.header.Get("X-Amzn-Errortype"), got.body, c.kind, c.want)
				}
				if rec := g.last(); rec.Code != c.kind || rec.Cause != journal.CauseValidation {
					t.Errorf("%s: %+v", c.name, rec)
				}
			}
		})
	}
}

// A conversation with tools, results, images, thoughts and a system in the
// conversation is understood: tokens and text are counted, the model stands in the path.
func TestBedrockUnderstands(t *testing.T) {
	body := `{"messages":[{"role":"system","content":[{"text":"Be brief."}]},{"role":"user","content":[{"text":"What time is it?"},{"image":{"format":"png","source":{"bytes":""}}},{"cachePoint":{"type":"default"}}]},` +
		`{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"toolUse":{"toolUseId":"a","name":"now","input":{}}},{"toolUse":{"toolUseId":"b","name":"now","input":{}}}]},` +
		`{"role":"user","content":[{"toolResult":{"toolUseId":"b","content":[{"json":{"hour":12}}]}},{"toolResult":{"toolUseId":"a","content":[{"text":"noon"}],"status":"success"}}]}],` +
		`"toolConfig":{"tools":[{"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object"}}}}],"toolChoice":{"auto":{}}},"requestMetadata":{"a":"b"},"serviceTier":{"type":"default"}}`
	virtual(t, Config{Models: []Model{instant("arn:aws:bedrock:us-east-1:1:inference-profile/m", 5)}}, nil, func(g *rig) {
		got := g.send(ask{path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fm/converse", body: body})
		rec := g.last()
		if got.status != 200 || rec.ModelAsked != "arn:aws:bedrock:us-east-1:1:inference-profile/m" || rec.Messages != 4 || rec.Kind != "chat" || rec.Dialect != "bedrock" || rec.Stream {
			t.Errorf("%d %s %+v", got.status, got.body, rec)
		}
		if len(g.s.UnknownModels()) > 0 {
			t.Error(g.s.UnknownModels())
		}
		if stop := doc(got.body).get("stopReason").text(); stop != "end_turn" {
			t.Errorf("a result was brought, and the model stops with %s", stop)
		}
	})
}

// The signature of a call is accepted whatever it says; who signs is a caller of
// their own, and no word of it is on record (the rig looks for "secret").
func TestBedrockSignatures(t *testing.T) {
	virtual(t, Config{Models: []Model{instant("m", 2)}}, nil, func(g *rig) {
		var principals []uint64
		for _, key := range []string{"AKIDsecret1", "AKIDsecret2", "AKIDsecret1"} {
			r := g.request(context.Background(), ask{path: "/model/m/converse", body: bedrockAsk("")})
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=secret")
			r.Header.Set("X-Amz-Security-Token", "secret-token")
			resp, err := g.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := replyOf(resp); got.status != 200 || len(got.header.Get("X-Amzn-Requestid")) != 36 {
				t.Errorf("%d %v", got.status, got.header)
			}
			principals = append(principals, g.last().Principal)
		}
		if principals[0] == principals[1] || principals[0] != principals[2] {
			t.Error(principals)
		}
	})
}

// A model that is switched off refuses, and is ready when it has been started.
func TestBedrockIsNotReady(t *testing.T) {
	m := instant("m", 2)
	m.Price, m.ColdStart = Price{Input: 1, Output: 1}, ColdStart{For: 3 * time.Second}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for i, want := range []struct {
			status int
			kind   string
		}{{429, "ModelNotReadyException"}, {429, "ModelNotReadyException"}, {429, "ModelNotReadyException"}, {200, ""}} {
			got := g.send(ask{path: "/model/m/converse", body: bedrockAsk("")})
			rec := g.last()
			if got.status != want.status || got.header.Get("X-Amzn-Errortype") != want.kind || want.status == 429 && (rec.Cause != journal.CauseCapacity || rec.CostNanoUSD != 0) {
				t.Errorf("after %d s: %d %s %+v", i, got.status, got.body, rec)
			}
			<-time.After(time.Second)
		}
	})
}

// Bedrock says that a quota is used up, and not when to come back.
func TestBedrockIsSilentAboutTime(t *testing.T) {
	m := instant("m", 2)
	m.Limits = Limits{RequestsPerMinute: 1}
	virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
		for _, want := range []int{200, 429} {
			got := g.send(ask{path: "/model/m/converse", body: bedrockAsk("")})
			if got.status != want || got.header.Get("Retry-After") != "" {
				t.Errorf("%d %v", got.status, got.header)
			}
		}
		g.last()
		if rec := g.last(); rec.Code != "ThrottlingException" || rec.EarliestNs != int64(time.Minute) {
			t.Errorf("%+v", rec)
		}
	})
}

// Operations that are not built are named, with what is.
func TestBedrockOperations(t *testing.T) {
	for path, want := range map[string]string{
		"/model/m/invoke":                           "The operation InvokeModel is",
		"/model/m/invoke-with-response-stream":      "The operation InvokeModelWithResponseStream is",
		"/model/m/invoke-with-bidirectional-stream": "The operation InvokeModelWithBidirectionalStream is",
		"/bedrock/model/m/count-tokens":             "The operation CountTokens is",
		"/model/m/a/b":                              "The operation a/b is",
	} {
		virtual(t, Config{}, nil, func(g *rig) {
			got := g.send(ask{path: path, body: "{}"})
			if got.status != http.StatusNotFound || !strings.Contains(got.body, want+" not built in the chaos mock model yet") || got.header.Get("X-Amzn-Errortype") != "UnknownOperationException" {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
			if lost := g.s.UnknownPaths(); len(lost) != 1 || lost[0] != "POST "+path {
				t.Errorf("%s: %v are unserved", path, lost)
			}
		})
	}
}

func FuzzBedrock(f *testing.F) {
	fuzz(f, bedrockAsk(""), bedrockAsk(`,"system":[{"text":"s"}],"inferenceConfig":{"maxTokens":9,"stopSequences":["a"],"temperature":0.5}`),
		bedrockAsk(`,"toolConfig":{"tools":[{"toolSpec":{"name":"a","inputSchema":{"json":{"type":"object","properties":{"x":{"type":"string"}}}}}}],"toolChoice":{"any":{}}}`),
		bedrockAsk(`,"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}},"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}"}}}}`),
		`{"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"b","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"json":{}}]}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"b","inputSchema":{"json":{"type":"object"}}}}]}}`)
}

// FuzzEventStream writes frames with any headers and payloads and reads them
// again; a frame with one bit flipped is never taken for a whole one.
func FuzzEventStream(f *testing.F) {
	f.Add(":event-type", "messageStart", []byte(`{"role":"assistant"}`), uint32(77))
	f.Add("", "", []byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, name, value string, payload []byte, flip uint32) {
		if len(name) > 255 || len(value) > 255 {
			t.Skip()
		}
		head := []byte("what was there before")
		out := beginEvent(head, name, value, ":message-type", "event")
		out = endEvent(append(out, payload...), len(head))
		out = beginEvent(out)
		out = endEvent(out, len(out)-eventPrelude)
		if string(out[:len(head)]) != string(head) {
			t.Fatalf("%q was overwritten", head)
		}
		stream := out[len(head):]
		events, rest, err := eventFramesOf(stream)
		if err != nil || rest != 0 || len(events) != 2 {
			t.Fatalf("%v, %d bytes left, %v", events, rest, err)
		}
		want := eventFrame{headers: []string{name, value, ":message-type", "event"}, payload: string(payload)}
		if fmt.Sprint(events[0]) != fmt.Sprint(want) || fmt.Sprint(events[1]) != fmt.Sprint(eventFrame{}) {
			t.Errorf("%v, want %v", events, want)
		}
		bit := int(flip) % (8 * len(stream))
		stream[bit/8] ^= 1 << (bit % 8)
		if events, rest, err := eventFramesOf(stream); err == nil && rest == 0 {
			t.Errorf("bit %d was flipped, and %v was read", bit, events)
		}
	})
}

// framesOfBedrock are the payloads of an event stream, for the fuzz targets.
func framesOfBedrock(stream string) (out []string) {
	events, rest, err := eventFramesOf([]byte(stream))
	if err != nil || rest > 0 {
		return []string{fmt.Sprint(err, rest)} // which is not JSON
	}
	for _, e := range events {
		out = append(out, e.payload)
	}
	return out
}
