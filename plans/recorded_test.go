package plans

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chaoskit/chaos/mockmodel"
)

// TestRecordAndReplay: what a provider answered in one run is what the next one
// gives, and no key and no prompt is in the file.
func TestRecordAndReplay(t *testing.T) {
	ttft, rate := 20*time.Millisecond, 200.0
	real := mockmodel.New(mockmodel.Config{Watermark: "off", Models: []mockmodel.Model{{Name: "gpt-4o", TTFT: &ttft, TokensPerSecond: &rate, OutputTokens: 8}}}, mockmodel.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go real.Serve(l)
	defer real.Close()
	run := func(provider string) (*Result, string) {
		dir := filepath.Join(t.TempDir(), "run")
		p := loadText(t, `name: passing
target: {url: "${provider.openai}/chat/completions", request: {headers: {authorization: Bearer sk-very-secret}}}
calibrate: 0
correlate: {marker: "off"}
load: {arrivals: constant, phases: [{name: all, rate: 20, for: 1s}], mix: [{name: a, model: gpt-4o, prompt_tokens: 12, stream: true, repeat: 0.5}]}
provider:
  watermark: "off"
`+provider)
		res, err := Run(context.Background(), p, RunOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return res, dir
	}
	res, dir := run("  upstream: {openai: \"http://" + l.Addr().String() + "/v1\"}\n")
	if res.Load.Outcomes["full"] != 20 || res.Join.Coverage == nil || *res.Join.Coverage != 1 {
		t.Errorf("passed on: %+v, join %+v", res.Load, res.Join)
	}
	file := filepath.Join(dir, FileRecorded)
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 20 || strings.Contains(string(text), "secret") {
		t.Fatalf("%v: %s", err, text)
	}
	res, dir = run("  answers: [{file: \"" + file + "\"}, {text: never said}]\n")
	if res.Load.Outcomes["full"] != 20 {
		t.Errorf("given again: %+v", res.Load)
	}
	if _, err := os.Stat(filepath.Join(dir, FileRecorded)); err == nil {
		t.Error("nothing was passed on, and a recording is there")
	}
	if n := real.Calls(); n != 20 {
		t.Errorf("the provider got %d calls, want 20: the second run has recordings", n)
	}
}

func TestRecordedFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("empty.jsonl", "")
	write("other.jsonl", "{\"v\":9}\n")
	write("text.jsonl", "hello\n")
	for _, row := range []struct{ file, want string }{
		{"missing.jsonl", "provider.answers[1].file: there is no " + filepath.Join(dir, "missing.jsonl") + "\n  a run with provider.upstream writes such a file"},
		{"empty.jsonl", "holds no answer: nothing was recorded"},
		{"other.jsonl", "recording 1: has version 9, and this chaos reads version 1"},
		{"text.jsonl", "recording 1: invalid character"},
	} {
		_, err := readRecorded(dir, []mockmodel.Answer{{Text: "x"}, {File: row.file}})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.file, err, row.want)
		}
	}
}

// TestValidateReadsRecordings: a file that is not there is found before a run.
func TestValidateReadsRecordings(t *testing.T) {
	p := loadText(t, `name: replayed
target: {builtin: naive}
load: {phases: [{name: all, rate: 20, for: 1s}], mix: [{name: a, model: gpt-4o}]}
provider: {answers: [{file: missing.jsonl}]}
`)
	if _, err := MakePreview(p); err == nil || !strings.Contains(err.Error(), "provider.answers[0].file: there is no ") {
		t.Error(err)
	}
}
