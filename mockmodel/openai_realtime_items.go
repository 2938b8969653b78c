package mockmodel

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// realtimeItem is an item of a conversation, as events show it.
type realtimeItem struct {
	id   string
	json doc
}

// find returns where an item is, -1 for nowhere.
func (x *realtime) find(id string) int {
	return slices.IndexFunc(x.items, func(i realtimeItem) bool { return i.id == id })
}

// add puts an item into the conversation.
func (x *realtime) add(at int, id string, item doc) *refusal {
	switch {
	case x.find(id) >= 0:
		return &refusal{kind: "invalid_request_error", code: "item_create_duplicate_item_id", param: "item.id", message: "Error adding item: an item with id '" + id + "' already exists."}
	case len(x.items) >= realtimeItemsMax:
		return &refusal{kind: "invalid_request_error", code: "conversation_too_long", message: "The chaos mock model keeps at most " + strconv.Itoa(realtimeItemsMax) + " items of a conversation: delete some."}
	case x.bytes+len(item) > realtimeBytesMax:
		return &refusal{kind: "invalid_request_error", code: "conversation_too_long", message: "The chaos mock model keeps at most " + strconv.Itoa(realtimeBytesMax) + " bytes of a conversation: delete some items."}
	}
	x.items = slices.Insert(x.items, at, realtimeItem{id, item})
	x.bytes += len(item)
	return nil
}

func (x *realtime) remove(i int) {
	x.bytes -= len(x.items[i].json)
	x.items = slices.Delete(x.items, i, i+1)
}

// itemAt writes an item and the one before it.
func (x *realtime) itemAt(dst []byte, at int) []byte {
	dst = append(dst, `,"previous_item_id":`...)
	before := ""
	if at > 0 {
		before = x.items[at-1].id
	}
	dst = appendOrNull(dst, before)
	return append(append(dst, `,"item":`...), x.items[at].json...)
}

// realtimeItemCheck refuses an item that the API would not take: the items are
// those of the Responses API.
func realtimeItemCheck(item doc) *refusal {
	if kind := item.get("type").text(); kind == "" {
		return openAIMissing("item.type")
	}
	n := 0
	for part := range item.get("content").items {
		if kind := part.get("type").text(); kind == "input_audio" || kind == "output_audio" || kind == "audio" {
			return openAIUnbuilt("item.content[" + strconv.Itoa(n) + "].type")
		}
		n++
	}
	reader := responsesReader{c: &call{}, before: true}
	return reader.item(item, "item")
}

// realtimeStored is an item as the conversation keeps it, on one line.
func realtimeStored(item doc, id string) doc {
	b := append([]byte(`{"id":`), appendString(nil, id)...)
	b = append(b, `,"object":"realtime.item","status":"completed"`...)
	return doc(append(appendMembers(b, item, "id", "object", "status"), '}'))
}

// appendMembers appends the members of an object, each with a leading comma and
// on one line, but those that are named.
func appendMembers(dst []byte, d doc, but ...string) []byte {
	for name, v := range d.fields {
		if slices.Contains(but, name) {
			continue
		}
		dst = append(dst, ',')
		dst = appendName(dst, name)
		dst = append(dst, compactDoc(v)...)
	}
	return dst
}

// compactDoc is a value on one line.
func compactDoc(d doc) doc {
	var b bytes.Buffer
	if json.Compact(&b, []byte(d)) != nil {
		return d // cannot be: it was JSON
	}
	return doc(b.String())
}

// realtimeSettings are the settings of a session and what they are where nobody
// has set them: RealtimeSessionCreateRequest of openai/openai-python. The API
// speaks unless it is told not to; the mock model cannot.
var realtimeSettings = []struct{ name, absent string }{
	{"output_modalities", `["text"]`}, {"instructions", `""`}, {"tools", "[]"}, {"tool_choice", `"auto"`}, {"max_output_tokens", `"inf"`},
	{"reasoning", "null"}, {"parallel_tool_calls", "true"}, {"tracing", "null"}, {"truncation", `"auto"`}, {"prompt", "null"}, {"include", "null"},
	{"audio", "{}"},
}

// realtimeDefault returns what a setting is where nobody has set it, "" where
// there is no such setting.
func realtimeDefault(name string) doc {
	for _, s := range realtimeSettings {
		if s.name == name {
			return doc(s.absent)
		}
	}
	return ""
}

// session writes the member session of an event.
func (x *realtime) session(dst []byte) []byte {
	dst = append(dst, `,"session":{"type":"realtime","object":"realtime.session","id":"sess_`...)
	dst = append(dst, x.id...)
	dst = append(dst, `","model":`...)
	dst = appendString(dst, x.model)
	for _, s := range realtimeSettings {
		dst = appendName(append(dst, ','), s.name)
		if v := x.settings[s.name]; v != "" {
			dst = append(dst, v...)
		} else {
			dst = append(dst, s.absent...)
		}
	}
	dst = append(dst, `,"expires_at":`...)
	dst = strconv.AppendInt(dst, x.ends, 10)
	return append(dst, '}')
}

// realtimeOutputMax is the most that max_output_tokens may be: the API
// reference.
const realtimeOutputMax = 4096

// realtimeCheck refuses settings that the API would not take; in is what stands
// before their names.
func realtimeCheck(given map[string]doc, in string) *refusal {
	for v := range given["output_modalities"].items {
		if v.text() != "text" {
			return openAIUnbuilt(in + "output_modalities")
		}
	}
	if given["prompt"].present() {
		return openAIUnbuilt(in + "prompt")
	}
	if v := given["instructions"]; v.present() && v.kind() != '"' {
		return openAIWrongType(in+"instructions", "a string", v)
	}
	r := realtimeRead(given, &call{})
	if r != nil {
		r = inside(r, "", in)
	}
	return r
}

// realtimeRead reads the settings that change what a model says.
func realtimeRead(given map[string]doc, c *call) *refusal {
	if v := given["max_output_tokens"]; v.present() && v.text() != "inf" {
		n, ok := v.integer()
		switch {
		case !ok:
			return openAIWrongType("max_output_tokens", `an integer or "inf"`, v)
		case n < 1 || n > realtimeOutputMax:
			return openAIOutside("max_output_tokens", "integer", strconv.Itoa(n), n > realtimeOutputMax, "1", strconv.Itoa(realtimeOutputMax))
		}
		c.maxTokens = n
	}
	c.serial = given["parallel_tool_calls"].kind() == 'f'
	if v := given["reasoning"].get("effort"); v.present() {
		if r := openAIEffort("reasoning.effort", v, c); r != nil {
			return r
		}
	}
	// null, and tools of a response that has a choice alone, are the session's.
	some := map[string]doc{}
	for _, name := range []string{"tools", "tool_choice"} {
		if given[name].present() {
			some[name] = given[name]
		}
	}
	if some["tools"] == "" {
		delete(some, "tool_choice")
	}
	return responsesTools(some, c)
}
