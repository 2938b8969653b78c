package loadgen

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// treeObject is a JSON object that keeps its order, so that a path with a
// wildcard finds the same text each time. It implements jp.Keyed.
type treeObject struct {
	keys   []string
	values map[string]any
}

// ValueForKey returns the value of a member.
func (o *treeObject) ValueForKey(key string) (any, bool) {
	v, ok := o.values[key]
	return v, ok
}

// Keys returns the names of the members as they stand in the text.
func (o *treeObject) Keys() []string { return o.keys }

// SetValueForKey adds or replaces a member. A repeated name keeps its first
// place and takes its last value.
func (o *treeObject) SetValueForKey(key string, value any) {
	if _, known := o.values[key]; !known {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// RemoveValueForKey does nothing: answers are only read.
func (o *treeObject) RemoveValueForKey(string) {}

// MarshalJSON writes the members in their order.
func (o *treeObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(o.values[k])
		if err != nil {
			return nil, err
		}
		b.Write(appendJSON(nil, k))
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// parseTree decodes one JSON value into *treeObject, []any, string, float64,
// int64, bool and nil, which is what JSONPath works on.
func parseTree(b []byte) (any, bool) {
	i := skipSpace(b, 0)
	end := skipValue(b, i, 0)
	if end < 0 || skipSpace(b, end) != len(b) {
		return nil, false
	}
	return treeOf(b[i:end])
}

func treeOf(b []byte) (any, bool) {
	switch b[0] {
	case '{':
		o := &treeObject{values: map[string]any{}}
		for m := membersOf(b); ; {
			key, value, ok := m.next()
			if !ok {
				return o, m.rest()
			}
			name, ok := textOf(append(append([]byte{'"'}, key...), '"'))
			v, valid := treeOf(value)
			if !ok || !valid {
				return nil, false
			}
			o.SetValueForKey(string(name), v)
		}
	case '[':
		list := []any{}
		for m := elementsOf(b); ; {
			_, value, ok := m.next()
			if !ok {
				return list, m.rest()
			}
			v, valid := treeOf(value)
			if !valid {
				return nil, false
			}
			list = append(list, v)
		}
	case '"':
		text, ok := textOf(b)
		return string(text), ok
	}
	return scalarOf(string(b))
}

func scalarOf(s string) (any, bool) {
	switch s {
	case "null":
		return nil, true
	case "true", "false":
		return s == "true", true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// treeText is a value as the text of an answer: a string as it is, nothing for
// null, anything else as JSON.
func treeText(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return []byte(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// says reports whether a value that an error rule found says that there is an
// error: many services always have the key.
func says(v any) bool { return v != nil && v != false && v != "" }
