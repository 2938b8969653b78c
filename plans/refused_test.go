package plans

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chaoskit/chaos/internal/journal"
)

// Connections that a rule refuses leave no attempt: the result counts them, and
// each of them is a try of the target that failed.
func TestRefusedConnectionsAreCounted(t *testing.T) {
	for _, c := range []struct {
		name, fault string
		refused     bool
	}{
		{"refused for a while", "conn_refuse: {for: 2s}", true},
		{"reset, and no other one", "conn_reset_pre: {}", false},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		res := runVirtual(t, loadText(t, strings.ReplaceAll(mixedUp, "FAULT", c.fault)), dir)
		n := res.Provider.RefusedConnections
		if (n > 0) != c.refused {
			t.Errorf("%s: %d connections", c.name, n)
		}
		j, err := LoadJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range j.Marks {
			if m.Kind == journal.MarkRunEnd && m.Attrs["refused_connections"] == "" {
				t.Errorf("%s: the journal does not say how many", c.name)
			}
		}
	}
}
