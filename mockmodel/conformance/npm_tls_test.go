package conformance

import (
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// An authority vouches for loopback, to a node that reads its file.
type authority struct {
	config *tls.Config
	file   string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	lent := httptest.NewTLSServer(nil)
	lent.Close()
	ca := &authority{&tls.Config{Certificates: lent.TLS.Certificates}, filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(ca.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: lent.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return ca
}

// behindTLS is a listener whose connections can still be reset.
type behindTLS struct {
	net.Listener
	config *tls.Config
}

func (l behindTLS) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lingering{tls.Server(c, l.config), false}, nil
}

type lingering struct {
	*tls.Conn
	reset bool
}

// SetLinger is that of the connection below.
func (c *lingering) SetLinger(sec int) error {
	c.reset = sec == 0
	return c.NetConn().(*net.TCPConn).SetLinger(sec)
}

// Close says no good-bye where a reset is wanted.
func (c *lingering) Close() error {
	if c.reset {
		return c.NetConn().Close()
	}
	return c.Conn.Close()
}
