package mockmodel

import (
	"cmp"
	"strings"

	"github.com/gorilla/websocket"
)

// realtimeEvents are the events that a caller may send, as the error for
// another one lists them, and what each does; nil: it is about audio, which is
// not built.
var realtimeEvents = []struct {
	name string
	take func(x *realtime, event doc) *refusal
}{
	{"session.update", (*realtime).update},
	{"input_audio_buffer.append", nil},
	{"input_audio_buffer.commit", nil},
	{"input_audio_buffer.clear", nil},
	{"output_audio_buffer.clear", nil},
	{"conversation.item.create", (*realtime).createItem},
	{"conversation.item.truncate", nil},
	{"conversation.item.delete", (*realtime).deleteItem},
	{"conversation.item.retrieve", (*realtime).retrieveItem},
	{"response.create", (*realtime).createResponse},
	{"response.cancel", (*realtime).cancelResponse},
}

// take carries out an event of the caller. What is wrong with it is told, and
// the session goes on; the error is that of the socket.
func (x *realtime) take(raw []byte) error {
	var id string
	r := func() *refusal {
		if !valid(raw) {
			return &refusal{kind: "invalid_request_error", code: "invalid_json", message: "We could not parse the JSON body of your event."}
		}
		event := doc(raw)
		event = event[space(event, 0):]
		if event.kind() != '{' {
			return openAIWrongType("event", "an object", event)
		}
		id = event.get("event_id").text()
		kind := event.get("type")
		if kind.kind() != '"' {
			return openAIMissing("type")
		}
		var known []string
		for _, e := range realtimeEvents {
			if known = append(known, e.name); e.name != kind.text() {
				continue
			}
			if e.take == nil {
				return &refusal{kind: "invalid_request_error", code: "invalid_value", param: "type",
					message: "Events of type '" + e.name + "' are about audio, which is not built in the chaos mock model yet."}
			}
			return e.take(x, event)
		}
		return openAIUnknown("type", kind.text(), known)
	}()
	switch {
	case r == errClosed:
		return websocket.ErrCloseSent
	case r != nil:
		return x.refuse(r, id)
	}
	return nil
}

// update changes settings of the session.
func (x *realtime) update(event doc) *refusal {
	s := event.get("session")
	if s.kind() != '{' {
		return openAIMissing("session")
	}
	if kind := s.get("type"); kind.text() != "realtime" {
		if kind.text() == "transcription" {
			return openAIUnbuilt("session.type")
		}
		return openAIMissing("session.type")
	}
	changed := map[string]doc{}
	for name, v := range s.fields {
		switch {
		case name == "type":
		case name == "model" && v.text() != x.model:
			return &refusal{kind: "invalid_request_error", code: "invalid_value", param: "session.model", message: "The model of a session cannot be changed."}
		case name == "model":
		case realtimeDefault(name) == "":
			return &refusal{kind: "invalid_request_error", code: "unknown_parameter", param: "session." + name, message: "Unknown parameter: 'session." + name + "'."}
		default:
			changed[name] = compactDoc(v)
		}
	}
	if r := realtimeCheck(changed, "session."); r != nil {
		return r
	}
	size := 0
	for _, v := range changed {
		size += len(v)
	}
	if size > realtimeBytesMax/4 { // with what a response adds, a body stays within its bounds
		return openAITooLong("session", "settings", realtimeBytesMax/4, size)
	}
	for name, v := range changed {
		x.settings[strings.Clone(name)] = v
	}
	return x.told(x.tell("session.updated", x.session))
}

// errClosed stands for an error of the socket: there is nobody to be refused.
var errClosed = &refusal{}

// told makes a refusal of the error of an event that was sent.
func (x *realtime) told(err error) *refusal {
	if err != nil {
		return errClosed
	}
	return nil
}

// createItem adds an item to the conversation.
func (x *realtime) createItem(event doc) *refusal {
	item := event.get("item")
	if item.kind() != '{' {
		return openAIMissing("item")
	}
	if r := realtimeItemCheck(item); r != nil {
		return r
	}
	id := strings.Clone(item.get("id").text()) // else the conversation holds the whole event by it
	if id == "" {
		x.seq++
		id = realtimeID("item_", x.id, x.seq)
	}
	at := len(x.items)
	if after := event.get("previous_item_id"); after.present() {
		if at = x.find(after.text()) + 1; at == 0 && after.text() != "root" {
			return &refusal{kind: "invalid_request_error", code: "item_create_invalid_previous_item_id", param: "previous_item_id", message: "Error adding item: the previous item with id '" + after.text() + "' does not exist."}
		}
	}
	if r := x.add(at, id, realtimeStored(item, id)); r != nil {
		return r
	}
	for _, kind := range []string{"conversation.item.added", "conversation.item.done"} {
		if x.tell(kind, func(dst []byte) []byte { return x.itemAt(dst, at) }) != nil {
			return errClosed
		}
	}
	return nil
}

func (x *realtime) deleteItem(event doc) *refusal {
	id := event.get("item_id").text()
	i := x.find(id)
	if i < 0 {
		return &refusal{kind: "invalid_request_error", code: "item_delete_invalid_item_id", param: "item_id", message: "Error deleting item: the item with id '" + id + "' does not exist."}
	}
	x.remove(i)
	return x.told(x.tell("conversation.item.deleted", func(dst []byte) []byte {
		return appendString(append(dst, `,"item_id":`...), id)
	}))
}

func (x *realtime) retrieveItem(event doc) *refusal {
	id := event.get("item_id").text()
	i := x.find(id)
	if i < 0 {
		return &refusal{kind: "invalid_request_error", code: "item_retrieve_invalid_item_id", param: "item_id", message: "Error retrieving item: the item with id '" + id + "' does not exist."}
	}
	return x.told(x.tell("conversation.item.retrieved", func(dst []byte) []byte {
		return append(append(dst, `,"item":`...), x.items[i].json...)
	}))
}

// createResponse asks the model.
func (x *realtime) createResponse(event doc) *refusal {
	if x.turn != nil {
		return &refusal{kind: "invalid_request_error", code: "conversation_already_has_active_response",
			message: "Conversation already has an active response in progress: " + cmp.Or(x.turn.response(), "resp_pending") + ". Wait until the response is finished before creating a new one."}
	}
	given := map[string]doc{}
	asked := event.get("response")
	if asked.present() && asked.kind() != '{' {
		return openAIWrongType("response", "an object", asked)
	}
	for name, v := range asked.fields {
		switch name {
		case "input", "conversation", "metadata":
		default:
			if realtimeDefault(name) == "" {
				return &refusal{kind: "invalid_request_error", code: "unknown_parameter", param: "response." + name, message: "Unknown parameter: 'response." + name + "'."}
			}
		}
		given[name] = v
	}
	if r := realtimeCheck(given, "response."); r != nil {
		return r
	}
	if v := given["input"]; v.present() {
		for item := range v.items {
			if r := realtimeItemCheck(item); r != nil {
				return inside(r, "item", "response.input")
			}
		}
	}
	x.begin(given, event.get("event_id").text())
	return nil
}

func (x *realtime) cancelResponse(event doc) *refusal {
	id := event.get("response_id").text()
	if x.turn == nil || id != "" && id != x.turn.response() {
		return &refusal{kind: "invalid_request_error", code: "response_cancel_not_active", message: "Cancellation failed: no active response found"}
	}
	x.turn.cancelled = true
	x.turn.cancel()
	return nil
}

// inside says that a refusal is about a member of something.
func inside(r *refusal, from, to string) *refusal {
	out := *r
	if rest, ok := strings.CutPrefix(r.param, from); ok {
		out.param = to + rest
		out.message = strings.Replace(r.message, "'"+r.param, "'"+out.param, 1)
	}
	return &out
}
