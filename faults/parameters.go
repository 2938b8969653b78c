package faults

import (
	"reflect"
	"strings"
)

// Parameter describes one parameter of a fault.
type Parameter struct {
	Name    string
	Type    string // duration, share, hint, number, integer, text, flag
	Default string // as YAML; "" where there is none
	Enum    []string
	Doc     string
}

// Parameters lists the parameters of the fault, in the order of its struct.
func (e Entry) Parameters() []Parameter {
	v := reflect.Indirect(reflect.ValueOf(e.New()))
	var out []Parameter
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if !field.IsExported() || name == "" || name == "-" {
			continue
		}
		p := Parameter{Name: name, Type: typeName(field.Type), Default: field.Tag.Get("default"), Doc: field.Tag.Get("doc")}
		if enum := field.Tag.Get("enum"); enum != "" {
			p.Enum = strings.Split(enum, ",")
		}
		out = append(out, p)
	}
	return out
}

// typeName says in a plan author's words what a parameter takes.
func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Name() {
	case "Duration", "Share", "Hint":
		return strings.ToLower(t.Name())
	}
	switch t.Kind() {
	case reflect.Float64:
		return "number"
	case reflect.Int:
		return "integer"
	case reflect.Bool:
		return "flag"
	}
	return "text"
}
