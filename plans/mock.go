package plans

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
	"github.com/chaoskit/chaos/mockmodel"
)

// MockOptions says how the mock model is served alone.
type MockOptions struct {
	Plan     *Plan    // nil: defaults
	Listen   string   // "": the plan's, else a default
	Command  []string // empty: serve until ctx ends
	Version  string
	In       io.Reader
	Out, Err io.Writer
}

// mockListen is where the mock listens when nobody says where. It is fixed, as
// a base URL that changes every time is of no use to a person.
const mockListen = "127.0.0.1:4010"

// Mock serves the mock model alone until ctx ends, or as long as the command
// runs, whose error (an *exec.ExitError) it returns.
func Mock(ctx context.Context, o MockOptions) error {
	cfg, rules, seed := mockmodel.Config{}.WithDefaults(), []faults.Rule(nil), uint64(1)
	if o.Plan != nil {
		cfg, rules, seed = o.Plan.Provider, o.Plan.Faults, o.Plan.SeedValue()
	}
	addr := mockAddress(o, cfg.Listen)
	if err := loopbackOnly(addr); err != nil {
		return err
	}
	schedule, err := standingFaults(seed, rules, o.Err)
	if err != nil {
		return err
	}
	l, err := newTCPNetwork().Listen(addr)
	if err != nil {
		return err
	}
	epoch := journal.NewEpoch()
	m := mockmodel.New(cfg, mockmodel.Options{Epoch: epoch, Codec: &wire.Codec{Run: "standing", Models: cfg.ModelNames()}, Sink: discard{}, Seed: seed})
	m.SetFaults(schedule)
	served := make(chan error, 1)
	go func() { served <- m.Serve(l) }()
	urls := urlsOf(l.Addr().String(), cfg.Advertise)
	if len(o.Command) > 0 {
		err = mockCommand(ctx, o, urls)
	} else {
		fmt.Fprintf(o.Out, "OPENAI_BASE_URL=%s\nANTHROPIC_BASE_URL=%s\n", urls.base("openai"), urls.base("anthropic"))
		fmt.Fprintln(o.Err, "chaos mock: serving; Ctrl-C ends it")
		select {
		case <-ctx.Done():
		case err = <-served:
			return err
		}
	}
	if closeErr := m.Close(); err == nil {
		err = closeErr
	}
	if serveErr := <-served; err == nil && !errors.Is(serveErr, http.ErrServerClosed) {
		err = serveErr
	}
	return err
}

func mockAddress(o MockOptions, planned string) string {
	switch {
	case o.Listen != "":
		return o.Listen
	case planned != "":
		return planned
	case len(o.Command) > 0:
		return "127.0.0.1:0"
	}
	return mockListen
}

// loopbackOnly refuses to offer the mock to a network: without a token anyone
// there could use it.
func loopbackOnly(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return fmt.Errorf("--listen %s is no host:port: write an address such as 127.0.0.1:4010", quoted(addr))
	}
	if !isLoopback(host) {
		return fmt.Errorf("--listen %s is reachable from other machines; beyond loopback the mock needs a token, which is not built yet: use 127.0.0.1", addr)
	}
	return nil
}

// standingFaults keeps the rules that need no load: a rule with a window has
// nothing to be relative to here, and says so.
func standingFaults(seed uint64, rules []faults.Rule, w io.Writer) (*faults.Schedule, error) {
	var kept []faults.Rule
	for _, r := range rules {
		if r.During != "" || r.At != nil || r.Requests > 0 {
			fmt.Fprintf(w, "chaos mock: rule %s is left out: it is tied to a phase of the load, and there is none\n", r.RuleName())
			continue
		}
		kept = append(kept, r)
	}
	s, problems := faults.NewSchedule(seed, kept, nil, nil)
	return s, faultProblems(problems)
}

// mockCommand runs the command with the mock's addresses in its environment.
func mockCommand(ctx context.Context, o MockOptions, urls providerURLs) error {
	cmd := exec.CommandContext(ctx, o.Command[0], o.Command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.In, o.Out, o.Err
	base := os.Environ()
	cmd.Env = mergeEnv(base, urls.env(base))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("cannot run %q: %w", o.Command[0], err)
	}
	return err
}

// discard keeps no records: the mock alone has no journal.
type discard struct{}

func (discard) Request(*journal.Request) {}
func (discard) Attempt(*journal.Attempt) {}
func (discard) Mark(*journal.Mark)       {}
