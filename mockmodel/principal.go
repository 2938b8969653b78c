package mockmodel

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"strings"
)

// salt keeps the folds of API keys from being an oracle: whoever has a journal
// cannot try out keys against it. It is never stored, so folds of two runs
// cannot be compared.
type salt [32]byte

func newSalt() salt {
	var s salt
	_, _ = rand.Read(s[:]) // never fails: package crypto/rand
	return s
}

// principal folds who calls: the credential of the call, without its scheme. 0
// is nobody. The same key folds to the same number in one run, and so do the
// calls that one AWS key signs, whose signatures differ.
func (s *salt) principal(r *http.Request, c *conn) uint64 {
	key := credential(r)
	if key == "" {
		return 0
	}
	if c == nil || len(key) > 1024 {
		return s.fold(key)
	}
	// A connection is one caller's, nearly always.
	if m := &c.folded; m.by != s || m.key != key {
		*m = folded{by: s, key: strings.Clone(key), fold: s.fold(key)}
	}
	return c.folded.fold
}

// folded is the credential that came last on a connection.
type folded struct {
	by   *salt
	key  string
	fold uint64
}

func (s *salt) fold(key string) uint64 {
	var buf [1024]byte
	sum := sha256.Sum256(append(append(buf[:0], s[:]...), key...))
	return max(1, binary.BigEndian.Uint64(sum[:]))
}

// credential returns the API key of a call, where the SDKs put it: Authorization
// (OpenAI, Cohere, Azure's tokens), x-api-key (Anthropic), api-key (Azure,
// Qdrant), x-goog-api-key or the key of the query (Gemini), a signature (AWS).
func credential(r *http.Request) string {
	if v := r.Header.Get("Authorization"); v != "" {
		if signed, found := strings.CutPrefix(v, "AWS4-HMAC-SHA256 "); found {
			_, id, _ := strings.Cut(signed, "Credential=")
			id, _, _ = strings.Cut(id, "/")
			return id
		}
		if _, token, found := strings.Cut(v, " "); found {
			return token
		}
		return v
	}
	for _, name := range []string{"X-Api-Key", "Api-Key", "X-Goog-Api-Key"} {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get("key")
}
