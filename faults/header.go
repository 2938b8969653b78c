package faults

import (
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// HeaderMatch asks for a header of an attempt. In a plan it is an entry of a
// mapping: match: {header: {X-Tier: gold}}.
type HeaderMatch struct {
	Name string `yaml:",key"` // as it is written; case does not matter
	// Value is what the header must be. With * at its end it is what the header
	// must begin with; * alone asks that the header is there at all.
	Value string `yaml:",value"`
}

// Bounds of a match: every attempt in the window is held against it.
const (
	headersMax     = 8
	headerValueMax = 256
)

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")

// secretNames are parts of names of headers that carry a secret.
var secretNames = []string{
	"authorization", "cookie", "api-key", "apikey", "api_key", "secret", "password", "credential", "x-auth",
	"access-token", "auth-token", "security-token", "session-token", "subscription-key",
}

func carriesSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(name, part) })
}

func validateHeaders(headers []HeaderMatch, out *problems) {
	if n := len(headers); n > headersMax {
		out.add("match.header", "asks for %d headers: at most %d", n, headersMax)
	}
	for i, h := range headers {
		path := "match.header." + h.Name
		same := func(x HeaderMatch) bool { return strings.EqualFold(x.Name, h.Name) }
		switch {
		case !headerName.MatchString(h.Name):
			out.add("match.header", "%.80q is no name of a header: use up to 64 letters, digits and '-'", h.Name)
		case carriesSecret(h.Name):
			out.add(path, "carries a secret, which plans and reports would show: match the tenant, or a header without one")
		case strings.EqualFold(h.Name, "host"):
			out.add(path, "is where the call goes, not what it carries: match the endpoint")
		case slices.ContainsFunc(headers[:i], same):
			out.add(path, "is asked for twice: names of headers do not differ by case; keep one")
		case h.Value == "":
			out.add(path, `asks for nothing: give the value, the beginning of it with * behind, or "*" for any`)
		case len(h.Value) > headerValueMax:
			out.add(path, "has %d bytes: at most %d; give the beginning of it with * behind", len(h.Value), headerValueMax)
		}
	}
}

// headerWant is a HeaderMatch as Decide needs it.
type headerWant struct {
	name   string // canonical
	text   string
	prefix bool
}

func bindHeaders(headers []HeaderMatch) []headerWant {
	var out []headerWant
	for _, h := range headers {
		text, prefix := strings.CutSuffix(h.Value, "*")
		out = append(out, headerWant{name: textproto.CanonicalMIMEHeaderKey(h.Name), text: text, prefix: prefix})
	}
	return out
}

// matchHeaders reports whether each header that is asked for has, in one of its
// lines, the value.
func matchHeaders(wants []headerWant, header map[string][]string) bool {
	for i := range wants {
		w := &wants[i]
		found := false
		for _, v := range header[w.name] {
			if v == w.text || w.prefix && strings.HasPrefix(v, w.text) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
