package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/golden"
)

// What each SDK makes of the mock, healthy and with every class of error, is a
// golden file a SDK: what its caller gets, the type of the error it raises, and
// how many attempts it took.

// happy are the asks that are put to a healthy mock, where the SDK has them.
var happy = []string{
	"chat", "stream", "tool", "tool stream", "structured", "structured stream", "embed", "rerank",
	"response", "response stream", "response tool", "response tool stream", "response structured",
}

// refusals are the classes of error that have a status.
var refusals = []string{
	"http_400", "http_401", "http_403", "http_404", "http_408", "http_409", "http_413", "http_422", "rate_limit",
	"http_500", "http_502", "http_503", "http_504", "http_529",
}

// mishaps are the ways in which an answer goes wrong without one.
var mishaps = []string{"conn_reset_pre", "conn_reset_mid", "eof_no_done", "in_stream_error", "empty_200", "stall_mid_stream"}

// patience ends what would hang for ever.
const patience = 30 * time.Second

// TestConformance holds every SDK against the mock.
func TestConformance(t *testing.T) {
	for _, s := range sdks {
		t.Run(s.name, func(t *testing.T) {
			scenes := s.scenes()
			seen := s.meet(t, scenes)
			var b strings.Builder
			fmt.Fprintf(&b, "%s against the mock, %s\n", s.name, s.version(t))
			for i, sc := range scenes {
				fmt.Fprintf(&b, "%-32s %s\n", sc.name, outcome(seen[i].calls[0]))
			}
			golden.Check(t, s.name+".txt", b.String())
		})
	}
}

// scenes are the cases of an SDK.
func (s sdk) scenes() []scene {
	var out []scene
	for _, ask := range happy {
		if s.find(ask) != nil {
			out = append(out, scene{name: ask, ask: ask})
		}
	}
	for _, ask := range []string{s.asks[0].name, "stream"} {
		if s.find(ask) == nil {
			continue
		}
		for _, name := range slices.Concat(refusals, mishaps) {
			f := fault(name)
			if in, ok := f.(interface{ StreamOnly() bool }); ask != "stream" && (ok && in.StreamOnly() || name == "stall_mid_stream") {
				continue
			}
			sc := scene{name: ask + " " + name, ask: ask, fault: f}
			if name == "stall_mid_stream" {
				sc.cut = patience
			}
			out = append(out, sc)
		}
	}
	return out
}

// fault makes a fault of the catalogue with its default parameters.
func fault(name string) faults.Fault {
	e, ok := faults.Lookup(name)
	if !ok {
		panic("no fault " + name)
	}
	return e.New()
}

// outcome is a call as a line.
func outcome(c called) string {
	tries := ""
	if c.Tries != 1 {
		tries = fmt.Sprintf(" after %d attempts", c.Tries)
	}
	if c.Failed != nil {
		return c.Failed.String() + tries
	}
	says := fmt.Sprintf("says %d words", len(strings.Fields(c.Text)))
	if strings.HasPrefix(c.Text, "{") {
		says = "says " + shape(c.Text)
	} else if strings.HasSuffix(c.Text, " dimensions") {
		says = c.Text
	}
	if len(c.Tools) > 0 {
		var calls []string
		for _, call := range c.Tools {
			name, args, _ := strings.Cut(strings.TrimSuffix(call, ")"), "(")
			calls = append(calls, name+"("+shape(args)+")")
		}
		says = "calls " + strings.Join(calls, ", ")
	}
	if c.Text != "" && strings.Trim(c.Text, "0123456789 ") == "" {
		says = "ranks " + strings.TrimSpace(c.Text)
	}
	usage := fmt.Sprintf("%d tokens", c.Tokens)
	if (len(c.Tools) > 0 || strings.HasPrefix(c.Text, "{")) && c.Tokens > 0 {
		usage = "some tokens" // as many as what is drawn has
	}
	out := fmt.Sprintf("%s, stop %q, %s%s", says, c.Stop, usage, tries)
	if len(c.Missing) > 0 {
		slices.Sort(c.Missing)
		out += "; lacks " + strings.Join(slices.Compact(c.Missing), ", ")
	}
	return out
}

// shape is the type of a JSON value: its words and numbers are drawn, and no part
// of what an SDK must understand.
func shape(text string) string {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return fmt.Sprintf("%q", text)
	}
	return shapeOf(v)
}

func shapeOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, k+": "+shapeOf(v[k]))
		}
		return "{" + strings.Join(out, ", ") + "}"
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + shapeOf(v[0]) + "]"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	}
	return fmt.Sprint(v)
}
