package plans

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"
	"sync"
)

// maskText stands in the place of a secret value.
const maskText = "***"

// secrets are values that belong in no journal, log, report or message, the
// longest first, as one may contain another.
type secrets [][]byte

// secretMax bounds what is looked for; the beginning tells a longer one as well.
const secretMax = lineMax / 2

// newSecrets takes values apart into what is looked for. Values under 4 bytes
// are left alone: masking every "1" would hide the text and no secret. A value
// of several lines, such as a private key, is looked for line by line, as logs
// are read that way.
func newSecrets(values []string) secrets {
	var out secrets
	for _, v := range values {
		for _, line := range strings.Split(v, "\n") {
			if line = strings.TrimSuffix(line, "\r"); len(line) >= maskedFrom {
				out = append(out, []byte(line[:min(len(line), secretMax)]))
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return len(out[i]) > len(out[j]) })
	return out
}

// longest is the length of the longest secret.
func (s secrets) longest() int {
	if len(s) == 0 {
		return 0
	}
	return len(s[0])
}

// bytes returns b without secrets; b itself is left alone.
func (s secrets) bytes(b []byte) []byte {
	for _, v := range s {
		b = bytes.ReplaceAll(b, v, []byte(maskText))
	}
	return b
}

// text returns t without secrets.
func (s secrets) text(t string) string {
	for _, v := range s {
		t = strings.ReplaceAll(t, string(v), maskText)
	}
	return t
}

// hide takes secrets out of what an error says. What it is stays.
func (s secrets) hide(err error) error {
	if err == nil {
		return nil
	}
	said := s.text(err.Error())
	if said == err.Error() {
		return err
	}
	if h := (*HarnessError)(nil); errors.As(err, &h) {
		return &HarnessError{What: said, Err: err}
	}
	return &maskedError{said, err}
}

// maskedError is an error that says less than the one beneath.
type maskedError struct {
	said string
	err  error
}

func (e *maskedError) Error() string { return e.said }
func (e *maskedError) Unwrap() error { return e.err }

// masker replaces secrets in what passes through it, line by line, so that a
// value that arrives in two writes is still found.
type masker struct {
	mu      sync.Mutex
	w       io.Writer
	secrets secrets
	line    []byte
}

// lineMax bounds what is held back while no newline comes.
const lineMax = 64 << 10

// newMasker masks secrets on their way to w.
func newMasker(w io.Writer, s secrets) *masker { return &masker{w: w, secrets: s} }

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
		if i < 0 { // all but what may be the beginning of a secret
			i = len(m.line) - 1 - m.secrets.longest()
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
	if len(b) > 0 {
		_, _ = m.w.Write(m.secrets.bytes(b))
	}
}

// secretWords are words of names of environment variables whose values are
// taken for secrets. Words, not parts of them: TOKENIZERS_PARALLELISM=false and
// MAX_TOKENS=4096 hide nothing.
var secretWords = []string{"KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASS", "PAT", "CREDENTIAL", "CREDENTIALS", "DSN"}

// secretName reports whether the value of a variable of this name is a secret.
func secretName(name string) bool {
	words := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretWords, w) })
}

// inheritedSecrets returns the values of an environment, as os.Environ gives
// it, that are secrets by their name.
func inheritedSecrets(environ []string) []string {
	var out []string
	for _, kv := range environ {
		if name, value, _ := strings.Cut(kv, "="); secretName(name) {
			out = append(out, value)
		}
	}
	return out
}
