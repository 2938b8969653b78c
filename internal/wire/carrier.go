package wire

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// HeaderRequest carries the request id.
const HeaderRequest = "x-chaos-request"

// gatewayHeaders are the spellings under which gateways pass a header on to a
// provider: LiteLLM takes x-pass-NAME, Bifrost x-bf-eh-NAME, and both drop the
// prefix. A provider sees them only behind a gateway that is neither.
var gatewayHeaders = []string{"x-pass-" + HeaderRequest, "x-bf-eh-" + HeaderRequest}

// headerPortkey lists, by commas, the headers that a Portkey gateway forwards.
const headerPortkey = "x-portkey-forward-headers"

const headerTraceparent = "traceparent"

// The headers as they stand in an http.Header, so that looking for them, which
// is done for every call, does not spell them anew.
var (
	keyRequest     = http.CanonicalHeaderKey(HeaderRequest)
	keysGateway    = []string{http.CanonicalHeaderKey(gatewayHeaders[0]), http.CanonicalHeaderKey(gatewayHeaders[1])}
	keyTraceparent = http.CanonicalHeaderKey(headerTraceparent)
)

// Names of the carriers, in their order of trust.
const (
	CarrierHeader      = "header"
	CarrierGateway     = "gateway"
	CarrierTraceparent = "traceparent"
	CarrierMarker      = "marker"
)

// SetHeaders sets every carrier but the marker. What a Portkey gateway was
// already asked to forward it still forwards.
func (c *Codec) SetHeaders(h http.Header, id ID) {
	text := id.String()
	h.Set(HeaderRequest, text)
	for _, name := range gatewayHeaders {
		h.Set(name, text)
	}
	forward := h.Get(headerPortkey)
	switch {
	case forward == "":
		h.Set(headerPortkey, HeaderRequest)
	case !strings.Contains(strings.ToLower(forward), HeaderRequest):
		h.Set(headerPortkey, forward+", "+HeaderRequest)
	}
	if trace := c.Traceparent(id); trace != "" {
		h.Set(headerTraceparent, trace)
	}
}

const markerOpen, markerClose = "[chaos:", "]"

// Marker is the id as it stands in a prompt. No character of it is escaped in
// JSON or HTML.
func Marker(id ID) string { return markerOpen + id.String() + markerClose }

// nextMarker returns where the first whole marker at or behind from starts and
// ends; -1, -1 if there is none.
func nextMarker(text string, from int) (start, end int) {
	for {
		i := strings.Index(text[from:], markerOpen)
		if i < 0 {
			return -1, -1
		}
		start = from + i
		from = start + len(markerOpen)
		n := strings.Index(text[from:min(len(text), from+idMax+1)], markerClose)
		if n < 0 {
			continue
		}
		if _, err := ParseID(text[from : from+n]); err == nil {
			return start, from + n + len(markerClose)
		}
	}
}

// StripMarkers removes markers and watermarks, each with the one white space
// that keeps it apart, so that texts which differ only in which mark stands
// where are equal.
func StripMarkers(text string) string {
	hasMarker, hasMark := strings.Contains(text, markerOpen), strings.Contains(text, markPrefix[:2])
	if hasMarker {
		text = strip(text, nextMarker)
	}
	if hasMark {
		text = strip(text, nextMark)
	}
	return text
}

// strip removes all that next finds.
func strip(text string, next func(text string, from int) (start, end int)) string {
	start, end := next(text, 0)
	if start < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for from := 0; ; {
		out = append(out, text[from:start]...)
		switch {
		case end < len(text) && isSpace(text[end]) && (len(out) == 0 || isSpace(out[len(out)-1])):
			end++
		case len(out) > 0 && isSpace(out[len(out)-1]):
			out = out[:len(out)-1]
		}
		from = end
		if start, end = next(text, from); start < 0 {
			return string(append(out, text[from:]...))
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// Identity is what the carriers of an attempt say together.
type Identity struct {
	ID       ID       // whole if Found; only Run is sure if Stale
	Found    bool     // the most trusted carrier has an id of this run
	Stale    bool     // it has one of another run: the attempt is nobody's
	Conflict bool     // two carriers disagree
	Carrier  string   // the one that was believed, "" if none spoke
	Seen     []string // all that spoke, in order of trust
}

// Identify reads all carriers: the header, its gateway spellings, traceparent,
// and the last marker in lastUser, the text of the last user message. The first
// that has a whole id is believed; one that something cut or rewrote has none.
// With Named, a header that is no id is a name: its phase, at index 0.
func (c *Codec) Identify(h http.Header, lastUser string) Identity {
	var out Identity
	for _, v := range h[keyRequest] {
		out.read(c, CarrierHeader, v)
	}
	for _, key := range keysGateway {
		for _, v := range h[key] {
			out.read(c, CarrierGateway, v)
		}
	}
	for _, v := range h[keyTraceparent] {
		if id, ok, stale := c.FromTraceparent(strings.Trim(v, " \t")); ok || stale {
			out.add(CarrierTraceparent, id, stale)
		}
	}
	if id := lastMarker(lastUser); id != "" {
		out.read(c, CarrierMarker, id)
	}
	return out
}

// lastMarker returns the id in the last whole marker of text. It searches from
// the end, as prompts are long and their marker stands there.
func lastMarker(text string) string {
	for to := len(text); ; {
		i := strings.LastIndex(text[:to], markerOpen)
		if i < 0 {
			return ""
		}
		// A marker that starts at i ends before the next one starts.
		if start, end := nextMarker(text[i:min(len(text), i+len(markerOpen)+idMax+len(markerClose))], 0); start == 0 {
			return text[i+len(markerOpen) : i+end-len(markerClose)]
		}
		to = i
	}
}

func (out *Identity) read(c *Codec, carrier, text string) {
	text = strings.Trim(text, " \t")
	if id, err := ParseID(text); err == nil {
		out.add(carrier, id, id.Run != c.Run)
	} else if name := nameOf(text); c.Named && carrier != CarrierMarker && name != "" {
		out.add(carrier, ID{Run: c.Run, Phase: name}, false)
	}
}

// ownNameMax bounds a caller's own name for a request, in bytes.
const ownNameMax = 64

// nameOf is a caller's own name for a request as a phase of keys, "" where it is
// none: visible ASCII, and no name that every run knows. A longer one is cut and
// keeps a hash of the whole, so that two of them stay two.
func nameOf(text string) string {
	for i := range len(text) {
		if text[i] < '!' || text[i] > '~' {
			return ""
		}
	}
	if slices.Contains(fixedPhases, text) {
		return ""
	}
	if len(text) > ownNameMax {
		sum := strconv.FormatUint(Fold64([]byte(text)), 36)
		return text[:ownNameMax-1-len(sum)] + "~" + sum
	}
	return text
}

func (out *Identity) add(carrier string, id ID, stale bool) {
	if !slices.Contains(out.Seen, carrier) {
		out.Seen = append(out.Seen, carrier)
	}
	if out.Carrier == "" {
		out.Carrier, out.ID, out.Found, out.Stale = carrier, id, !stale, stale
		return
	}
	// Of another run's trace id only the run can be compared.
	if id.Run != out.ID.Run || !stale && id != out.ID {
		out.Conflict = true
	}
}
