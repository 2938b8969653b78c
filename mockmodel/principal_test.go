package mockmodel

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/chaoskit/chaos/internal/wire"
)

// Who calls is known by the credential, wherever it stands, and nobody without
// the salt can find out which it was.
func TestPrincipal(t *testing.T) {
	salt := newSalt()
	fold := func(name, value, query string) uint64 {
		r, err := http.NewRequest("POST", "http://mock/v1/x"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if name != "" {
			r.Header.Set(name, value)
		}
		return salt.principal(r, nil)
	}
	key := fold("Authorization", "Bearer sk-1", "")
	for _, c := range []struct {
		name               string
		header, value, url string
		same               bool
	}{
		{"the same key again", "Authorization", "Bearer sk-1", "", true},
		{"another key", "Authorization", "Bearer sk-2", "", false},
		{"without a scheme", "Authorization", "sk-1", "", true},
		{"Anthropic's header", "X-Api-Key", "sk-1", "", true},
		{"Azure's header", "Api-Key", "sk-1", "", true},
		{"Gemini's header", "X-Goog-Api-Key", "sk-1", "", true},
		{"Gemini's query", "", "", "?alt=sse&key=sk-1", true},
		{"nobody", "", "", "?alt=sse", false},
	} {
		got := fold(c.header, c.value, c.url)
		if (got == key) != c.same || (got == 0) != (c.name == "nobody") {
			t.Errorf("%s: %d, the key is %d", c.name, got, key)
		}
	}
	const aws = "AWS4-HMAC-SHA256 Credential=AKID1/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature="
	if a, b := fold("Authorization", aws+"aa", ""), fold("Authorization", aws+"bb", ""); a != b || a == key {
		t.Errorf("calls that one key has signed: %d and %d", a, b)
	}
	other := newSalt()
	r, _ := http.NewRequest("POST", "http://mock/", nil)
	r.Header.Set("Authorization", "Bearer sk-1")
	if other.principal(r, nil) == key || key == wire.Fold64([]byte("sk-1")) {
		t.Error("the fold of a key depends on the key alone")
	}
}

// On record is who called. By default all share the limits; with per: key each
// key has limits of its own, and a quota of its own on record.
func TestWhoseLimits(t *testing.T) {
	for _, c := range []struct {
		per  string
		want []int // keys A, A, B, B
	}{{"", []int{200, 429, 429, 429}}, {"model", []int{200, 429, 429, 429}}, {"key", []int{200, 429, 200, 429}}} {
		m := instant("m", 1)
		m.Limits = Limits{RequestsPerMinute: 1, Per: c.per}
		virtual(t, Config{Models: []Model{m}}, nil, func(g *rig) {
			var principals []uint64
			var quotas []string
			for i, want := range c.want {
				r := g.request(context.Background(), ask{path: chatPath, body: chat("m", "")})
				r.Header.Set("Authorization", []string{"Bearer secret-A", "Bearer secret-B"}[i/2])
				resp, err := g.client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				rec := g.last()
				principals, quotas = append(principals, rec.Principal), append(quotas, rec.QuotaKey)
				if resp.StatusCode != want {
					t.Errorf("per %q: call %d: %d, want %d", c.per, i+1, resp.StatusCode, want)
				}
			}
			if principals[0] == 0 || principals[0] != principals[1] || principals[0] == principals[2] || principals[2] != principals[3] {
				t.Errorf("principals %v", principals)
			}
			if quotas[0] != quotas[1] || (quotas[0] == quotas[2]) != (c.per != "key") {
				t.Errorf("per %q: quotas %v", c.per, quotas)
			}
		})
	}
}

// However many keys call, the limits that are kept are bounded: the rest share.
func TestKeysAreBounded(t *testing.T) {
	s := newStation(Model{Name: "m", Limits: Limits{RequestsPerMinute: 1, Per: "key"}})
	for k := range uint64(3 * keysMax) {
		s.limiter(&openAI, k+1)
	}
	if n := len(s.limits); n > keysMax+1 {
		t.Errorf("%d limiters", n)
	}
	if s.limiter(&openAI, 2*keysMax) != s.limiter(&openAI, 3*keysMax) || s.limiter(&openAI, 1) == s.limiter(&openAI, 2) {
		t.Error("the first keys have limits of their own, the last ones share")
	}
}

// What a connection remembers of the last key is never told of another one, nor
// of another salt.
func TestPrincipalsOfOneConnection(t *testing.T) {
	a, b, c := newSalt(), newSalt(), &conn{}
	for i, key := range []string{"sk-1", "sk-1", "sk-2", "sk-1", "", "sk-2"} {
		r := &http.Request{Header: http.Header{"Authorization": {"Bearer " + key}}, URL: &url.URL{}}
		for _, s := range []*salt{&a, &b, &a} {
			if got, want := s.principal(r, c), s.principal(r, nil); got != want {
				t.Errorf("call %d, %q: %x, want %x", i, key, got, want)
			}
		}
	}
}
