package plans

import (
	"bytes"
	"io"
	"os"
	"sort"
	"strings"
	"sync"
)

// masker replaces secret values in what passes through it, line by line, so
// that a value that arrives in two writes is still found.
type masker struct {
	mu      sync.Mutex
	w       io.Writer
	secrets [][]byte
	line    []byte
}

// maskText stands in the place of a secret value.
const maskText = "***"

// lineMax bounds what is held back while no newline comes.
const lineMax = 64 << 10

// newMasker masks the values on their way to w. Values under 4 bytes are left
// alone: masking every "1" would hide the log and no secret.
func newMasker(w io.Writer, values []string) *masker {
	m := &masker{w: w}
	for _, v := range values {
		if len(v) >= 4 {
			m.secrets = append(m.secrets, []byte(v))
		}
	}
	// The longest first: a secret may contain another.
	sort.SliceStable(m.secrets, func(i, j int) bool { return len(m.secrets[i]) > len(m.secrets[j]) })
	return m
}

// Write implements io.Writer. It never fails the writer's owner: a log that
// cannot be kept must not end the target.
func (m *masker) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.line = append(m.line, p...)
	for {
		i := bytes.IndexByte(m.line, '\n')
		if i < 0 && len(m.line) < lineMax {
			return len(p), nil
		}
		if i < 0 {
			i = len(m.line) - 1
		}
		m.emit(m.line[:i+1])
		m.line = append(m.line[:0], m.line[i+1:]...)
	}
}

// Flush writes what no newline ended.
func (m *masker) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.emit(m.line)
	m.line = m.line[:0]
}

func (m *masker) emit(b []byte) {
	for _, s := range m.secrets {
		b = bytes.ReplaceAll(b, s, []byte(maskText))
	}
	_, _ = m.w.Write(b)
}

// secretNames are parts of names of environment variables whose values are
// taken for secrets.
var secretNames = []string{"API_KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "PRIVATE_KEY", "ACCESS_KEY"}

// inheritedSecrets returns the values of this process's environment that look
// like secrets by their name.
func inheritedSecrets() []string {
	var out []string
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		for _, part := range secretNames {
			if strings.Contains(strings.ToUpper(name), part) {
				out = append(out, value)
				break
			}
		}
	}
	return out
}
