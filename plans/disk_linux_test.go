package plans

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const moment = `name: moment
target: {builtin: resilient}
provider: {models: {gpt-4o: {ttft: 1ms, tokens_per_second: 5000, output_tokens: 5}}}
load:
  phases: [{name: warm, rate: 50, for: 200ms}]
  mix: [{name: short, model: gpt-4o, prompt_tokens: 20}]
calibrate: 0
`

// TestFullDisk: what cannot be written is a failure of the harness that says
// so. /dev/full is a disk without space: full(4).
func TestFullDisk(t *testing.T) {
	p, err := Load(Source{Name: "moment", Bytes: []byte(moment)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		words, file string
		judged      bool
	}{
		{"no space for the plan", FilePlan, false},
		{"no space for the result, which is then printed at least", FileResult + ".part", true},
	} {
		t.Run(row.words, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Symlink("/dev/full", filepath.Join(dir, row.file)); err != nil {
				t.Fatal(err)
			}
			res, err := Run(context.Background(), p, RunOptions{Dir: dir})
			if h := (*HarnessError)(nil); !errors.As(err, &h) || !strings.Contains(err.Error(), "no space left on device") || !strings.Contains(h.Do, "free some space") {
				t.Errorf("the error is %v", err)
			}
			if (res != nil) != row.judged {
				t.Errorf("the result is %v", res)
			}
		})
	}
}
