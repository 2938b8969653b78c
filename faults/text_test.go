package faults

import (
	"encoding"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// syntax is what every scalar with a syntax of its own offers to plans.
type syntax interface {
	encoding.TextUnmarshaler
	fmt.Stringer
	SchemaPattern() string
}

// checkText reads text and compares what is printed with want; want "" means
// that the text is refused. The schema pattern has to agree.
func checkText(t *testing.T, into syntax, text, want string) {
	t.Helper()
	err := into.UnmarshalText([]byte(text))
	if (err == nil) != (want != "") {
		t.Fatalf("%q: error %v, want %q", text, err, want)
	}
	if matched := regexp.MustCompile(into.SchemaPattern()).MatchString(text); matched != (err == nil) {
		t.Errorf("%q: schema accepts %v, parser says %v", text, matched, err)
	}
	if err == nil && into.String() != want {
		t.Errorf("%q prints as %q, want %q", text, into, want)
	}
}

func TestShareText(t *testing.T) {
	for text, want := range map[string]string{
		"0.4": "0.4", "40%": "0.4", "99%": "0.99", "33.3%": "0.333", // one rounding, not two
		"0": "0", "1": "1", "100%": "1", "0.00001": "0.00001",
		"": "", "%": "", "a": "", "0.4 ": "", "40 %": "", ".5": "", "1.": "", "NaN": "", "Inf": "", "0x1p-2": "", "1_0": "",
	} {
		checkText(t, new(Share), text, want)
	}
}

// What is no share for its size is read, so that Validate can say what was
// meant; the schema refuses it like Validate.
func TestShareOutOfRange(t *testing.T) {
	for text, want := range map[string]Share{"250%": 2.5, "40": 40, "1.5": 1.5, "-0.1": -0.1, "-5%": -0.05, "101%": 1.01} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q is read as %v, %v", text, s, err)
		}
		if regexp.MustCompile(s.SchemaPattern()).MatchString(text) {
			t.Errorf("the schema accepts %q", text)
		}
	}
}

func TestCountText(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "20": "20",
		"0":  "", // would be taken for "no limit"
		"-1": "", "+1": "", "01": "", "1.5": "", "": "", "x": "",
	} {
		checkText(t, new(Count), text, want)
	}
}

func TestAtText(t *testing.T) {
	for text, want := range map[string]string{
		"spike": "spike", "spike + 2s": "spike + 2s", "spike+2s": "spike + 2s", "spike - 500ms": "spike - 500ms", "spike -500ms": "spike - 500ms",
		"spike + 0s": "spike", "12s": "12s", "1m30s": "1m30s", "90s": "1m30s", "2m": "2m", "1.5h": "1h30m",
		"spike-2s":    "spike-2s", // a name: names may contain a minus
		"warm_up-2":   "warm_up-2",
		"-2s":         "-2s", // even this is one
		"spike + ":    "",
		"spike + 2":   "", // no unit
		"spike + -2s": "",
		"spike 2s":    "", "Spike": "", "": "", " spike": "", "spike + spike": "", "2s + spike + 2s": "",
	} {
		checkText(t, new(At), text, want)
	}
}

func TestHintText(t *testing.T) {
	for text, want := range map[string]string{
		"2s": "2s", "1.5s": "1.5s", "150s": "2m30s", "-1s": "-1s", "0s": "0s", "198300s": "55h5m", "384h": "384h",
		"none": "none", "soon": "soon", "date": "date", "date + 2s": "date", "date + 30s": "date + 30s", "date - 1h": "date - 1h", "date-1h": "date - 1h",
		"2": "", "later": "", "date 30s": "", "None": "", "": "", "- 1s": "", "+1s": "",
	} {
		checkText(t, new(Hint), text, want)
	}
}

// A number too large for its type is refused by the parser alone.
func TestTextTooLarge(t *testing.T) {
	for _, c := range []struct {
		into syntax
		text string
	}{
		{new(At), "999999999999h"}, {new(At), "spike + 999999999999h"}, {new(Hint), "999999999999h"}, {new(Share), "1e999"}, {new(Share), "1e7"}, {new(Share), "1e-16"},
		{new(Count), "99999999999999999999"},
	} {
		if err := c.into.UnmarshalText([]byte(c.text)); err == nil {
			t.Errorf("%T accepts %q as %v", c.into, c.text, c.into)
		}
	}
}

// What a hint looks like on the wire, and how long a caller that understands
// it has to wait. The wall clock stands at 12:00:00.25.
func TestHintOnTheWire(t *testing.T) {
	wall := time.Date(2026, 1, 2, 12, 0, 0, 250e6, time.UTC)
	for _, c := range []struct {
		hint, header string
		wait         time.Duration // 0: nothing to wait for
	}{
		{"2s", "2", 2 * time.Second},
		{"1500ms", "1.5", 1500 * time.Millisecond}, // not in RFC 9110, but providers send it
		{"0s", "0", 0},
		{"-1s", "-1", 0},
		{"none", "", 0},
		{"soon", "soon", 0},
		{"date", "Fri, 02 Jan 2026 12:00:03 GMT", 2750 * time.Millisecond}, // rounded up to a whole second
		{"date + 30s", "Fri, 02 Jan 2026 12:00:31 GMT", 30750 * time.Millisecond},
		{"date - 1h", "Fri, 02 Jan 2026 11:00:01 GMT", 0},
	} {
		var h Hint
		if err := h.UnmarshalText([]byte(c.hint)); err != nil {
			t.Fatal(err)
		}
		if got := h.Header(wall); got != c.header {
			t.Errorf("%s: header %q, want %q", c.hint, got, c.header)
		}
		wait, ok := h.Wait(wall)
		if ok != (c.wait > 0) || ok && wait != c.wait {
			t.Errorf("%s: wait %s, %v, want %s", c.hint, wait, ok, c.wait)
		}
		if h.Kind == HintDate {
			at, err := http.ParseTime(c.header)
			if err != nil || at.Before(wall.Add(h.For)) {
				t.Errorf("%s: %q is before its time, or no date (%v)", c.hint, c.header, err)
			}
		}
	}
}

func fuzzText(f *testing.F, fresh func() syntax, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := fresh()
		if v.UnmarshalText([]byte(text)) != nil {
			return
		}
		printed := v.String()
		again := fresh()
		if err := again.UnmarshalText([]byte(printed)); err != nil || again.String() != printed {
			t.Errorf("%q prints as %q, which reads back as %q, %v", text, printed, again, err)
		}
		allowed := regexp.MustCompile(v.SchemaPattern()).MatchString(printed)
		if s, ok := v.(*Share); ok && (*s < 0 || *s > 1) {
			if allowed { // Validate refuses it
				t.Errorf("%q prints as %q, which the schema allows", text, printed)
			}
			return
		}
		if !allowed && !strings.HasPrefix(printed, "-") {
			t.Errorf("%q prints as %q, which the schema refuses", text, printed)
		}
	})
}

func FuzzAt(f *testing.F) {
	fuzzText(f, func() syntax { return new(At) }, "spike", "spike + 2s", "spike - 1h0m0.5s", "12s", "a-b", "1µs", "9999999999h")
}

func FuzzShare(f *testing.F) {
	fuzzText(f, func() syntax { return new(Share) }, "0.4", "40%", "1e-9", "-3", "1e308", "33.3%")
}

func FuzzHint(f *testing.F) {
	fuzzText(f, func() syntax { return new(Hint) }, "2s", "none", "date + 30s", "date - 1h", "soon", "-1s")
}
