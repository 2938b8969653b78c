package plans

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/refapp"
)

// target is the running service under test.
type target struct {
	url   string // where requests go
	name  string // for people
	proc  *group // nil unless started by the plan
	log   *masker
	ready string // URL that answers when it is ready; "" : a connection is enough
}

// Grace periods of a target that the plan started.
const (
	stopGrace  = 2 * time.Second // between SIGTERM and SIGKILL
	readyRetry = 50 * time.Millisecond
	readyAfter = 15 * time.Second // the default of ready.within
	readySlow  = 2 * time.Second  // from then on the user is told what is waited for
)

// startTarget starts the target, or finds it, and waits until it is ready.
func (r *run) startTarget(ctx context.Context) error {
	t := r.plan.Target
	var err error
	switch {
	case t.Builtin != "":
		r.target, err = r.startBuiltin(t.Builtin)
	case t.URL != "":
		r.target, err = r.findURL()
	default:
		r.target, err = r.startCommand()
	}
	if err != nil {
		return err
	}
	r.mark(journal.MarkTargetStart, r.target.name, journal.Never)
	if err := r.awaitReady(ctx); err != nil {
		return err
	}
	r.ready.Target, r.ready.Took = r.target.name, time.Duration(r.epoch.Now())
	r.mark(journal.MarkTargetReady, r.target.name, journal.Never)
	return nil
}

// startBuiltin serves the built-in target on a listener of its own: it is
// reached like any other service.
func (r *run) startBuiltin(mode string) (*target, error) {
	l, err := r.opt.Network.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	app, err := refapp.New(refapp.Config{
		Mode: mode, Provider: r.provider.base("openai"), DialContext: r.opt.Network.DialContext, Seed: r.plan.SeedValue(),
		Deadline: r.plan.Load.Client.Timeout * 8 / 10, PoolSize: r.plan.Target.poolSize,
	})
	if err != nil {
		l.Close()
		return nil, err
	}
	// The target's own limits are what is under test; the server around it
	// only guards against a caller that never finishes its headers.
	srv := &http.Server{Handler: app.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	r.done = append(r.done, func() error {
		closeErr := srv.Close()
		<-served
		app.Close()
		return closeErr
	})
	origin := "http://" + l.Addr().String()
	return &target{url: origin + "/v1/chat/completions", name: "builtin:" + mode, ready: origin + "/healthz"}, nil
}

// findURL takes a service that someone else started.
func (r *run) findURL() (*target, error) {
	raw, err := r.expandTarget(r.plan.Target.URL)
	if err != nil {
		return nil, err
	}
	t := &target{url: raw, name: r.plan.Target.String()}
	if p := r.plan.Target.Ready; p != nil && p.Path != "" {
		u, err := url.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("target.url: %w", err)
		}
		t.ready = u.Scheme + "://" + u.Host + p.Path
	}
	return t, nil
}

// startCommand starts the target in a process group of its own, with the
// environment that sends it to the mock, and keeps its output.
func (r *run) startCommand() (*target, error) {
	p := r.plan.Target
	port, err := r.freePort(p.Port)
	if err != nil {
		return nil, err
	}
	r.provider.targetPort = port
	env, err := r.commandEnv()
	if err != nil {
		return nil, err
	}
	args := make([]string, len(p.Command))
	for i, a := range p.Command {
		if args[i], err = r.expandTarget(a); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(filepath.Join(r.opt.Dir, FileLog))
	if err != nil {
		return nil, diskError(err)
	}
	out := newMasker(log, r.secrets)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.targetDir(), env, out, out
	g, err := startGroup(cmd)
	if err != nil {
		log.Close()
		return nil, &HarnessError{What: fmt.Sprintf("target.command: cannot start %q in %s: %v", args[0], cmd.Dir, err), Do: "check target.command and target.dir; a command without a slash is looked up in PATH, one with a slash in target.dir", Err: err}
	}
	r.pgid.Store(int64(g.pgid))
	watched := make(chan struct{})
	go r.watchTarget(g, watched)
	r.done = append(r.done, func() error {
		r.ending.Store(true)
		err := g.stop(stopGrace)
		<-watched
		out.Flush()
		return errors.Join(err, log.Close())
	})
	origin := "http://127.0.0.1:" + strconv.Itoa(port)
	t := &target{url: origin + cmp.Or(p.Path, pathDefault), name: p.String(), proc: g, log: out}
	if p.Ready != nil && p.Ready.Path != "" {
		t.ready = origin + p.Ready.Path
	}
	return t, nil
}

// watchTarget marks the end of the target's own process: a finding, not a
// failure of the harness, so the load goes on. The mark says whether it was
// chaos that ended it.
func (r *run) watchTarget(g *group, watched chan<- struct{}) {
	defer close(watched)
	<-g.exited
	m := journal.Mark{TNs: r.epoch.Now(), PlannedNs: journal.Never, Kind: journal.MarkTargetExit, Name: g.how()}
	if r.ending.Load() {
		m.Attrs = map[string]string{attrAsked: "true"}
	} else if r.runner.Load() != nil {
		r.opt.Observe(Event{Message: "the target ended by itself (" + g.how() + "); the load goes on"})
	}
	r.live.Mark(&m)
}

// attrAsked marks the end of a target that chaos asked to end.
const attrAsked = "asked"

func (r *run) targetDir() string {
	dir := r.plan.Target.Dir
	if dir == "" {
		return r.plan.Dir()
	}
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(r.plan.Dir(), dir)
}

// awaitReady waits until the target answers, or says why it never did.
func (r *run) awaitReady(ctx context.Context) error {
	within := readyAfter
	if p := r.plan.Target.Ready; p != nil && p.Within > 0 {
		within = p.Within
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	retry := time.NewTicker(readyRetry)
	defer retry.Stop()
	var exited <-chan struct{}
	if r.target.proc != nil {
		exited = r.target.proc.exited
	}
	slow := time.NewTimer(readySlow)
	defer slow.Stop()
	var last error
	for {
		err := r.probe(ctx)
		if err == nil {
			return nil
		}
		if deadline, _ := ctx.Deadline(); last == nil || time.Until(deadline) > readyRetry {
			last = err // and not that there was no more time to ask
		}
		select {
		case <-exited:
			return r.neverReady("ended before it was ready: " + r.target.proc.how())
		case <-ctx.Done():
			if context.Cause(ctx) == context.DeadlineExceeded {
				return r.neverReady(fmt.Sprintf("was not ready within %s: %v", within, last))
			}
			return context.Cause(ctx)
		case <-slow.C:
			r.opt.Observe(Event{Message: r.secrets.text(fmt.Sprintf("waiting up to %s for the target: %v", within, last))})
		case <-retry.C:
		}
	}
}

// probe asks once whether the target is ready.
func (r *run) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if r.target.ready == "" {
		u, err := url.Parse(r.target.url)
		if err != nil {
			return err
		}
		conn, err := r.opt.Network.DialContext(ctx, "tcp", hostPort(u))
		if err != nil {
			return err
		}
		return conn.Close()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.target.ready, nil)
	if err != nil {
		return err
	}
	tr := &http.Transport{DialContext: r.opt.Network.DialContext, DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answered %s", r.target.ready, resp.Status)
	}
	return nil
}

// hostPort returns the address behind a URL, with the scheme's port.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// neverReady explains with the last lines of the target's own log.
func (r *run) neverReady(what string) error {
	e := &HarnessError{What: fmt.Sprintf("the target (%s) %s", r.target.name, what)}
	switch {
	case r.target.proc != nil:
		e.Do = fmt.Sprintf("it must listen on PORT=%d of 127.0.0.1", r.provider.targetPort) + r.logTail()
	case r.target.ready != "":
		e.Do = "is it running, and is target.ready.path right?"
	default:
		e.Do = "start the service first, or let chaos start it with target.command"
	}
	return e
}

// logTail quotes the end of the target's log, and says where the rest is.
func (r *run) logTail() string {
	r.target.log.Flush()
	path := filepath.Join(r.opt.Dir, FileLog)
	tail := tailOf(path)
	switch {
	case tail == "" && r.opt.temporary:
		return "; it wrote nothing"
	case tail == "":
		return "; it wrote nothing to " + path
	case r.opt.temporary:
		return "; the last that it wrote:\n" + tail
	}
	return "; look at " + path + ":\n" + tail
}

// tailOf returns the last lines of a log, indented.
func tailOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	const tail = 1024
	if st, err := f.Stat(); err == nil && st.Size() > tail {
		_, _ = f.Seek(-tail, io.SeekEnd)
	}
	b, _ := io.ReadAll(io.LimitReader(f, tail))
	if len(bytes.TrimSpace(b)) == 0 {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) > 8 {
		lines = lines[len(lines)-8:]
	}
	return "    " + strings.Join(lines, "\n    ")
}
