package plans

import (
	"strings"
	"testing"
)

// TestFilesFit: what is advised must be possible.
func TestFilesFit(t *testing.T) {
	builtin, url := &Plan{Target: Target{Builtin: "resilient"}}, &Plan{Target: Target{URL: "http://127.0.0.1:1"}}
	for _, row := range []struct {
		words       string
		plan        *Plan
		need, limit uint64
		says, not   string
	}{
		{"enough", url, 164, 164, "", ""},
		{"one too few", url, 164, 163, "--set load.max_in_flight=49", ""},
		{"a request needs four files where the target is in this process", builtin, 264, 100, "--set load.max_in_flight=9", ""},
		{"just enough for one request", url, 164, 66, "--set load.max_in_flight=1", ""},
		{"too few for any", url, 164, 65, "`ulimit -n 164`", "max_in_flight"},
		{"fewer than chaos itself needs", url, 164, 8, "`ulimit -n 164`", "max_in_flight"},
	} {
		err := filesFit(row.plan, row.need, row.limit)
		switch {
		case row.says == "" && err != nil:
			t.Errorf("%s: %v", row.words, err)
		case row.says == "":
		case err == nil:
			t.Errorf("%s: no error", row.words)
		case !strings.Contains(err.Error(), row.says) || row.not != "" && strings.Contains(err.Error(), row.not):
			t.Errorf("%s: %v", row.words, err)
		}
	}
}
