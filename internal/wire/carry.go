package wire

import (
	"net/http"
	"regexp"
	"strings"
)

// HeaderRequest carries the request id.
const HeaderRequest = "x-chaos-request"

// GatewayHeaders are the spellings under which gateways pass a header on to
// the provider: LiteLLM x-pass-NAME, Bifrost x-bf-eh-NAME.
var GatewayHeaders = []string{"x-pass-" + HeaderRequest, "x-bf-eh-" + HeaderRequest}

// headerPortkey names the headers that a Portkey gateway shall forward.
const headerPortkey = "x-portkey-forward-headers"

// Carrier names, in their order of trust.
const (
	CarrierHeader      = "header"
	CarrierGateway     = "gateway"
	CarrierTraceparent = "traceparent"
	CarrierMarker      = "marker"
)

// SetHeaders sets every carrier but the marker.
func (c *Codec) SetHeaders(h http.Header, id ID) {
	text := id.String()
	h.Set(HeaderRequest, text)
	for _, name := range GatewayHeaders {
		h.Set(name, text)
	}
	h.Set(headerPortkey, HeaderRequest)
	h.Set("traceparent", c.Traceparent(id))
}

var marker = regexp.MustCompile(`\[chaos:([A-Za-z0-9_.-]{1,128})\]`)

// Marker is the id as it stands at the end of a prompt.
func Marker(id ID) string { return "[chaos:" + id.String() + "]" }

// FindMarkers returns the ids of all whole markers in text, in order, as text.
func FindMarkers(text string) []string {
	if !strings.Contains(text, "[chaos:") {
		return nil
	}
	var out []string
	for _, m := range marker.FindAllStringSubmatch(text, -1) {
		if _, err := ParseID(m[1]); err == nil {
			out = append(out, m[1])
		}
	}
	return out
}

// StripMarkers removes markers and watermarks, so that texts that differ only
// in them are equal.
func StripMarkers(text string) string {
	if strings.Contains(text, "[chaos:") {
		text = marker.ReplaceAllString(text, "")
	}
	return stripMarks(text)
}

// Identity is what the carriers of an attempt say.
type Identity struct {
	ID       ID
	Found    bool   // an id of this run
	Stale    bool   // an id of another run, and none of this one
	Conflict bool   // two carriers disagree
	Carrier  string // the one that was believed
	Seen     []string
}

// Identify reads all carriers: the header, its gateway spellings, traceparent,
// and the last marker of lastUser, the text of the last user message. They are
// believed in that order.
func (c *Codec) Identify(h http.Header, lastUser string) Identity {
	var out Identity
	out.consider(c, CarrierHeader, h.Get(HeaderRequest))
	for _, name := range GatewayHeaders {
		out.consider(c, CarrierGateway, h.Get(name))
	}
	if id, ok, stale := c.FromTraceparent(h.Get("traceparent")); ok || stale {
		out.add(CarrierTraceparent, id, stale)
	}
	if ms := FindMarkers(lastUser); len(ms) > 0 {
		out.consider(c, CarrierMarker, ms[len(ms)-1])
	}
	return out
}

func (out *Identity) consider(c *Codec, carrier, text string) {
	if text == "" {
		return
	}
	if id, err := ParseID(trimASCII(text)); err == nil {
		out.add(carrier, id, id.Run != c.Run)
	}
}

func (out *Identity) add(carrier string, id ID, stale bool) {
	out.Seen = append(out.Seen, carrier)
	switch {
	case stale && !out.Found:
		out.Stale = true
	case stale:
		out.Conflict = true
	case !out.Found:
		out.Conflict = out.Conflict || out.Stale
		out.ID, out.Found, out.Stale, out.Carrier = id, true, false, carrier
	case out.ID.Phase != id.Phase || out.ID.Index != id.Index:
		out.Conflict = true
	}
}
