package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/ssestream"
)

// question is a chat completion request.
type question struct {
	stream bool
	params openai.ChatCompletionNewParams
}

// parse hands messages and everything it does not know on to the provider as
// they were written; the SDK takes raw JSON as an override of its types.
func parse(body io.Reader) (question, error) {
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(body).Decode(&fields); err != nil {
		return question{}, fmt.Errorf("the body is not a JSON object: %w", err)
	}
	if len(fields["messages"]) == 0 {
		return question{}, errors.New("messages is missing")
	}
	if len(fields["model"]) == 0 {
		fields["model"] = json.RawMessage(`"gpt-4o"`)
	}
	var q question
	if s, ok := fields["stream"]; ok {
		if err := json.Unmarshal(s, &q.stream); err != nil {
			return question{}, errors.New("stream is not true or false")
		}
		delete(fields, "stream") // the SDK sets it itself
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return question{}, err
	}
	q.params = param.Override[openai.ChatCompletionNewParams](json.RawMessage(raw))
	return q, nil
}

// relay writes a stream on as it comes, and ends it as the SDK says that it
// ended: cleanly, unless the SDK reports an error.
func relay(w http.ResponseWriter, stream *ssestream.Stream[openai.ChatCompletionChunk]) {
	defer stream.Close()
	started := false
	frame := func(data string) {
		if !started {
			started = true
			w.Header().Set("Content-Type", "text/event-stream")
		}
		fmt.Fprintf(w, "data: %s\n\n", data)
		_ = http.NewResponseController(w).Flush() // a caller who left is seen by the context
	}
	for stream.Next() {
		chunk := stream.Current()
		frame(chunk.RawJSON())
	}
	err := stream.Err()
	switch {
	case err == nil:
		frame("[DONE]")
	case !started:
		pass(w, err)
	default:
		frame(string(errorBody("the answer broke off: " + err.Error())))
	}
}
