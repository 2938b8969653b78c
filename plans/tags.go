package plans

import (
	"reflect"
	"strings"
)

// field is a key of a mapping in a plan: an exported field of a struct with a
// yaml tag.
type field struct {
	index   int
	key     string
	unbuilt bool // a key of the design that no code reads yet
	doc     string
	def     string // default, as YAML
	enum    []string
	must    bool // the mapping is refused without it
}

// fieldsOf lists the keys of a mapping that is decoded into t, in the order of
// the struct.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || key == "" || key == "-" {
			continue
		}
		out = append(out, field{
			index: i, key: key, unbuilt: options == "unbuilt", doc: f.Tag.Get("doc"), def: f.Tag.Get("default"),
			enum: enumOf(f), must: f.Tag.Get("required") == "true",
		})
	}
	return out
}

func enumOf(f reflect.StructField) []string {
	if e := f.Tag.Get("enum"); e != "" {
		return strings.Split(e, ",")
	}
	return nil
}

// keys returns the keys that may be written.
func keys(fields []field) []string {
	var out []string
	for _, f := range fields {
		if !f.unbuilt {
			out = append(out, f.key)
		}
	}
	return out
}

// keyedBy returns the fields of t that hold the key and, for a mapping of
// scalars, the value of an entry of an ordered mapping; -1 where there is none.
// A slice of such a type is written as a mapping.
func keyedBy(t reflect.Type) (key, value int) {
	key, value = -1, -1
	if t.Kind() != reflect.Struct {
		return key, value
	}
	for i := range t.NumField() {
		switch t.Field(i).Tag.Get("yaml") {
		case ",key":
			key = i
		case ",value":
			value = i
		}
	}
	return key, value
}

// join appends a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// parent cuts the last step off a path that was made by join and by indexes;
// keys may contain dots, so this is only a step towards a path that is known.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}
