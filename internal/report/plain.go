package report

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain makes text harmless for a terminal and for XML: control characters
// (ESC moves cursors and rewrites screens), characters that change the direction
// of what follows, and bytes that are no UTF-8 are shown as escapes, so that the
// reader sees that they were there. Line breaks stay, tabs become blanks.
func Plain(text string) string {
	if strings.IndexFunc(text, unprintable) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unprintable(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// oneLine keeps a name from beginning a line of its own, on which it could say
// PASS.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

// unprintable reports what Plain must not let through. Format characters (Cf)
// are invisible, and the bidirectional ones among them reorder a line.
func unprintable(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff')
}

// Clean returns a deep copy of v with every text in it made plain. Reports are
// rendered from such copies only: what a service or a provider said stands in
// them, and no renderer has to think of it.
func Clean[T any](v T) T {
	return clean(reflect.ValueOf(&v)).Elem().Interface().(T)
}

func clean(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(Plain(v.String()))
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			break
		}
		inner := clean(v.Elem())
		if v.Kind() == reflect.Interface {
			out.Set(inner)
			break
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(inner)
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(clean(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMap(v.Type()))
		for it := v.MapRange(); it.Next(); {
			out.SetMapIndex(clean(it.Key()), clean(it.Value()))
		}
	case reflect.Struct:
		// Unexported fields were copied with the whole and are never printed.
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(clean(v.Field(i)))
			}
		}
	}
	return out
}
