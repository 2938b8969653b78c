package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An sdk is one that is held against the mock: in this process if it is Go, else
// by npm/driver.mjs in a process of its own.
type sdk struct {
	name     string // in the tables, and of its golden files
	pkg      string // Go module, or npm package
	language string // go, js
	adapter  string // of js: npm/ADAPTER.mjs; "": the name
	dialect  string
	tls      bool // of js: the mock is behind TLS
	// asks are what can be asked of it: chat, stream, tool, tool stream,
	// structured, ... For Go a function each; for js they are names.
	asks []ask
	// raised reads the SDK's typed error; the zero value is none of its own.
	raised func(error) raised
}

type ask struct {
	name string
	put  put
}

// A put asks a Go SDK for an answer.
type put func(ctx context.Context, to provider, prompt string) (said, error)

// A provider is where a Go SDK finds the mock.
type provider struct {
	origin string // http://host, without a path
	http   *http.Client
	azure  bool // as Azure's: over https, with its paths and its key
}

// said is what an answer came to.
type said struct {
	Text   string   `json:"text"`   // or the JSON of a structured answer
	Stop   string   `json:"stop"`   // why it ended, in the SDK's words
	Tools  []string `json:"tools"`  // calls, as name(arguments)
	Tokens int      `json:"tokens"` // of output, as the usage has it
	// Missing are members that the SDK's types call required and that did not come.
	Missing []string `json:"missing"`
}

// raised is what can be told of an error from its type.
type raised struct {
	Class   string `json:"class"`
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// String prints what a program can see: the type and its fields.
func (r raised) String() string {
	var b strings.Builder
	b.WriteString(r.Class)
	if r.Status != 0 {
		fmt.Fprintf(&b, " %d", r.Status)
	}
	if r.Type != "" {
		b.WriteString(" type=" + r.Type)
	}
	if r.Code != "" {
		b.WriteString(" code=" + r.Code)
	}
	if m := strings.Join(strings.Fields(r.Message), " "); m != "" {
		if len(m) > messageMax {
			m = m[:messageMax] + "..."
		}
		fmt.Fprintf(&b, " %q", m)
	}
	return b.String()
}

// messageMax is how much of a message stands in a golden file.
const messageMax = 60

// sdks is the list: a new one is a file and a line here.
var sdks = []sdk{
	openAIGo,
	anthropicGo,
	genAIGo,
	bedrockGo,
	ollamaGo,
	cohereGo,
	openAINode,
	anthropicNode,
	genAINode,
	vercel,
	langChain,
}

// version returns the version that runs: of go.mod, or of what npm installed.
func (s sdk) version(t *testing.T) string {
	t.Helper()
	if s.language == "js" {
		b, err := os.ReadFile(filepath.Join("npm", "node_modules", filepath.FromSlash(s.pkg), "package.json"))
		var p struct{ Version string }
		if err != nil || json.Unmarshal(b, &p) != nil {
			t.Fatalf("%s: no version: %v", s.pkg, err)
		}
		return p.Version
	}
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require ")); len(f) >= 2 && f[0] == s.pkg {
			return strings.TrimPrefix(f[1], "v")
		}
	}
	t.Fatalf("%s is not in go.mod", s.pkg)
	return ""
}

// find returns the ask of that name; nil: the SDK has none.
func (s sdk) find(name string) *ask {
	for i := range s.asks {
		if s.asks[i].name == name {
			return &s.asks[i]
		}
	}
	return nil
}
