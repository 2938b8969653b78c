package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/plans"
)

// JUnit writes the XML that CI systems read: a suite per run, a case per
// assertion. A failed assertion is a failure; error, inconclusive and vacuous
// are errors with their type, as a skipped case would show green.
func JUnit(w io.Writer, r *plans.Result, _ Style) error { return JUnits(w, r) }

// JUnits writes several runs into one document.
func JUnits(w io.Writer, rs ...*plans.Result) error {
	all := junitSuites{Name: "chaos"}
	for _, r := range rs {
		s := suiteOf(r)
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(r *plans.Result) junitSuite {
	r = Clean(r)
	suite := junitSuite{
		Name: "chaos." + r.Plan.Name, Time: fmt.Sprintf("%.3f", r.Duration), Timestamp: strings.TrimSuffix(r.Started, "Z"),
		Properties: []junitProperty{{"verdict", r.Verdict}, {"seed", r.Seed}, {"exit_code", fmt.Sprint(r.ExitCode)}, {"plan_sha256", r.Plan.SHA256}},
	}
	for i := range r.Assertions {
		suite.add(&r.Assertions[i], r)
	}
	if r.Error != "" {
		suite.Tests++
		suite.Errors++
		suite.Cases = append(suite.Cases, junitCase{Class: suite.Name, Name: "harness", Time: "0", Error: &junitProblem{Type: "harness", Message: firstLine(r.Error), Text: r.Error}})
	}
	return suite
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitProblem `xml:"failure,omitempty"`
	Error   *junitProblem `xml:"error,omitempty"`
	Out     *junitText    `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

// junitText is text as it stands: character data would turn its line breaks
// into entities, and people read these files too.
type junitText struct {
	Text string `xml:",cdata"`
}

// add makes a case of a finding. A check of the bundle that does not apply is
// no case at all.
func (s *junitSuite) add(f *assertions.Finding, r *plans.Result) {
	if f.Verdict == assertions.NotApplicable {
		return
	}
	c := junitCase{Class: s.Name, Name: title(f), Time: "0"}
	if f.Line > 0 {
		c.File, c.Line = r.Plan.File, f.Line
	}
	problem := &junitProblem{Type: string(f.Verdict), Message: firstLine(f.Reason), Text: evidence(f, r)}
	switch {
	case f.Verdict == assertions.Pass:
		c.Out = &junitText{passText(f)}
	case isTolerated(f):
		c.Out = &junitText{problem.Text}
	case f.Verdict == assertions.Fail:
		c.Failure = problem
		s.Failures++
	default:
		c.Error = problem
		s.Errors++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}

// passText says on what a pass rests.
func passText(f *assertions.Finding) string {
	return strings.TrimSpace(sentence(f.Reason) + " " + allowedText(f))
}

// evidence is the finding as the text report tells it.
func evidence(f *assertions.Finding, r *plans.Result) string {
	var b strings.Builder
	t := &text{printer: printer{w: &b, s: Style{Width: 100, Unicode: true}}, r: r}
	t.finding(f)
	return strings.TrimLeft(b.String(), "\n")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
