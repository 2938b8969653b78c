package faults

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// printRule writes a rule as a YAML flow mapping. The structs are the single
// description of the syntax, so the printer walks them, as the decoder does.
func printRule(r Rule) string {
	v := reflect.ValueOf(r)
	var parts []string
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "Fault" {
			if r.Fault != nil {
				parts = append(parts, r.Fault.Name()+": "+printFault(r.Fault))
			}
			continue
		}
		if s, ok := printField(v, reflect.Zero(v.Type()), i); ok {
			parts = append(parts, s)
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// printFault writes the parameters that differ from the defaults.
func printFault(f Fault) string {
	v := reflect.Indirect(reflect.ValueOf(f))
	defaults := reflect.Zero(v.Type())
	if e, ok := Lookup(f.Name()); ok {
		if d := reflect.Indirect(reflect.ValueOf(e.New())); d.Type() == v.Type() {
			defaults = d
		}
	}
	return printStruct(v, defaults)
}

func printStruct(v, defaults reflect.Value) string {
	var parts []string
	for i := range v.NumField() {
		if s, ok := printField(v, defaults, i); ok {
			parts = append(parts, s)
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// printField returns "key: value", or false for a field that is no key or has
// its default.
func printField(v, defaults reflect.Value, i int) (string, bool) {
	field := v.Type().Field(i)
	key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	if !field.IsExported() || key == "" || key == "-" || reflect.DeepEqual(v.Field(i).Interface(), defaults.Field(i).Interface()) {
		return "", false
	}
	return key + ": " + printValue(v.Field(i)), true
}

func printValue(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case Share, Count:
		return fmt.Sprint(x) // a number, not a string that looks like one
	case Phases:
		return x.print()
	case fmt.Stringer:
		return scalar(x.String())
	}
	switch v.Kind() {
	case reflect.Struct:
		return printStruct(v, reflect.Zero(v.Type()))
	case reflect.Slice:
		var parts []string
		for i := range v.Len() {
			parts = append(parts, printElement(v.Index(i)))
		}
		if v.Type().Elem() == reflect.TypeFor[HeaderMatch]() {
			return "{" + strings.Join(parts, ", ") + "}"
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.String:
		return scalar(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// printElement prints an element of a list, or an entry of an ordered mapping.
func printElement(v reflect.Value) string {
	if h, ok := v.Interface().(HeaderMatch); ok {
		return scalar(h.Name) + ": " + scalar(h.Value)
	}
	return printValue(v)
}

// plain matches text that YAML reads as the same string without quotes, in
// flow context too.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*( [+-]? ?[A-Za-z0-9_./-]+)*$|^-?[0-9.]+(ns|us|ms|s|m|h)[0-9a-z.]*$`)

// notPlain are words that YAML takes for something else than a string.
var notPlain = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

func scalar(s string) string {
	if plain.MatchString(s) && !slices.Contains(notPlain, strings.ToLower(s)) {
		return s
	}
	return strconv.Quote(s)
}
