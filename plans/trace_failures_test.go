package plans

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const burstTrace = `Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
5,ChatGPT,30,0,30,API log
6,ChatGPT,31,0,31,API log
7,GPT-4,1087,23,1317,Conversation log
8,ChatGPT,36,0,36,API log
`

const azureTrace = `TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319600,3180,0
`

const failuresPlan = `name: failures
description: What failed in the trace fails again.
target: {builtin: resilient}
load:
  trace: {file: trace.csv}
  mix: [{name: chat, model: gpt-4o}]
faults:
  - {trace_failures: {as: http_500}, match: {step: chat}}
assertions: [degradation.available]
`

// failing writes a plan beside a trace and loads it.
func failing(t *testing.T, plan, trace string) (*Plan, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "plan.yaml")
	if err := errors.Join(os.WriteFile(file, []byte(plan), 0o600), os.WriteFile(filepath.Join(dir, "trace.csv"), []byte(trace), 0o600)); err != nil {
		t.Fatal(err)
	}
	return Load(Source{Path: file}, Options{})
}

// The requests whose row had failed meet the fault, and no other does.
func TestRowsThatFailedFailAgain(t *testing.T) {
	p, err := failing(t, failuresPlan, burstTrace)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	runVirtual(t, p, dir)
	j, err := LoadJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	hit, whole := map[int64]bool{}, map[int64]bool{}
	for _, a := range j.Attempts {
		if a.Key.Phase != "trace" || a.Kind != "chat" {
			continue
		}
		if h := a.Rules; len(h) == 1 && h[0].Name == "trace_failures" && a.Status == 500 {
			hit[a.Key.Index] = true
		} else if len(h) == 0 && a.Status == 200 {
			whole[a.Key.Index] = true
		} else {
			t.Errorf("row %d: status %d, rules %+v", a.Key.Index, a.Status, h)
		}
	}
	for row := range int64(5) {
		failed := slices.Contains([]int64{1, 2, 4}, row)
		if hit[row] != failed || whole[row] == failed {
			t.Errorf("row %d: hit %v, answered %v", row, hit[row], whole[row])
		}
	}
}

func TestTraceFailuresTakeParameters(t *testing.T) {
	p, err := failing(t, strings.Replace(failuresPlan, "as: http_500", "as: {http_503: {retry_after: 2s}}", 1), burstTrace)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Faults[0].String(), "{name: trace_failures, http_503: {retry_after: 2s}, trace: failed, match: {step: chat}}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Where nothing is known to have failed, the rule would hit nothing.
func TestTraceFailuresAreRefusedWhereNothingFailed(t *testing.T) {
	for _, c := range []struct{ say, plan, trace, want string }{
		{"no trace", strings.Replace(failuresPlan, "trace: {file: trace.csv}", "phases: [{name: warm, rate: 1, for: 1s}]", 1), "",
			"faults[0].trace: asks which requests of a trace had failed, and the load replays none"},
		{"a format without failures", failuresPlan, azureTrace, "faults[0].trace: asks which requests had failed, and a trace of Azure lists no failed calls"},
		{"no row failed", failuresPlan, strings.ReplaceAll(burstTrace, ",0,", ",7,"), "faults[0].trace: no row of the trace that is replayed had failed"},
		{"no fault", strings.Replace(failuresPlan, "{as: http_500}", "http_500", 1), burstTrace, "trace_failures: takes the key as and no other"},
		{"two faults", strings.Replace(failuresPlan, "as: http_500", "as: [http_500, http_503]", 1), burstTrace, "as is no fault"},
		{"a fault of its own beside it", strings.Replace(failuresPlan, "{as: http_500}", "{as: http_500}, empty_200: {}", 1), burstTrace, "a rule has one fault"},
	} {
		p, err := failing(t, c.plan, c.trace)
		if err == nil {
			_, err = MakePreview(p)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.say, err, c.want)
		}
	}
}
