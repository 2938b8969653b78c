package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/refapp"
	"github.com/chaoskit/chaos/loadgen"
	"github.com/chaoskit/chaos/mockmodel"
	"github.com/chaoskit/chaos/plans"
)

// item is one line of a list.
type item struct{ name, text string }

// lists are what `chaos list` can list.
var lists = []struct {
	kind  string
	items func() []item
	print func(*printer) // instead of items: what is more than a line an entry
}{
	{kind: "plans", items: func() (out []item) {
		for _, p := range plans.Library() {
			out = append(out, item{p.Name, p.Description})
		}
		return out
	}},
	{kind: "faults", items: func() (out []item) {
		for _, f := range slices.Concat(faults.Catalogue(), faults.TCP()) {
			out = append(out, item{f.Name, f.Summary})
		}
		return out
	}},
	{kind: "incidents", items: func() (out []item) {
		for _, in := range plans.Incidents() {
			out = append(out, item{in.Name, in.Title})
		}
		return out
	}},
	{kind: "assertions", items: func() (out []item) {
		for _, a := range assertions.Catalogue() {
			out = append(out, item{a.ID, a.Claim})
		}
		return out
	}},
	{kind: "targets", items: func() (out []item) {
		for _, m := range refapp.Modes() {
			out = append(out, item{m.Name, m.Summary})
		}
		return out
	}},
	{kind: "dialects", items: func() (out []item) {
		for _, d := range mockmodel.Dialects() {
			out = append(out, item{d, ""})
		}
		return out
	}},
	{kind: "profiles", items: func() (out []item) {
		for _, p := range loadgen.Profiles() {
			out = append(out, item{p.Name, p.Summary})
		}
		return out
	}},
	{kind: "sdks", print: printSDKs},
}

// ListKindNames returns what can be listed.
func ListKindNames() []string {
	var out []string
	for _, l := range lists {
		out = append(out, l.kind)
	}
	return out
}

// ListKinds is that as text.
func ListKinds() string { return strings.Join(ListKindNames(), ", ") }

// List writes a list, one line an entry where that fits.
func List(w io.Writer, kind string, s Style) error {
	p := &printer{w: w, s: s}
	for _, l := range lists {
		if l.kind != kind {
			continue
		}
		if l.print != nil {
			l.print(p)
			return p.err
		}
		items := l.items()
		width := 0
		for _, it := range items {
			width = max(width, len(it.name))
		}
		for _, it := range items {
			p.line(Wrap(it.text, s.width(), Pad(it.name, width)+"  ", strings.Repeat(" ", width+2)))
		}
		return p.err
	}
	return fmt.Errorf("cannot list %q: choose one of %s", kind, ListKinds())
}

// Explain writes all that is known of an assertion, a fault or an incident.
func Explain(w io.Writer, id string, s Style) error {
	if a, ok := assertions.Lookup(id); ok {
		return explainAssertion(w, a, s)
	}
	if f, ok := faults.Lookup(id); ok {
		return explainFault(w, f, s)
	}
	if id == assertions.BarrierID || id == "barrier" {
		return explainBarrier(w, s)
	}
	for _, in := range plans.Incidents() {
		if in.Name == id {
			return explainIncident(w, in, s)
		}
	}
	if faults.Unbuilt(id) {
		return fmt.Errorf("fault %s is not built yet", id)
	}
	for _, u := range assertions.Unbuilt() {
		if u == id {
			return fmt.Errorf("assertion %s is not built yet", id)
		}
	}
	near := assertions.Similar(id)
	if near == "" {
		near = faults.Similar(id)
	}
	if near != "" {
		return fmt.Errorf("nothing is called %q: did you mean %s?", id, near)
	}
	return fmt.Errorf("nothing is called %q: see `chaos list assertions`, `chaos list faults` and `chaos list incidents`", id)
}

func explainAssertion(w io.Writer, a assertions.Entry, s Style) error {
	p := &printer{w: w, s: s}
	width := s.width()
	p.line(Ends(s.Bold(a.ID), a.Number, width))
	p.line(Wrap(a.Claim, width, "  ", "  "))
	section(p, "How it is judged", a.Doc)
	section(p, "Sure side", a.SoundSide)
	section(p, "What can mislead it", strings.Join(a.Confounders, "; "))
	section(p, "It needs", a.Exposed)
	if a.Users != "" {
		section(p, "Not without a load", "it judges "+a.Users+"; where `chaos mock` or a Go test serves the provider on its own, it is vacuous")
	}
	source := string(a.Source)
	if a.SourceNote != "" {
		source += ": " + a.SourceNote
	}
	section(p, "The default comes from", source)
	p.line("")
	p.line("  Arguments")
	arguments(p, a.New())
	narrow := "tenants, mix, model"
	if a.Calls {
		narrow += ", endpoint, step"
	}
	during := "during, "
	if _, ok := a.New().(*assertions.Recovers); ok {
		during = "" // it has `after`
	}
	p.wrap("name, "+during+"for: {"+narrow+"}, allow_fail: {until, reason}: as every assertion", "    ")
	return p.err
}

func explainFault(w io.Writer, f faults.Entry, s Style) error {
	p := &printer{w: w, s: s}
	width := s.width()
	p.line(Ends(s.Bold(f.Name), f.Stage, width))
	p.line(Wrap(f.Summary, width, "  ", "  "))
	section(p, "On the wire", f.Doc)
	section(p, "It takes over", f.Slots.String())
	section(p, "Dialects", where(f))
	section(p, "Steps", strings.Join(f.Steps, ", "))
	p.line("")
	p.line("  Parameters")
	if arguments(p, f.New()) == 0 {
		p.line("    none: write " + f.Name + ": {}")
	}
	if faults.IsTCP(f.Name) {
		p.wrap("name, during | at + for | from + to, burst, probability, every, match: {proxy}, which it needs: as every rule of a proxy", "    ")
		return p.err
	}
	p.wrap("name, during | at + for | from + to, burst, probability, per, times, requests, every, trace, match: {model, tenant, dialect, endpoint, step, attempt, header}, barrier: {wait, at, patience}: as every rule", "    ")
	return p.err
}

// arguments lists what a plan can say of a check or a fault, and returns how
// much that is.
func arguments(p *printer, of any) int {
	list := plans.ArgumentsOf(of)
	for _, a := range list {
		head, doc := a.Name, a.Doc
		if a.Default != "" {
			head += ": " + a.Default
		}
		untold := func(value string) bool { return !strings.Contains(doc, value) }
		if len(a.Enum) > 1 && slices.ContainsFunc(a.Enum, untold) {
			doc += "; one of " + strings.Join(a.Enum, ", ")
		}
		p.line(Wrap(doc, p.s.width(), "    "+Pad(head, 22)+" ", strings.Repeat(" ", 27)))
	}
	return len(list)
}

// where says in which dialects a fault exists, "" for all.
func where(f faults.Entry) string {
	if w := f.Where(); w != "all" {
		return w
	}
	return ""
}

func section(p *printer, name, body string) {
	if body == "" {
		return
	}
	p.line("")
	p.line("  " + name)
	p.wrap(body, "    ")
}
