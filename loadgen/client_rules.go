package loadgen

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/ohler55/ojg/jp"

	"github.com/chaoskit/chaos/internal/wire"
)

// headersKept are the response headers that a record keeps. Anything else may
// be a secret.
var headersKept = []string{
	"Content-Type", "Retry-After", "Server-Timing", "X-Cache", "X-Degraded", "X-Request-Id",
	// What gateways claim about their own retries.
	"X-Litellm-Attempted-Retries", "X-Portkey-Retry-Attempt-Count",
}

// reader is a ResponseConfig made ready: how to read an answer, and what its
// rules say about it.
type reader struct {
	codec    *wire.Codec
	mask     func(string) string
	format   *format
	answer   jp.Expr // for format json
	rejected []RejectedRule
	errors   []errorRule
	degraded []degradedRule
	needles  []needle // one for each degraded rule; empty where it has no contains
	kept     []string // canonical names of the headers to keep
	paths    bool     // an error rule looks into the answer
}

type errorRule struct {
	ErrorRule
	path jp.Expr
}

type degradedRule struct {
	DegradedRule
	header []Header // canonical names
}

// newReader compiles a config without problems.
func newReader(c ResponseConfig, codec *wire.Codec, mask func(string) string) *reader {
	if mask == nil {
		mask = func(s string) string { return s }
	}
	c = c.WithDefaults()
	r := &reader{codec: codec, mask: mask, format: formatOf(c.Format), rejected: c.Rejected, kept: slices.Clone(headersKept)}
	if c.Answer != "" {
		r.answer, _ = parsePath(c.Answer)
	}
	for _, e := range c.Error {
		rule := errorRule{ErrorRule: e}
		if e.Path != "" {
			rule.path, _ = parsePath(e.Path)
			r.paths = true
		}
		r.errors = append(r.errors, rule)
	}
	for _, d := range c.Degraded {
		rule := degradedRule{DegradedRule: d}
		for _, h := range d.Header {
			name := textproto.CanonicalMIMEHeaderKey(h.Name)
			rule.header = append(rule.header, Header{name, h.Value})
			if !slices.Contains(r.kept, name) {
				r.kept = append(r.kept, name)
			}
		}
		r.degraded = append(r.degraded, rule)
		r.needles = append(r.needles, newNeedle(d.Contains))
	}
	return r
}

// keep returns the headers of a response that a record keeps, nil if there is
// none of them. Names are in lower case, as in plans and reports.
func (r *reader) keep(h http.Header) map[string]string {
	var kept map[string]string
	for _, name := range r.kept {
		values := h[name]
		if len(values) == 0 {
			continue
		}
		if kept == nil {
			kept = make(map[string]string, 4)
		}
		kept[strings.ToLower(name)] = clip(r.mask(strings.Join(values, ", ")), nameMax)
	}
	return kept
}

// rejects reports whether a response.rejected rule matches.
func (r *reader) rejects(status int) bool {
	return slices.ContainsFunc(r.rejected, func(rule RejectedRule) bool { return rule.Status == status })
}

// errorByStatus returns the response.error rule that matches the status, in
// words.
func (r *reader) errorByStatus(status int) string {
	for _, rule := range r.errors {
		if rule.path == nil && rule.Status == status {
			return "by a response.error rule on the status"
		}
	}
	return ""
}

// errorByPath returns the response.error rule that finds an error in a body or
// in one event, in words.
func (r *reader) errorByPath(tree any) string {
	for _, rule := range r.errors {
		if rule.path == nil {
			continue
		}
		for _, v := range rule.path.Get(tree) {
			if says(v) {
				return clip(r.mask(rule.Path+": "+string(treeText(v))), nameMax)
			}
		}
	}
	return ""
}

// degradedKind returns the kind of the first response.degraded rule that
// matches, "" if none does. found is the state of the needles.
func (r *reader) degradedKind(h http.Header, model string, found []int) string {
	for i, rule := range r.degraded {
		if rule.matches(h, model) && r.needles[i].done(found[i]) {
			return rule.Kind
		}
	}
	return ""
}

func (d degradedRule) matches(h http.Header, model string) bool {
	for _, want := range d.header {
		if !slices.ContainsFunc(h[want.Name], func(v string) bool { return strings.EqualFold(strings.TrimSpace(v), want.Value) }) {
			return false
		}
	}
	return d.Model == "" || d.Model == model
}

// needle is a text that is looked for in pieces as they come, by Knuth, Morris
// and Pratt: all that must be kept between two pieces is a number.
type needle struct {
	text string
	back []int // back[i]: how much is still found when i+1 bytes were and the next is another
}

func newNeedle(text string) needle {
	n := needle{text: text, back: make([]int, len(text))}
	for i, k := 1, 0; i < len(text); i++ {
		for k > 0 && text[i] != text[k] {
			k = n.back[k-1]
		}
		if text[i] == text[k] {
			k++
		}
		n.back[i] = k
	}
	return n
}

// find goes on from found bytes with the next piece. Found stays found.
func (n needle) find(found int, piece []byte) int {
	for _, c := range piece {
		if n.done(found) {
			return found
		}
		for found > 0 && c != n.text[found] {
			found = n.back[found-1]
		}
		if c == n.text[found] {
			found++
		}
	}
	return found
}

// done reports whether all of the text is found. An empty one always is.
func (n needle) done(found int) bool { return found == len(n.text) }
