package plans

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSafetyOfTraces: limits hold for requests that nobody has counted yet.
func TestSafetyOfTraces(t *testing.T) {
	dir := t.TempDir()
	var trace strings.Builder
	trace.WriteString("TIMESTAMP,ContextTokens,GeneratedTokens\n")
	for i := range 20 { // five requests within half a second, every 10 s
		fmt.Fprintf(&trace, "2023-11-16 18:%02d:%02d.%d00000,10,10\n", i/5/6, i/5%6*10, i%5)
	}
	if err := os.WriteFile(filepath.Join(dir, "trace.csv"), []byte(trace.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	const plan = "name: traced\ntarget: {builtin: resilient}\nload: {trace: {file: trace.csv, speed: %s}}\nsafety: {%s}\n"
	for _, row := range []struct{ words, speed, safety, says string }{
		{"no limit", "1", "", ""},
		{"as many as allowed", "1", "max_requests: 20, max_rate: 5", ""},
		{"one more", "1", "max_requests: 19", "load: has 20 requests, and safety.max_requests is 19"},
		{"more in a second", "1", "max_rate: 4", "load.trace: has more than 4 requests in the second up to 400ms of the load"},
		{"more in a second, as the trace is replayed faster", "20", "max_rate: 5", "has more than 5 requests in the second up to 500ms"},
	} {
		path := filepath.Join(dir, "plan.yaml")
		if err := os.WriteFile(path, fmt.Appendf(nil, plan, row.speed, row.safety), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := Load(Source{Path: path}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = MakePreview(p)
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%s: %v", row.words, err)
		}
	}
}

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
