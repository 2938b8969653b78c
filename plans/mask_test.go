package plans

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// TestMasker: no secret passes, however it arrives.
func TestMasker(t *testing.T) {
	long := strings.Repeat("x", lineMax-10)
	for _, row := range []struct {
		words   string
		secrets []string
		writes  []string
		want    string
	}{
		{"a value in a line", []string{"hush-hush"}, []string{"key=hush-hush!\n"}, "key=***!\n"},
		{"a value in two writes", []string{"hush-hush"}, []string{"key=hush", "-hush!\n"}, "key=***!\n"},
		{"a value in a line that never ends", []string{"hush-hush"}, []string{"key=hush-hush"}, "key=***"},
		{"a value across the bound of a line", []string{"hush-hush"}, []string{long + "hush-hush and so on"}, long + "*** and so on"},
		{"one that contains another", []string{"hush", "hush-hush"}, []string{"hush-hush hush\n"}, "*** ***\n"},
		{"a key of several lines", []string{"-----BEGIN\r\nabcdef\r\n-----END\n"}, []string{"got -----BEGIN\nabcdef\n"}, "got ***\n***\n"},
		{"what is too short hides nothing", []string{"1", "", "abc"}, []string{"1 abc\n"}, "1 abc\n"},
	} {
		t.Run(row.words, func(t *testing.T) {
			var out bytes.Buffer
			m := newMasker(&out, newSecrets(row.secrets))
			for _, w := range row.writes {
				if n, err := m.Write([]byte(w)); n != len(w) || err != nil {
					t.Errorf("wrote %d of %d: %v", n, len(w), err)
				}
			}
			m.Flush()
			if got := out.String(); got != row.want {
				t.Errorf("got %d bytes %.80q, want %d bytes %.80q", len(got), got, len(row.want), row.want)
			}
		})
	}
}

// TestHiddenErrors: an error says less, and stays what it was.
func TestHiddenErrors(t *testing.T) {
	s := newSecrets([]string{"hush-hush"})
	harness := &HarnessError{What: "no answer at http://hush-hush@host", Do: "start it", Err: fs.ErrNotExist}
	for _, row := range []struct {
		words   string
		err     error
		want    string
		harness bool
	}{
		{"nothing to hide", errors.New("plain"), "plain", false},
		{"any error", fmt.Errorf("with hush-hush: %w", fs.ErrNotExist), "with ***: file does not exist", false},
		{"one of the harness", harness, "no answer at http://***@host\n  start it", true},
		{"one around it", fmt.Errorf("target.port: %w", harness), "target.port: no answer at http://***@host\n  start it", true},
	} {
		got := s.hide(row.err)
		if got.Error() != row.want {
			t.Errorf("%s: says %q, want %q", row.words, got, row.want)
		}
		if h := (*HarnessError)(nil); errors.As(got, &h) != row.harness || errors.Is(row.err, fs.ErrNotExist) != errors.Is(got, fs.ErrNotExist) {
			t.Errorf("%s: became another error", row.words)
		}
	}
	if s.hide(nil) != nil {
		t.Error("no error became one")
	}
}

// TestSecretNames: names whose values are masked, and names that look like it.
func TestSecretNames(t *testing.T) {
	environ := []string{
		"OPENAI_API_KEY=1", "GITHUB_TOKEN=2", "db_password=3", "AWS_SECRET_ACCESS_KEY=4", "SENTRY_DSN=5", "APIKEY=6",
		"TOKENIZERS_PARALLELISM=no", "MAX_TOKENS=no", "KEYBOARD=no", "PATH=no", "HOME=no", "PASSENGERS=no", "EMPTY",
	}
	if got := strings.Join(inheritedSecrets(environ), ""); got != "123456" {
		t.Errorf("secrets are %q, want 123456", got)
	}
}
