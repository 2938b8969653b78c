//go:build unix

package tcpproxy

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// psql is Debian's client of PostgreSQL, which speaks the real protocol. Every
// answer is read by it or is an error.
func psql(t *testing.T, addr, query string) *exec.Cmd {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(program(t, "psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port, "-U", "chaos", "-d", "postgres", "-c", query)
	cmd.Env = append(os.Environ(), "PGSSLMODE=disable", "PGGSSENCMODE=disable", "PGCONNECT_TIMEOUT=20", "LC_ALL=C")
	return cmd
}

// startPostgres starts a PostgreSQL in a folder of its own.
func startPostgres(t *testing.T) (addr string) {
	t.Helper()
	program(t, "psql")
	s := newServer(t)
	data := s.dir + "/data"
	if err := s.command("initdb", "-D", data, "-U", "chaos", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8").Run(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, s.log.String())
	}
	s.start(func() bool {
		out, _, code, _, _ := within(10*time.Second, psql(t, s.addr, "select 'up'"))
		return code == 0 && strings.TrimSpace(out) == "up"
	}, "postgres", "-D", data, "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	return s.addr
}

// TestARealPostgres: what psql makes of a table of 40,000 bytes, and that the
// server is well and rid of every connection afterwards.
func TestARealPostgres(t *testing.T) {
	addr := startPostgres(t)
	const query = "select repeat('0123456789', 100) from generate_series(1, 40)"
	want := strings.Repeat(strings.Repeat("0123456789", 100)+"\n", 40)
	const lost = "server closed the connection unexpectedly|Connection reset by peer|connection to server was lost"
	for _, row := range []struct {
		realFault
		says  string // one of these on standard error; "": all is well
		least time.Duration
		hangs bool
	}{
		{unharmed, "", 0, false},
		{realFault{"latency", slow, "tcp_latency injected"}, "", 400 * ms, false}, // to log in, and to ask
		{realFault{"bandwidth", narrow, "tcp_bandwidth injected"}, "", 400 * ms, false},
		{realFault{"refuse", refuses, "tcp_refuse injected"}, lost, 0, false},
		{realFault{"reset at once", ends("tcp_reset", 0), "tcp_reset injected"}, lost, 0, false},
		{realFault{"reset in the table", ends("tcp_reset", 5000), "tcp_reset injected"}, lost, 0, false},
		{realFault{"cut in the table", ends("tcp_cut", 5000), "tcp_cut injected"}, lost, 0, false},
		{realFault{"half-open in the table", ends("tcp_half_open", 5000), "tcp_half_open injected"}, "", 0, true},
	} {
		t.Run(row.words, func(t *testing.T) {
			r := proxyTo(t, addr, row.rule(t)...)
			patience := 30 * time.Second
			if row.hangs {
				patience = time.Second
			}
			out, errs, code, took, killed := within(patience, psql(t, r.addr, query))
			switch {
			case row.hangs:
				if !killed || out != "" {
					t.Errorf("it ended with %d after %s, and was to hang: %s", code, took, errs)
				}
			case row.says == "":
				if code != 0 || out != want {
					t.Errorf("exit code %d, %d bytes of %d: %s", code, len(out), len(want), errs)
				}
			case code == 0 || !saysOne(errs, row.says):
				t.Errorf("exit code %d: %s", code, errs)
			}
			if took < row.least {
				t.Errorf("the table came after %s, want %s at least", took, row.least)
			}
			eventually(t, "PostgreSQL has this one client", func() bool {
				n, errs, code, _, _ := within(30*time.Second, psql(t, addr, "select count(*) from pg_stat_activity where backend_type = 'client backend'"))
				if code != 0 {
					t.Fatalf("the server is not well: %s", errs)
				}
				return strings.TrimSpace(n) == "1"
			})
			records := r.recorded()
			if len(records) == 0 || states(records[0]) != row.state {
				t.Errorf("on record: %+v, want %q", records, row.state)
			}
		})
	}
}

// saysOne reports whether a text has one of several.
func saysOne(text, any string) bool {
	for one := range strings.SplitSeq(any, "|") {
		if strings.Contains(text, one) {
			return true
		}
	}
	return false
}
