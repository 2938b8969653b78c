package plans

import (
	"embed"
	"slices"
)

// library holds the plans that come with chaos.
//
//go:embed library/*.yaml
var library embed.FS

// LibraryEntry is a plan of the library.
type LibraryEntry struct{ Name, Description string }

// libraryOrder is the order of `chaos list plans`: the tour first.
var libraryOrder = []string{
	"spike", "spike-naive", "outage-recovery", "slow-model", "metastable", "metastable-naive", "empty-answers", "rate-limit-storm", "together", "together-naive", "vacuous", "azure-code-spike",
	"incident-openai-2024-12-04", "incident-openai-2024-12-26", "incident-openai-2024-11-25", "incident-silent-eof-0.17pct", "incident-529-burst", "incident-azure-10s-window", "incident-gemini-rpd-exhausted", "incident-anthropic-2025-09-misroute",
}

func libraryNames() []string { return append([]string(nil), libraryOrder...) }

func libraryText(name string) ([]byte, bool) {
	if !slices.Contains(libraryOrder, name) {
		return nil, false
	}
	b, err := library.ReadFile("library/" + name + ".yaml")
	return b, err == nil
}

// Library lists the plans that come with chaos. A test loads each, so an error
// here cannot come from a released binary.
func Library() []LibraryEntry {
	var out []LibraryEntry
	for _, name := range libraryOrder {
		p, err := Load(Source{Library: name}, Options{KeepEnv: true})
		if err != nil {
			panic("plans: library plan " + name + ": " + err.Error())
		}
		out = append(out, LibraryEntry{Name: name, Description: p.Description})
	}
	return out
}
