package conformance

import (
	"reflect"
	"strings"
	"testing"
)

// complete fails the test for every member that the SDK's types call required
// and the mock has left out, however deep. What is null is there.
func complete(t *testing.T, words string, v any) {
	t.Helper()
	for _, path := range missing(reflect.ValueOf(v), words) {
		t.Errorf("%s is missing", path)
	}
}

func missing(v reflect.Value, path string) (out []string) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, missing(v.Index(i), path+"[]")...)
		}
		return out
	case reflect.Struct:
	default:
		return nil
	}
	if as := v.MethodByName("AsAny"); as.IsValid() && as.Type().NumIn() == 0 && as.Type().NumOut() == 1 {
		return missing(as.Call(nil)[0], path)
	}
	known := v.FieldByName("JSON")
	if !known.IsValid() {
		return nil
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if strings.HasPrefix(f.Name, "Of") { // one of the shapes that a value may have
			continue
		}
		seen := known.FieldByName(f.Name)
		if !seen.IsValid() || !seen.CanInterface() {
			continue
		}
		field, ok := seen.Interface().(interface{ Raw() string }) // a respjson.Field: each SDK has its own
		if !ok {
			continue
		}
		at := path + "." + f.Name
		raw := field.Raw()
		if raw == "" {
			if strings.Contains(f.Tag.Get("api"), "required") {
				out = append(out, at)
			}
			continue
		}
		if raw != "null" {
			out = append(out, missing(v.Field(i), at)...)
		}
	}
	return out
}
