package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/realtime"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/memnet"
	"github.com/chaoskit/chaos/mockmodel"
)

// withRealtime gives a session of openai-go's Realtime client.
func withRealtime(t *testing.T, body func(context.Context, *realtime.RealtimeConnection), hitting ...faults.Fault) {
	t.Helper()
	withScript(t, script(), func(ctx context.Context, origin string, http *http.Client) {
		client := openai.NewClient(option.WithBaseURL(origin+"/v1"), option.WithAPIKey("sk-dummy"), option.WithHTTPClient(http))
		c, err := client.Realtime.Connect(ctx, realtime.RealtimeConnectionOptions{}, option.WithQuery("model", "gpt-4o"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		body(ctx, c)
	}, hitting...)
}

// upTo receives events up to one of the type, and holds each against its type.
func upTo(t *testing.T, ctx context.Context, c *realtime.RealtimeConnection, kind string) (last realtime.RealtimeServerEventUnion, text string) {
	t.Helper()
	for {
		e, err := c.Recv(ctx)
		if err != nil {
			t.Fatalf("instead of %s: %v", kind, err)
		}
		complete(t, e.Type, e)
		if e.Type == "response.output_text.delta" {
			text += e.AsAny().(realtime.ResponseTextDeltaEvent).Delta
		}
		if e.Type == kind {
			return e, text
		}
	}
}

func sent(t *testing.T, ctx context.Context, c *realtime.RealtimeConnection, e realtime.RealtimeClientEventUnionParam) {
	t.Helper()
	if err := c.Send(ctx, e); err != nil {
		t.Fatal(err)
	}
}

func userSays(text string) realtime.RealtimeClientEventUnionParam {
	return realtime.RealtimeClientEventParamOfConversationItemCreate(realtime.RealtimeConversationItemUserMessageParam{
		Content: []realtime.RealtimeConversationItemUserMessageContentParam{{Type: "input_text", Text: openai.String(text)}}})
}

var respondNow = realtime.RealtimeClientEventUnionParam{OfResponseCreate: &realtime.ResponseCreateEventParam{}}

// TestRealtime: the official client understands every event, and the text of
// the deltas is that of the end.
func TestRealtime(t *testing.T) {
	withRealtime(t, func(ctx context.Context, c *realtime.RealtimeConnection) {
		upTo(t, ctx, c, "session.created")
		sent(t, ctx, c, realtime.RealtimeClientEventParamOfSessionUpdate(realtime.RealtimeSessionCreateRequestParam{Instructions: openai.String("Be brief."), OutputModalities: []string{"text"}}))
		if e, _ := upTo(t, ctx, c, "session.updated"); e.AsAny().(realtime.SessionUpdatedEvent).Session.AsRealtimeSessionCreateRequest().Instructions != "Be brief." {
			t.Errorf("%s", e.RawJSON())
		}
		sent(t, ctx, c, userSays("How do I return an item?"))
		upTo(t, ctx, c, "conversation.item.done")
		sent(t, ctx, c, respondNow)
		e, text := upTo(t, ctx, c, "response.done")
		r := e.AsAny().(realtime.ResponseDoneEvent).Response
		if r.Status != "completed" || r.Usage.OutputTokens != 20 || len(r.Output) != 1 || text == "" || r.Output[0].AsRealtimeConversationItemAssistantMessage().Content[0].Text != text {
			t.Errorf("%q: %s", text, e.RawJSON())
		}
	})
}

// TestRealtimeTools: the model calls tools, and answers when it has the results.
func TestRealtimeTools(t *testing.T) {
	withRealtime(t, func(ctx context.Context, c *realtime.RealtimeConnection) {
		sent(t, ctx, c, realtime.RealtimeClientEventParamOfSessionUpdate(realtime.RealtimeSessionCreateRequestParam{Tools: realtime.RealtimeToolsConfigParam{{OfFunction: &realtime.RealtimeFunctionToolParam{Name: openai.String("weather"), Type: "function"}}}}))
		sent(t, ctx, c, userSays("Weather?"))
		sent(t, ctx, c, respondNow)
		e, _ := upTo(t, ctx, c, "response.done")
		output := e.AsAny().(realtime.ResponseDoneEvent).Response.Output
		if len(output) != 3 || output[1].AsRealtimeConversationItemFunctionCall().Name != "weather" {
			t.Fatalf("%s", e.RawJSON())
		}
		for _, call := range output[1:] {
			call := call.AsRealtimeConversationItemFunctionCall()
			if !json.Valid([]byte(call.Arguments)) {
				t.Errorf("%s", call.RawJSON())
			}
			sent(t, ctx, c, realtime.RealtimeClientEventParamOfConversationItemCreate(realtime.RealtimeConversationItemFunctionCallOutputParam{CallID: call.CallID, Output: "sunny"}))
		}
		sent(t, ctx, c, respondNow)
		if _, text := upTo(t, ctx, c, "response.done"); text != "It is sunny." {
			t.Errorf("%q", text)
		}
	})
}

// TestRealtimeFailures: a limit is a response that failed, a wrong event an
// error, and the session outlives both; a cut ends it.
func TestRealtimeFailures(t *testing.T) {
	withRealtime(t, func(ctx context.Context, c *realtime.RealtimeConnection) {
		sent(t, ctx, c, respondNow)
		e, _ := upTo(t, ctx, c, "response.done")
		if r := e.AsAny().(realtime.ResponseDoneEvent).Response; r.Status != "failed" || !strings.Contains(e.RawJSON(), `"code":"rate_limit_exceeded"`) {
			t.Errorf("%s", e.RawJSON())
		}
		if err := c.SendRaw(ctx, json.RawMessage(`{"type":"response.begin","event_id":"mine"}`)); err != nil {
			t.Fatal(err)
		}
		e, _ = upTo(t, ctx, c, "error")
		if r := e.AsAny().(realtime.RealtimeErrorEvent).Error; r.Code != "invalid_value" || r.EventID != "mine" {
			t.Errorf("%s", e.RawJSON())
		}
		sent(t, ctx, c, userSays("still there?"))
		upTo(t, ctx, c, "conversation.item.done")
	}, fault("rate_limit"))
	for _, name := range []string{"eof_no_done", "conn_reset_mid"} {
		withRealtime(t, func(ctx context.Context, c *realtime.RealtimeConnection) {
			sent(t, ctx, c, respondNow)
			for {
				e, err := c.Recv(ctx)
				if err != nil {
					break
				}
				if e.Type == "response.done" {
					t.Errorf("%s: %s", name, e.RawJSON())
				}
			}
		}, fault(name))
	}
}

// TestRealtimePlain: a plain client of WebSockets does as well.
func TestRealtimePlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("mock")
		mock := mockmodel.New(script(), mockmodel.Options{})
		go mock.Serve(l)
		defer mock.Close()
		d := websocket.Dialer{NetDialContext: l.DialContext, Subprotocols: []string{"realtime", "openai-insecure-api-key.dummy"}}
		ws, resp, err := d.Dial("ws://mock/v1/realtime?model=gpt-4o", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		if ws.Subprotocol() != "realtime" || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("%d, %q", resp.StatusCode, ws.Subprotocol())
		}
		if err := ws.WriteJSON(map[string]any{"type": "response.create"}); err != nil {
			t.Fatal(err)
		}
		for kind := ""; kind != "response.done"; {
			var e struct{ Type string }
			if err := ws.ReadJSON(&e); err != nil {
				t.Fatal(err)
			}
			kind = e.Type
		}
	})
}
