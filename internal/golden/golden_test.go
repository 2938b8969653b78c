package golden

import "testing"

func TestDifference(t *testing.T) {
	rows := []struct{ words, got, want, says string }{
		{"equal", "a\nb\n", "a\nb\n", ""},
		{"another line", "a\nx\nc", "a\nb\nc", `line 2 is "x", want "b"`},
		{"a line too many", "a\nb", "a", `line 2 is "b", want the end`},
		{"a line too few", "a", "a\nb", `line 2 is the end, want "b"`},
		{"no end of line", "a", "a\n", `line 2 is the end, want ""`},
		{"blanks at the end", "a ", "a", `line 1 is "a ", want "a"`},
		{"nothing", "", "a", `line 1 is "", want "a"`},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			if says := Difference(row.got, row.want); says != row.says {
				t.Errorf("says %s, want %s", says, row.says)
			}
		})
	}
}

// Only the text that the file has will do.
func TestCheck(t *testing.T) {
	if *update {
		t.Skip("writes what it must not")
	}
	probe := &probe{TB: t}
	Check(probe, "said.txt", "as it stands\n")
	if probe.failed {
		t.Error("the text of the file failed")
	}
	Check(probe, "said.txt", "otherwise\n")
	if !probe.failed {
		t.Error("another text passed")
	}
}

// probe is a test that only notes that it failed.
type probe struct {
	testing.TB
	failed bool
}

func (p *probe) Errorf(string, ...any) { p.failed = true }
