package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/chaoskit/chaos/mockmodel"
)

// driven is a scene as npm/driver.mjs reads it.
type driven struct {
	Name  string `json:"name"`
	Ask   string `json:"ask"`
	Base  string `json:"base"`
	Calls int    `json:"calls"`
	CutMs int64  `json:"cutMs"`
}

// nodeLimit is far above what a driver takes: its timers fire at once.
const nodeLimit = 3 * time.Minute

// node returns the program that runs the packages: the one of the lock file
// where npm has it for this machine, else the machine's own.
func node(t *testing.T) string {
	t.Helper()
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	own, err := filepath.Abs(filepath.Join("npm", "node_modules", "node-"+runtime.GOOS+"-"+arch, "bin", "node"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return "node"
}

// installed skips a test where the packages are not installed; CI wants them.
func installed(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("npm", "node_modules")); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("the npm packages are not installed: run `npm ci --ignore-scripts` in mockmodel/conformance/npm")
	}
	t.Skip("needs the npm packages: run `npm ci --ignore-scripts` in mockmodel/conformance/npm")
}

// meetNode puts a node SDK into each scene, on real sockets. Its timers fire at
// once: see npm/clock.mjs.
func (s sdk) meetNode(t *testing.T, scenes []scene) []seen {
	t.Helper()
	installed(t)
	var ca *authority
	if s.tls {
		ca = newAuthority(t)
	}
	out := make([]seen, len(scenes))
	told := make([]driven, len(scenes))
	kept := make([]*sink, len(scenes))
	mocks := make([]*mockmodel.Server, len(scenes))
	var closers []func()
	for i, sc := range scenes {
		base, mock, sink, closer := sc.serve(t, ca)
		mocks[i], kept[i], closers = mock, sink, append(closers, closer)
		told[i] = driven{sc.name, sc.ask, base, max(1, sc.calls), sc.cut.Milliseconds()}
	}
	s.drive(t, ca, told, func(scene int, c called) { out[scene].calls = append(out[scene].calls, c) })
	for i, closer := range closers {
		closer()
		out[i].attempts, out[i].refused = kept[i].taken(), mocks[i].Refused()
		if len(out[i].calls) != told[i].Calls {
			t.Fatalf("%s: the driver told of %d calls, want %d", scenes[i].name, len(out[i].calls), told[i].Calls)
		}
	}
	return out
}

// serve listens on loopback until the closer is called; with an authority, behind
// TLS.
func (sc scene) serve(t *testing.T, ca *authority) (origin string, mock *mockmodel.Server, kept *sink, closer func()) {
	t.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if ca != nil {
			return behindTLS{l, ca.config}
		}
		return l
	}
	mock, kept = sc.mock(t)
	l := listen()
	go mock.Serve(l)
	closeMock := func() {
		if err := errors.Join(mock.Close(), mock.Err()); err != nil {
			t.Errorf("%s: %v", sc.name, err)
		}
	}
	if sc.edit == nil {
		return "http://" + l.Addr().String(), mock, kept, closeMock
	}
	front := listen()
	proxy, tr := sc.editor(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
	})
	go func() {
		if err := proxy.Serve(front); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("%s: %v", sc.name, err)
		}
	}()
	return "http://" + front.Addr().String(), mock, kept, func() {
		proxy.Close()
		tr.CloseIdleConnections()
		closeMock()
	}
}

// resets are what node says of a reset: in which call the kernel told of it, and
// the port, differ from run to run.
var resets = regexp.MustCompile(`(connect|read|write) ECONNRESET( [0-9.]+:[0-9]+)?`)

// drive runs the driver for this SDK and hands on what it tells, a line a call.
func (s sdk) drive(t *testing.T, ca *authority, scenes []driven, call func(scene int, c called)) {
	t.Helper()
	in, err := json.Marshal(struct {
		SDK    string   `json:"sdk"`
		Scenes []driven `json:"scenes"`
	}{cmp.Or(s.adapter, s.name), scenes})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, node(t), "driver.mjs")
	cmd.Dir = "npm"
	// No key, proxy or tracing of the machine's own reaches the SDKs.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANGSMITH_TRACING=false"}
	if ca != nil {
		cmd.Env = append(cmd.Env, "NODE_EXTRA_CA_CERTS="+ca.file)
	}
	cmd.Stdin = bytes.NewReader(in)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: node 22 or newer must be installed", err)
	}
	lines := bufio.NewReader(stdout)
	for {
		line, readErr := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var told struct {
				Scene int `json:"scene"`
				called
			}
			if err := json.Unmarshal(line, &told); err != nil {
				t.Errorf("the driver says %q: %v", line, err)
			} else {
				if f := told.Failed; f != nil {
					f.Message = resets.ReplaceAllString(f.Message, "ECONNRESET")
				}
				call(told.Scene, told.called)
			}
		}
		if readErr != nil {
			if readErr != io.EOF {
				t.Error(readErr)
			}
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("driver of %s: %v\n%.2000s", s.name, err, problems.String())
	}
	if problems.Len() > 0 {
		t.Logf("driver of %s: %.2000s", s.name, problems.String())
	}
}
