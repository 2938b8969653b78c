package wire

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

var otherCodec = &Codec{Run: "zyxwvuts", Phases: []string{"warm", "spike"}, Tenants: []string{"1", "2"}, Models: []string{"gpt-4o"}}

// ids that the tests tell apart by their index.
func idOf(run string, index int64) ID {
	return ID{Run: run, Phase: "spike", Index: index, Tenant: "2", OutputTokens: 120}
}

// What the carriers of an attempt say together: the first of header, gateway
// header, traceparent and the last marker of the last user message is believed;
// disagreement is told; another run's id is nobody's.
func TestIdentify(t *testing.T) {
	own := func(i int64) string { return idOf(fuzzCodec.Run, i).String() }
	other := func(i int64) string { return idOf(otherCodec.Run, i).String() }
	trace := func(i int64) string { return fuzzCodec.Traceparent(idOf(fuzzCodec.Run, i)) }
	mark := func(i int64) string { return Marker(idOf(fuzzCodec.Run, i)) }
	const header, litellm, bifrost = HeaderRequest, "x-pass-" + HeaderRequest, "x-bf-eh-" + HeaderRequest
	rows := []struct {
		words  string
		header []string // name, value ...
		prompt string
		want   string // carrier, index; seen; stale, conflict
	}{
		{"nothing", nil, "hello", " - []"},
		{"the header", []string{header, own(7)}, "", "header 7 [header]"},
		{"the header, with space around it", []string{header, " " + own(7) + "\t"}, "", "header 7 [header]"},
		{"LiteLLM's spelling", []string{litellm, own(7)}, "", "gateway 7 [gateway]"},
		{"Bifrost's spelling", []string{bifrost, own(7)}, "", "gateway 7 [gateway]"},
		{"traceparent", []string{"traceparent", trace(7)}, "", "traceparent 7 [traceparent]"},
		{"traceparent with the service's own span in it", []string{"traceparent", trace(7)[:36] + "00f067aa0ba902b7-00"}, "", "traceparent 7 [traceparent]"},
		{"traceparent of a later version", []string{"traceparent", "01" + trace(7)[2:] + "-extra"}, "", "traceparent 7 [traceparent]"},
		{"somebody else's traceparent", []string{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "", " - []"},
		{"a marker", nil, "hello " + mark(7), "marker 7 [marker]"},
		{"the last of several markers, as a dialogue repeats the earlier ones", nil, mark(5) + " and " + mark(6) + " and " + mark(7) + " thanks", "marker 7 [marker]"},
		{"the last whole marker, where one behind it is cut", nil, mark(7) + " and " + mark(8)[:20], "marker 7 [marker]"},
		{"a marker inside a marker", nil, "[chaos:[chaos:" + own(7) + "]]", "marker 7 [marker]"},
		{"all agree", []string{header, own(7), litellm, own(7), bifrost, own(7), "traceparent", trace(7)}, mark(7), "header 7 [header gateway traceparent marker]"},
		{"the header is trusted before the marker", []string{header, own(7)}, mark(8), "header 7 [header marker] conflict"},
		{"the gateway before traceparent", []string{litellm, own(7), "traceparent", trace(8)}, "", "gateway 7 [gateway traceparent] conflict"},
		{"traceparent before the marker", []string{"traceparent", trace(7)}, mark(8), "traceparent 7 [traceparent marker] conflict"},
		{"two headers that differ", []string{header, own(7), header, own(8)}, "", "header 7 [header] conflict"},
		{"a header that something cut is none", []string{header, own(7)[:20]}, mark(8), "marker 8 [marker]"},
		{"a header that something changed is none", []string{header, strings.Replace(own(7), "spike", "spine", 1)}, "", " - []"},
		{"another run's header is nobody's", []string{header, other(7)}, "", "header - [header] stale"},
		{"another run's header is believed before our marker", []string{header, other(7)}, mark(7), "header - [header marker] stale conflict"},
		{"our header, and another run's marker from a conversation that was kept", []string{header, own(7)}, Marker(idOf(otherCodec.Run, 7)), "header 7 [header marker] conflict"},
		{"another run's traceparent", []string{"traceparent", otherCodec.Traceparent(idOf(otherCodec.Run, 7))}, "", "traceparent - [traceparent] stale"},
		{"another run's header and traceparent, which agree as far as can be told", []string{header, other(7), "traceparent", otherCodec.Traceparent(idOf(otherCodec.Run, 7))}, "", "header - [header traceparent] stale"},
	}
	for _, row := range rows {
		h := http.Header{}
		for i := 0; i < len(row.header); i += 2 {
			h.Add(row.header[i], row.header[i+1])
		}
		got := fuzzCodec.Identify(h, row.prompt)
		index := "-"
		if got.Found {
			index = fmt.Sprint(got.ID.Index)
			if want := idOf(fuzzCodec.Run, got.ID.Index); got.ID != want {
				t.Errorf("%s: %+v, want %+v", row.words, got.ID, want)
			}
		}
		text := fmt.Sprintf("%s %s %v", got.Carrier, index, got.Seen)
		if got.Stale {
			text += " stale"
		}
		if got.Conflict {
			text += " conflict"
		}
		if text != row.want {
			t.Errorf("%s: %s, want %s", row.words, text, row.want)
		}
	}
}

func TestSetHeaders(t *testing.T) {
	id := exampleID()
	h := http.Header{}
	fuzzCodec.SetHeaders(h, id)
	got := fuzzCodec.Identify(h, "")
	if got.ID != id || !got.Found || got.Conflict || fmt.Sprint(got.Seen) != "[header gateway traceparent]" {
		t.Errorf("%+v", got)
	}
	if h.Get(headerPortkey) != HeaderRequest {
		t.Errorf("Portkey forwards %q", h.Get(headerPortkey))
	}
	h = http.Header{"X-Portkey-Forward-Headers": {"x-tenant"}, "Traceparent": {"mine"}}
	id.Tenant = "nobody" // is in no list
	if fuzzCodec.SetHeaders(h, id); h.Get(headerPortkey) != "x-tenant, "+HeaderRequest || h.Get("traceparent") != "mine" {
		t.Errorf("%v", h)
	}
	if fuzzCodec.SetHeaders(h, id); h.Get(headerPortkey) != "x-tenant, "+HeaderRequest {
		t.Errorf("Portkey forwards %q after the second time", h.Get(headerPortkey))
	}
}

// A traceparent holds an id or none, never a bent one.
func TestWhatFitsIntoATraceparent(t *testing.T) {
	rows := []struct {
		words  string
		change func(*ID)
		fits   bool
	}{
		{"an id", func(*ID) {}, true},
		{"the trial", func(id *ID) { id.Phase = "trial" }, true},
		{"a trace", func(id *ID) { id.Phase = "trace" }, true},
		{"the greatest index", func(id *ID) { id.Index = 1<<28 - 1 }, true},
		{"an index more", func(id *ID) { id.Index = 1 << 28 }, false},
		{"the most tokens", func(id *ID) { id.OutputTokens = 1<<18 - 1 }, true},
		{"a token more", func(id *ID) { id.OutputTokens = 1 << 18 }, false},
		{"a phase that is in no list", func(id *ID) { id.Phase = "cold" }, false},
		{"a tenant that is in no list", func(id *ID) { id.Tenant = "3" }, false},
		{"a run that is none", func(id *ID) { id.Run = "UPPERCAS" }, false},
	}
	for _, row := range rows {
		id := exampleID()
		row.change(&id)
		text := fuzzCodec.Traceparent(id)
		if (text != "") != row.fits {
			t.Errorf("%s: %q", row.words, text)
			continue
		}
		if got, ok, _ := fuzzCodec.FromTraceparent(text); row.fits && (got != id || !ok) {
			t.Errorf("%s: %+v became %+v", row.words, id, got)
		}
		if row.fits && (len(text) != 55 || text[:3] != "00-" || text[52:] != "-01") {
			t.Errorf("%s: %q is no traceparent of W3C", row.words, text)
		}
	}
	for _, text := range []string{"", "00", "ff" + fuzzCodec.Traceparent(exampleID())[2:], strings.ToUpper(fuzzCodec.Traceparent(exampleID())), fuzzCodec.Traceparent(exampleID()) + "-x", strings.Repeat("0", 55)} {
		if _, ok, stale := fuzzCodec.FromTraceparent(text); ok || stale {
			t.Errorf("%q is taken for one of ours", text)
		}
	}
}

// Texts that differ only in their marks are equal without them.
func TestStripMarkers(t *testing.T) {
	m, w := Marker(exampleID()), fuzzCodec.Mark(exampleMark(0, false))
	rows := []struct{ words, text, want string }{
		{"nothing to strip", " a  b ", " a  b "},
		{"a marker at the end", "what is it? " + m, "what is it?"},
		{"a marker at the start", m + " what is it?", "what is it?"},
		{"a marker between", "what " + m + " is it?", "what is it?"},
		{"a marker alone", m, ""},
		{"a watermark between", "what " + w + " is it?", "what is it?"},
		{"watermarks side by side", "a " + w + " " + w + " b", "a b"},
		{"both", w + " a " + m, "a"},
		{"a marker that touches a word", "a" + m + "b", "ab"},
		{"half a marker is text", "a " + m[:len(m)-1], "a " + m[:len(m)-1]},
		{"half a watermark is text", "a " + w[:markLen-1], "a " + w[:markLen-1]},
		{"a watermark whose checksum fails is one all the same", "a " + w[:markLen-1] + "y", "a"},
	}
	for _, row := range rows {
		if got := StripMarkers(row.text); got != row.want {
			t.Errorf("%s: %q, want %q", row.words, got, row.want)
		}
	}
}

// There is one spelling of each id, and everything else is none.
func TestParseIDRefuses(t *testing.T) {
	good := exampleID().String()
	if good != "abcdefgh.spike.1432.2.120."+good[len(good)-4:] {
		t.Fatalf("an id is %q", good)
	}
	spell := func(change func(*ID)) string {
		id := exampleID()
		change(&id)
		return id.String()
	}
	for _, text := range []string{
		"", ".", good + ".", "." + good, good + " ", good[1:], good[:len(good)-1], strings.ToUpper(good),
		strings.Replace(good, ".1432.", ".01432.", 1), strings.Replace(good, ".1432.", ".+1432.", 1),
		spell(func(id *ID) { id.Run = "short" }), spell(func(id *ID) { id.Phase = "" }), spell(func(id *ID) { id.Phase = "Spike" }),
		spell(func(id *ID) { id.Tenant = "a b" }), spell(func(id *ID) { id.Tenant = "" }), spell(func(id *ID) { id.Index = -1 }),
		spell(func(id *ID) { id.OutputTokens = -1 }), spell(func(id *ID) { id.OutputTokens = outputTokensMax + 1 }),
		spell(func(id *ID) { id.Tenant = strings.Repeat("t", nameMax+1) }), strings.Repeat("a", 10_000),
	} {
		if id, err := ParseID(text); err == nil {
			t.Errorf("%q reads as %+v", text, id)
		}
	}
	longest := ID{Run: "abcdefgh", Phase: strings.Repeat("p", nameMax), Index: 1<<63 - 1, Tenant: strings.Repeat("T", nameMax), OutputTokens: outputTokensMax}
	if got, err := ParseID(longest.String()); got != longest || err != nil {
		t.Errorf("the longest id: %+v, %v", got, err)
	}
	if got := lastMarker(Marker(longest)); got != longest.String() {
		t.Errorf("the longest marker: %q", got)
	}
	for _, bits := range []uint64{0, 1, 1<<40 - 1, 1<<64 - 1} {
		if _, err := ParseID((ID{Run: RunID(bits), Phase: "a", Tenant: "b"}).String()); err != nil {
			t.Errorf("run %q: %v", RunID(bits), err)
		}
	}
}

func TestAHeaderThatIsNoIDNamesItsRequestWhereThereIsNoRun(t *testing.T) {
	long := strings.Repeat("x", 80)
	rows := []struct {
		words, header, want string
	}{
		{"a word", "checkout", "checkout"},
		{"the name of a test", "tests/test_a.py::test_b[1]", "tests/test_a.py::test_b[1]"},
		{"white space around it is not part of it", " checkout\t", "checkout"},
		{"a name that every run knows is none of the caller's", "trial", ""},
		{"nor is what cannot be printed", "caf\u00e9", ""},
		{"nor nothing", "", ""},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			h := http.Header{}
			h.Set(HeaderRequest, row.header)
			got := (&Codec{Run: "standing", Named: true}).Identify(h, "")
			if got.ID.Phase != row.want || got.Found != (row.want != "") {
				t.Errorf("named %q (found %v), want %q", got.ID.Phase, got.Found, row.want)
			}
			if got := (&Codec{Run: "standing"}).Identify(h, ""); got.Found {
				t.Errorf("in a run %q is an id", row.header)
			}
		})
	}
	a, b := nameOf(long+"a"), nameOf(long+"b")
	if len(a) != ownNameMax || len(b) != ownNameMax || a == b {
		t.Errorf("%q and %q: long names must be cut, and stay two", a, b)
	}
}
