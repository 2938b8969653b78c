package plans

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/chaoskit/chaos/assertions"
)

// ResultSchema names the version of result.json. Within a version keys are
// only added.
const ResultSchema = "chaos.result/v1"

// Result is result.json: the contract with other programs. Milliseconds and
// seconds are floats, shares 0..1, money in USD; null is what was never
// measured.
type Result struct {
	Schema   string   `json:"schema"`
	Plan     PlanInfo `json:"plan"`
	Seed     string   `json:"seed"`
	Started  string   `json:"started"`
	Duration float64  `json:"duration_s"`
	Verdict  string   `json:"verdict"`
	ExitCode int      `json:"exit_code"`
	Stopped  string   `json:"stopped,omitempty"` // why the load ended before its time
	Error    string   `json:"error,omitempty"`   // why the harness failed
	// TargetExit is how and when the target's own process ended by itself, which
	// it should not.
	TargetExit string `json:"target_exit,omitempty"`

	*assertions.Judgement

	// Dir is the run folder, for reports; it is not part of the contract.
	Dir string `json:"-"`
}

// PlanInfo says which plan it was.
type PlanInfo struct {
	Name        string `json:"name"`
	SHA256      string `json:"sha256"`
	Description string `json:"description"`
	Target      string `json:"target"`
	File        string `json:"file,omitempty"`

	// Set is what --set changed, the seed left out and secrets masked.
	Set []string `json:"set,omitempty"`
}

// Exit codes of the command: DESIGN section 10.
const (
	ExitPass         = 0
	ExitFail         = 1
	ExitUsage        = 2
	ExitInconclusive = 3
	ExitHarness      = 4
	ExitStopped      = 5
	ExitInterrupted  = 130
)

// exitOf maps a verdict to an exit code.
func exitOf(verdict string) int {
	switch assertions.Verdict(verdict) {
	case assertions.Pass:
		return ExitPass
	case assertions.Fail:
		return ExitFail
	case assertions.Error:
		return ExitHarness
	}
	return ExitInconclusive
}

// Write writes result.json into the run folder, whole or not at all.
func (r *Result) Write() error {
	b, err := r.Bytes()
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(r.Dir, FileResult), b)
}

// Bytes returns result.json.
func (r *Result) Bytes() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	// The file is read by people too, and is never put into a page unescaped.
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeWhole writes a file under another name first, so that a reader never
// sees half of it.
func writeWhole(path string, b []byte) error {
	tmp := path + ".part"
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		_ = os.Remove(tmp)
		return diskError(err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return diskError(err)
	}
	return nil
}

// ReadResult reads the result.json of a run folder.
func ReadResult(dir string) (*Result, error) {
	b, err := os.ReadFile(filepath.Join(dir, FileResult))
	if err != nil {
		return nil, err
	}
	r := &Result{Judgement: &assertions.Judgement{}}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", filepath.Join(dir, FileResult), err)
	}
	if r.Schema != ResultSchema || r.Judgement == nil {
		return nil, fmt.Errorf("%s is no %s", filepath.Join(dir, FileResult), ResultSchema)
	}
	r.Dir = dir
	return r, nil
}

func seedText(seed uint64) string { return strconv.FormatUint(seed, 10) }
