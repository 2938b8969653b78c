package mockmodel

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// format is a named form of strings: how one is drawn, and what is one.
type format struct {
	draw func(st die) string
	ok   func(s string) bool
}

// formats are those of JSON Schema 2020-12, Validation 7.3, and "url", which
// SDKs write for "uri". Any other name says nothing about the value, as the
// standard has it.
var formats = map[string]*format{
	"date":          {drawDate, func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }},
	"time":          {func(st die) string { return drawDateTime(st)[11:] }, isTime},
	"date-time":     {drawDateTime, func(s string) bool { return len(s) > 11 && isDateTime(s) }},
	"duration":      {func(st die) string { return fmt.Sprintf("P%dDT%dH", 1+st.n(15, 20), 1+st.n(16, 23)) }, matcher(`P(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?)`, "P", "T")},
	"email":         {drawEmail, isEmail},
	"idn-email":     {drawEmail, isEmail},
	"hostname":      {drawHost, isHost},
	"idn-hostname":  {drawHost, isHost},
	"ipv4":          {func(st die) string { return fmt.Sprintf("192.0.2.%d", 1+st.n(17, 254)) }, func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is4() }},
	"ipv6":          {func(st die) string { return fmt.Sprintf("2001:db8::%x", 1+st.n(18, 65535)) }, func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is6() && a.Zone() == "" }},
	"uri":           {drawURI, isURI},
	"url":           {drawURI, isURI},
	"iri":           {drawURI, isURI},
	"uri-reference": {drawURI, isReference},
	"iri-reference": {drawURI, isReference},
	"uri-template":  {func(st die) string { return drawURI(st) + "/{id}" }, isReference},
	"uuid":          {drawUUID, matcher(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)},
	"regex":         {func(st die) string { return "^" + drawWord(st) + "$" }, func(s string) bool { _, err := regexp.Compile(s); return err == nil }},

	"json-pointer":          {func(st die) string { return "/" + drawWord(st) }, matcher(`(/([^~/]|~[01])*)*`)},
	"relative-json-pointer": {func(st die) string { return "1/" + drawWord(st) }, matcher(`(0|[1-9][0-9]*)(#|(/([^~/]|~[01])*)*)`)},
}

func knownFormat(name string) bool { return formats[name] != nil }

// matcher returns what reports whether a whole string matches, and does not end
// like one of those.
func matcher(re string, ends ...string) func(string) bool {
	compiled := regexp.MustCompile("^(?:" + re + ")$")
	return func(s string) bool {
		for _, e := range ends {
			if strings.HasSuffix(s, e) {
				return false
			}
		}
		return compiled.MatchString(s)
	}
}

// drawWord draws a word.
func drawWord(st die) string { return clipWord(wire.Text(uint64(st), 2)) }

// drawDigits draws n digits, the first of them not 0.
func drawDigits(st die, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + st.index(i).n(19, 10))
	}
	b[0] = byte('1' + st.n(20, 9))
	return string(b)
}

func drawDate(st die) string { return drawDateTime(st)[:10] }

// drawDateTime draws a second of the years 2024 and 2025.
func drawDateTime(st die) string {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return start.Add(time.Duration(st.n(21, 2*365*24*3600)) * time.Second).Format(time.RFC3339)
}

// Domains are of RFC 2606, so that nothing is ever sent to anybody.
func drawEmail(st die) string { return drawWord(st) + "." + drawWord(st.index(1)) + "@example.com" }
func drawHost(st die) string  { return drawWord(st) + ".example.com" }
func drawURI(st die) string   { return "https://example.com/" + drawWord(st) + "/" + drawDigits(st, 4) }
func drawPath(st die) string  { return "/" + drawWord(st) + "/" + drawWord(st.index(1)) + ".txt" }
func drawID(st die) string    { return fmt.Sprintf("%012x", uint64(st.index(2))>>16) }

// drawUUID draws one of version 4 (RFC 9562).
func drawUUID(st die) string {
	a, b := uint64(st.index(3)), uint64(st.index(4))
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func isTime(s string) bool { return isDateTime("2024-01-01T" + s) }

func isDateTime(s string) bool {
	_, err := time.Parse(time.RFC3339, strings.ToUpper(s))
	return err == nil
}

var isEmail = matcher(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*`)

func isHost(s string) bool { return len(s) <= 253 && hostForm(s) }

var hostForm = matcher(`[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*`)

func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && !strings.Contains(s, `\`)
}

func isReference(s string) bool {
	_, err := url.Parse(s)
	return err == nil && !strings.Contains(s, `\`)
}
