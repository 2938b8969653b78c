package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct{ words, in, want string }{
		{"text stays as it is", "naïve ✓ 日本語 𝛼\nline", "naïve ✓ 日本語 𝛼\nline"},
		{"an escape sequence is shown", "\x1b[2Jx", `\x1b[2Jx`},
		{"and the one-byte form of it", "\u009b2J", `\u009b2J`},
		{"a carriage return cannot overwrite a line", "FAIL\rPASS", `FAIL\rPASS`},
		{"a backspace neither", "no\b\byes", `no\b\byes`},
		{"bells, deletes and zeros", "\a\x7f\x00", `\a\x7f\x00`},
		{"a tab is a blank", "a\tb", "a b"},
		{"the direction of text stays", "a\u202eb\u2066c", `a\u202eb\u2066c`},
		{"nothing is invisible", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"bytes that are no UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"the replacement character itself stays", "a\ufffdb", "a\ufffdb"},
		{"what XML cannot hold", "\ufffe\uffff", `\ufffe\uffff`},
	} {
		if got := Plain(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", c.words, got, c.want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add(bad)
	f.Fuzz(func(t *testing.T, in string) {
		got := Plain(in)
		if strings.ContainsFunc(got, unprintable) || !utf8.ValidString(got) {
			t.Errorf("%q lets something through: %q", in, got)
		}
		if Plain(got) != got {
			t.Errorf("%q is not plain after one pass", in)
		}
	})
}

func TestCleanIsADeepCopy(t *testing.T) {
	type inner struct{ Text string }
	type all struct {
		Text    string
		Pointer *inner
		Nil     *inner
		List    []inner
		Map     map[string]any
		Any     any
		Number  float64
		hidden  string
	}
	in := all{Text: "\x1b", Pointer: &inner{"\x1b"}, List: []inner{{"\x1b"}}, Map: map[string]any{"\x1b": []string{"\x1b"}}, Any: inner{"\x1b"}, Number: 1.5, hidden: "h"}
	want := all{Text: `\x1b`, Pointer: &inner{`\x1b`}, List: []inner{{`\x1b`}}, Map: map[string]any{`\x1b`: []string{`\x1b`}}, Any: inner{`\x1b`}, Number: 1.5, hidden: "h"}
	if got := Clean(in); !reflect.DeepEqual(got, want) {
		t.Errorf("%#v", got)
	}
	if in.Pointer.Text != "\x1b" || in.List[0].Text != "\x1b" || in.Map["\x1b"] == nil {
		t.Error("the original changed")
	}
}

// cases of a JUnit document, as a CI system reads them.
type cases struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Skipped int `xml:"skipped,attr"`
		Cases   []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Type    string `xml:"type,attr"`
				Message string `xml:"message,attr"`
				Text    string `xml:",chardata"`
			} `xml:"failure"`
			Error *struct {
				Type string `xml:"type,attr"`
			} `xml:"error"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func junitOf(t *testing.T, rs ...*plans.Result) cases {
	t.Helper()
	var b bytes.Buffer
	if err := JUnits(&b, rs...); err != nil {
		t.Fatal(err)
	}
	var c cases
	d := xml.NewDecoder(&b)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != nil && err != io.EOF {
		if _, blank := err.(*xml.SyntaxError); blank {
			t.Fatal(err)
		}
	}
	return c
}

// Nothing but a pass, or a failure that the plan allows for, is green, and
// nothing is skipped: a skipped test shows green.
func TestJUnitOfEachVerdict(t *testing.T) {
	allow := &assertions.Allowed{Until: "2026-12-31", Reason: "later", Active: true}
	over := &assertions.Allowed{Until: "2020-12-31", Reason: "later"}
	for _, c := range []struct {
		words   string
		verdict assertions.Verdict
		allow   *assertions.Allowed
		want    string
	}{
		{"a pass", assertions.Pass, nil, "green"},
		{"a failure", assertions.Fail, nil, "failure of type fail"},
		{"a tolerated failure", assertions.Fail, allow, "green"},
		{"a failure that was tolerated once", assertions.Fail, over, "failure of type fail"},
		{"inconclusive", assertions.Inconclusive, nil, "error of type inconclusive"},
		{"inconclusive, failures tolerated", assertions.Inconclusive, allow, "error of type inconclusive"},
		{"vacuous", assertions.Vacuous, nil, "error of type vacuous"},
		{"an unfit harness", assertions.Error, nil, "error of type error"},
		{"no subject in the plan", assertions.NotApplicable, nil, "no case"},
	} {
		r := run("x", "pass", 0, assertions.Finding{ID: "retries.attempts", Verdict: c.verdict, Reason: "because", AllowFail: c.allow})
		doc := junitOf(t, r)
		got := "no case"
		for _, k := range doc.Suites[0].Cases {
			switch {
			case k.Skipped != nil:
				got = "skipped"
			case k.Failure != nil:
				got = "failure of type " + k.Failure.Type
			case k.Error != nil:
				got = "error of type " + k.Error.Type
			default:
				got = "green"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.words, got, c.want)
		}
		red := doc.Failures + doc.Errors
		if (red > 0) != (strings.HasPrefix(c.want, "failure") || strings.HasPrefix(c.want, "error")) || doc.Tests != len(doc.Suites[0].Cases) {
			t.Errorf("%s: %d tests, %d failures, %d errors", c.words, doc.Tests, doc.Failures, doc.Errors)
		}
	}
}

// A harness that failed is a red case of its own, and several runs add up.
func TestJUnitOfSeveralRuns(t *testing.T) {
	doc := junitOf(t, passed(), failed(), harnessFailed())
	if doc.Tests != 6+3+1 || doc.Failures != 2 || doc.Errors != 1+1 || len(doc.Suites) != 3 {
		t.Errorf("%d tests, %d failures, %d errors in %d suites", doc.Tests, doc.Failures, doc.Errors, len(doc.Suites))
	}
}

// What a service says ends up in XML as text, whatever it is.
func TestJUnitOfHostileText(t *testing.T) {
	k := junitOf(t, hostile()).Suites[0].Cases[0]
	if k.Failure == nil || !strings.Contains(k.Failure.Text, "]]>") || !strings.Contains(k.Failure.Text, `\x1b[2J`) {
		t.Errorf("%+v", k)
	}
	if k.Name != oneLine(Plain(bad)) {
		t.Errorf("name %q, want %q", k.Name, oneLine(Plain(bad)))
	}
}

// spans are code spans of text with a backtick in it: markup is none there.
var spans = regexp.MustCompile("`` .*? ``")

// A table of Markdown has as many cells in each row as in its head, and text
// brings no markup of its own.
func TestMarkdownOfHostileText(t *testing.T) {
	page := string(rendered(t, "markdown", hostile(), Style{}))
	fences, folded := 0, 0
	cells := 0
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, "```") {
			fences++
		}
		if fences%2 == 1 {
			continue
		}
		folded += strings.Count(line, "<details>") - strings.Count(line, "</details>")
		if strings.Contains(spans.ReplaceAllString(line, ""), "<script") {
			t.Errorf("markup in %q", line)
		}
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Errorf("%d cells, want %d, in %q", n, cells, line)
		}
	}
	if fences == 0 || fences%2 != 0 || folded != 0 {
		t.Errorf("%d fences, %d <details> left open", fences, folded)
	}
}

func TestCodeAndFences(t *testing.T) {
	for in, want := range map[string]string{"plain": "`plain`", "a`b": "`` a`b ``", "a``b`": "``` a``b` ```", "a|b": "`a\\|b`", "a\nb": "`a b`"} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
	if got := fenced("x\n````\ny"); !strings.HasPrefix(got, "`````text\n") || !strings.HasSuffix(got, "\n`````") {
		t.Errorf("%q", got)
	}
}
