package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/mockmodel"
	"github.com/chaoskit/chaos/plans"
)

// Whoever reads what chaos explains must be able to write it: each argument is
// named, and so is each value of those that take only some.
func TestAllThatAPlanCanSayIsExplained(t *testing.T) {
	explained := func(id string) string {
		var b strings.Builder
		if err := Explain(&b, id, Style{Width: 120, Unicode: true}); err != nil {
			t.Error(err)
		}
		return b.String()
	}
	check := func(id string, of any) {
		text := explained(id)
		for _, a := range plans.ArgumentsOf(of) {
			for _, want := range append([]string{a.Name}, a.Enum...) {
				if !strings.Contains(text, want) {
					t.Errorf("%s: %s is not explained:\n%s", id, want, text)
				}
			}
		}
	}
	for _, a := range assertions.Catalogue() {
		check(a.ID, a.New())
		during := assertions.Spec{ID: a.ID, During: "spike", Args: a.New()}
		refused := slices.ContainsFunc(during.Validate(), func(p assertions.Problem) bool { return p.Path == "during" })
		if taken := !refused; taken != strings.Contains(explained(a.ID), "name, during,") {
			t.Errorf("%s: during is taken %v, and explained otherwise", a.ID, taken)
		}
		if narrows := strings.Contains(explained(a.ID), "endpoint, step}"); narrows != a.Calls {
			t.Errorf("%s: offers for: {endpoint, step}: %v, takes it: %v", a.ID, narrows, a.Calls)
		}
	}
	for _, f := range faults.Catalogue() {
		check(f.Name, f.New())
	}
	if text := explained("trickle"); !strings.Contains(text, "Steps") {
		t.Errorf("the steps in which a fault exists are not told:\n%s", text)
	}
}

// The measured table fits a terminal of 80 columns, names every SDK, and says of
// each hint what becomes of it.
func TestListOfSDKs(t *testing.T) {
	var b strings.Builder
	if err := List(&b, "sdks", Style{Width: 80}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if len(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	table := mockmodel.SDKs()
	if len(table.SDKs) == 0 {
		t.Fatal("no SDK was measured")
	}
	for _, s := range table.SDKs {
		row := fmt.Sprintf("%-18s%-8s%-6d", s.Name, s.Version, s.Tries)
		for _, c := range hintColumns {
			row += fmt.Sprintf("%-9s", heeds(s, c.hint))
		}
		for _, want := range []string{strings.TrimRight(row, " "), s.Package} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is missing:\n%s", s.Name, want, b.String())
			}
		}
	}
}
