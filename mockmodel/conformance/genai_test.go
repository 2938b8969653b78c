package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genai"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/mockmodel"
)

// What the table of cases has no row for: thoughts, the turns of a function
// call, Vertex AI, the two ways of streaming, and what an error carries.

// serving runs body with an HTTP client of a mock, in virtual time.
func serving(t *testing.T, config mockmodel.Config, body func(ctx context.Context, c *http.Client), hitting ...faults.Fault) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rules := make([]faults.Rule, len(hitting))
		for i, f := range hitting {
			rules[i].Fault = f
		}
		schedule, problems := faults.NewSchedule(1, rules, nil, nil)
		if problems = append(problems, config.Validate()...); len(problems) > 0 {
			t.Fatal(problems)
		}
		l := memnet.Listen("mock")
		mock := mockmodel.New(config, mockmodel.Options{Faults: schedule})
		go mock.Serve(l)
		defer func() {
			if err := errors.Join(mock.Close(), mock.Err()); err != nil {
				t.Error(err)
			}
		}()
		tr := &http.Transport{DialContext: l.DialContext}
		defer tr.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		body(ctx, &http.Client{Transport: tr})
	})
}

// scripted says something else in each turn.
var scripted = mockmodel.Config{Answers: []mockmodel.Answer{
	{When: mockmodel.When{HasTool: toolName, Turn: 1}, Text: "One moment.", ToolCalls: []mockmodel.ToolCall{{Name: toolName, Arguments: map[string]any{"customer": "é\"", "limit": 7}}}},
	{When: mockmodel.When{HasTool: toolName, Turn: 2}, Text: "There are two orders."},
	{When: mockmodel.When{SystemContains: "as JSON"}, JSON: map[string]any{"answer": "yes", "score": 0.5}},
}}

func genAI(t *testing.T, ctx context.Context, c *http.Client, backend genai.Backend) *genai.Client {
	t.Helper()
	config := &genai.ClientConfig{APIKey: "dummy", Backend: backend, HTTPClient: c, HTTPOptions: genai.HTTPOptions{BaseURL: "http://mock"}}
	client, err := genai.NewClient(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestGenAIThinks: thoughts come as parts that say so, whole and streamed, with
// a signature, and are counted apart; where they are not asked for they are
// billed all the same.
func TestGenAIThinks(t *testing.T) {
	serving(t, mockmodel.Config{Models: []mockmodel.Model{{Name: geminiThinker, OutputTokens: 20, ReasoningTokens: 12}}}, func(ctx context.Context, c *http.Client) {
		client := genAI(t, ctx, c, genai.BackendGeminiAPI)
		shown := &genai.GenerateContentConfig{ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true, ThinkingBudget: genai.Ptr[int32](1024)}}
		look := func(how string, rs []*genai.GenerateContentResponse, wantThoughts bool) {
			var text, thoughts string
			var signed bool
			for _, r := range rs {
				for _, p := range r.Candidates[0].Content.Parts {
					signed = signed || len(p.ThoughtSignature) > 0
					if p.Thought {
						thoughts += p.Text
					} else {
						text += p.Text
					}
				}
			}
			last := rs[len(rs)-1]
			u := last.UsageMetadata
			if text == "" || (thoughts != "") != wantThoughts || !signed || last.Candidates[0].FinishReason != genai.FinishReasonStop {
				t.Errorf("%s: text %q, thoughts %q, signed %v", how, text, thoughts, signed)
			}
			if u.ThoughtsTokenCount != 12 || u.CandidatesTokenCount != 20 || u.TotalTokenCount != u.PromptTokenCount+32 {
				t.Errorf("%s: usage %+v", how, u)
			}
		}
		whole := func(config *genai.GenerateContentConfig) []*genai.GenerateContentResponse {
			r, err := client.Models.GenerateContent(ctx, geminiThinker, genai.Text("hello"), config)
			if err != nil {
				t.Fatal(err)
			}
			return []*genai.GenerateContentResponse{r}
		}
		look("whole", whole(shown), true)
		look("whole, hidden", whole(nil), false)
		var streamed []*genai.GenerateContentResponse
		for r, err := range client.Models.GenerateContentStream(ctx, geminiThinker, genai.Text("hello"), shown) {
			if err != nil {
				t.Fatal(err)
			}
			streamed = append(streamed, r)
		}
		look("streamed", streamed, true)
		if len(streamed) < 10 {
			t.Errorf("%d chunks", len(streamed))
		}
	})
}

const geminiThinker = "gemini-3-pro"

// TestGenAICallsAFunction: the SDK's own chat carries the call and its response
// into the next turn, on both backends.
func TestGenAICallsAFunction(t *testing.T) {
	for name, backend := range map[string]genai.Backend{"Gemini API": genai.BackendGeminiAPI, "Vertex AI": genai.BackendVertexAI} {
		serving(t, scripted, func(ctx context.Context, c *http.Client) {
			tools := []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: toolName, Parameters: &genai.Schema{
				Type: genai.TypeObject, Properties: map[string]*genai.Schema{"limit": {Type: genai.TypeInteger, Nullable: genai.Ptr(true), Minimum: genai.Ptr(1.0)}, "tags": {Type: genai.TypeArray, MaxItems: genai.Ptr[int64](3), Items: &genai.Schema{Type: genai.TypeString}}},
			}}}}}
			chat, err := genAI(t, ctx, c, backend).Chats.Create(ctx, "gemini-2.5-flash", &genai.GenerateContentConfig{Tools: tools}, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := chat.SendMessage(ctx, genai.Part{Text: "Where are my orders?"})
			if err != nil {
				t.Fatal(name, err)
			}
			calls := r.FunctionCalls()
			if len(calls) != 1 || calls[0].Name != toolName || calls[0].Args["customer"] != "é\"" || calls[0].Args["limit"] != 7.0 || r.Text() != "One moment." {
				t.Fatalf("%s: %q, calls %+v", name, r.Text(), calls)
			}
			r, err = chat.SendMessage(ctx, genai.Part{FunctionResponse: &genai.FunctionResponse{ID: calls[0].ID, Name: toolName, Response: map[string]any{"orders": 2}}})
			if err != nil {
				t.Fatal(name, err)
			}
			if r.Text() != "There are two orders." || len(r.FunctionCalls()) != 0 {
				t.Errorf("%s: %q", name, r.Text())
			}
		})
	}
}

// TestGenAIStructured: an answer of the plan is what the caller parses.
func TestGenAIStructured(t *testing.T) {
	serving(t, scripted, func(ctx context.Context, c *http.Client) {
		r, err := genAI(t, ctx, c, genai.BackendGeminiAPI).Models.GenerateContent(ctx, "gemini-2.5-flash", genai.Text("Is it?"), &genai.GenerateContentConfig{
			SystemInstruction: genai.NewContentFromText("Answer as JSON.", genai.RoleUser), ResponseMIMEType: "application/json",
			ResponseSchema: &genai.Schema{Type: genai.TypeObject, Properties: map[string]*genai.Schema{"answer": {Type: genai.TypeString}}, PropertyOrdering: []string{"answer"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Answer string }
		if err := json.Unmarshal([]byte(r.Text()), &got); err != nil || got.Answer != "yes" {
			t.Errorf("%q: %v", r.Text(), err)
		}
	})
}

// TestGenAIOthers: embeddings, the count of tokens, the list of models.
func TestGenAIOthers(t *testing.T) {
	config := mockmodel.Config{Models: []mockmodel.Model{{Name: "gemini-2.5-flash"}, {Name: "gemini-embedding-001", Dimensions: 3072}}}
	serving(t, config, func(ctx context.Context, c *http.Client) {
		client := genAI(t, ctx, c, genai.BackendGeminiAPI)
		e, err := client.Models.EmbedContent(ctx, "gemini-embedding-001", append(genai.Text("one"), genai.Text("two")...), &genai.EmbedContentConfig{OutputDimensionality: genai.Ptr[int32](64)})
		if err != nil || len(e.Embeddings) != 2 || len(e.Embeddings[1].Values) != 64 || e.Embeddings[0].Values[0] == e.Embeddings[1].Values[0] {
			t.Errorf("%+v %v", e, err)
		}
		if e, err = client.Models.EmbedContent(ctx, "gemini-embedding-001", genai.Text("one"), nil); err != nil || len(e.Embeddings[0].Values) != 3072 {
			t.Errorf("%v", err)
		}
		if e, err = genAI(t, ctx, c, genai.BackendVertexAI).Models.EmbedContent(ctx, "gemini-embedding-001", append(genai.Text("one"), genai.Text("two")...), nil); err != nil || len(e.Embeddings) != 2 || len(e.Embeddings[1].Values) != 3072 || e.Embeddings[1].Statistics.TokenCount != 1 {
			t.Errorf("Vertex AI: %v", err)
		}
		n, err := client.Models.CountTokens(ctx, "gemini-2.5-flash", genai.Text("Count this."), nil)
		if err != nil || n.TotalTokens != 3 {
			t.Errorf("%+v %v", n, err)
		}
		m, err := client.Models.Get(ctx, "gemini-2.5-flash", nil)
		if err != nil || m.Name != "models/gemini-2.5-flash" || m.InputTokenLimit == 0 {
			t.Errorf("%+v %v", m, err)
		}
		page, err := client.Models.List(ctx, nil)
		if err != nil || len(page.Items) != 2 || page.Items[1].Name != "models/gemini-embedding-001" {
			t.Errorf("%+v %v", page, err)
		}
	})
}

// TestGenAIErrors: the typed error has the status by name and number, and the
// details in which the hint stands.
func TestGenAIErrors(t *testing.T) {
	for _, row := range []struct {
		fault  string
		code   int
		status string
	}{
		{"http_400", 400, "INVALID_ARGUMENT"}, {"http_401", 401, "UNAUTHENTICATED"}, {"http_403", 403, "PERMISSION_DENIED"}, {"http_404", 404, "NOT_FOUND"}, {"http_409", 409, "ABORTED"},
		{"rate_limit", 429, "RESOURCE_EXHAUSTED"}, {"http_500", 500, "INTERNAL"}, {"http_503", 503, "UNAVAILABLE"}, {"http_504", 504, "DEADLINE_EXCEEDED"},
	} {
		serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
			client := genAI(t, ctx, c, genai.BackendGeminiAPI)
			_, whole := client.Models.GenerateContent(ctx, "gemini-2.5-flash", genai.Text("hello"), nil)
			var streamed error
			for _, streamed = range client.Models.GenerateContentStream(ctx, "gemini-2.5-flash", genai.Text("hello"), nil) {
			}
			for how, err := range map[string]error{"whole": whole, "streamed": streamed} {
				e, ok := errors.AsType[genai.APIError](err)
				if !ok || e.Code != row.code || e.Status != row.status || e.Message == "" {
					t.Errorf("%s, %s: %v", row.fault, how, err)
				}
				if row.code != 429 {
					continue
				}
				kinds := map[string]map[string]any{}
				for _, d := range e.Details {
					kinds[strings.TrimPrefix(d["@type"].(string), "type.googleapis.com/google.rpc.")] = d
				}
				if kinds["Help"] == nil || kinds["QuotaFailure"] == nil || kinds["RetryInfo"]["retryDelay"] != "2s" || !strings.Contains(e.Message, "Please retry in 2s.") {
					t.Errorf("%s: %+v", how, e)
				}
			}
		}, fault(row.fault))
	}
}

// TestGenAIStreamBreaks: an error in the middle is the typed error; a clean end
// without a finish reason is none at all.
func TestGenAIStreamBreaks(t *testing.T) {
	read := func(name string, check func(text, finish string, err error)) {
		serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
			var text, finish string
			var last error
			for r, err := range genAI(t, ctx, c, genai.BackendGeminiAPI).Models.GenerateContentStream(ctx, "gemini-2.5-flash", genai.Text("hello"), nil) {
				if err != nil {
					last = err
					break
				}
				text += r.Text()
				finish += string(r.Candidates[0].FinishReason)
			}
			check(text, finish, last)
		}, fault(name))
	}
	read("in_stream_error", func(text, finish string, err error) {
		if e, ok := errors.AsType[genai.APIError](err); !ok || e.Code != 503 || e.Status != "UNAVAILABLE" || text == "" || finish != "" {
			t.Errorf("in_stream_error: %q %q %v", text, finish, err)
		}
	})
	read("eof_no_done", func(text, finish string, err error) {
		if err != nil || text == "" || finish != "" {
			t.Errorf("eof_no_done: %q %q %v", text, finish, err)
		}
	})
}

// TestGeminiArray: without alt=sse a stream is one array, which a decoder reads
// as it comes.
func TestGeminiArray(t *testing.T) {
	serving(t, mockmodel.Config{}, func(ctx context.Context, c *http.Client) {
		r, err := http.NewRequestWithContext(ctx, "POST", "http://mock/v1beta/models/gemini-2.5-flash:streamGenerateContent", strings.NewReader(`{"contents":[{"parts":[{"text":"hello"}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		d := json.NewDecoder(resp.Body)
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		n, finish := 0, ""
		for d.More() {
			var e genai.GenerateContentResponse
			if err := d.Decode(&e); err != nil {
				t.Fatal(err)
			}
			n++
			finish += string(e.Candidates[0].FinishReason)
		}
		if _, err := d.Token(); err != nil || n < 10 || finish != "STOP" {
			t.Errorf("%d elements, finish %q, %v", n, finish, err)
		}
		if rest, err := io.ReadAll(d.Buffered()); err != nil || strings.TrimSpace(string(rest)) != "" {
			t.Errorf("behind the array: %q %v", rest, err)
		}
	})
}
