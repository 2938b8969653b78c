package plans

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/mockmodel"
)

// MockOptions says how the mock model is served alone.
type MockOptions struct {
	Plan     *Plan         // nil: defaults
	Faults   []faults.Rule // beside the plan's
	Seed     *uint64       // nil: the plan's, else 1
	Listen   string        // "": the plan's, else a default
	API      string        // "": a free port of loopback
	Command  []string      // empty: serve until ctx ends
	Dir      string        // the run folder, where all calls are kept and judged at the end; "": nothing is kept
	Instant  bool          // a model that the plan does not list answers at once
	PrintEnv bool          // print the environment of a caller for a shell, and close Out, before serving
	Version  string
	In       io.Reader
	Out, Err io.Writer
}

// mockListen is where the mock listens when nobody says where. It is fixed, as
// a base URL that changes every time is of no use to a person.
const mockListen = "127.0.0.1:4010"

// Mock serves the mock model alone until ctx ends, or as long as the command
// runs, whose error (an *exec.ExitError) it returns. With a Dir the result is the
// judgement of all calls, beside whatever error there is.
func Mock(ctx context.Context, o MockOptions) (*Result, error) {
	m := &mocked{opt: o, secrets: newSecrets(inheritedSecrets(os.Environ()))}
	if err := m.prepare(); err != nil {
		return nil, err
	}
	err := m.start()
	if err == nil {
		err = m.attend(ctx)
	}
	if endErr := m.end(ctx); err == nil && endErr != nil {
		err = endErr
	}
	if m.writer == nil {
		return nil, err
	}
	j, loadErr := LoadJournal(o.Dir)
	if loadErr != nil {
		return nil, errors.Join(err, loadErr)
	}
	res := newResult(o.Dir, m.plan, m.plan.Assertions, j)
	return res, errors.Join(err, res.Write())
}

// mocked is a mock that is being served.
type mocked struct {
	opt     MockOptions
	secrets secrets

	plan   *Plan // as it is kept and judged
	stand  StandOptions
	listen string

	served  sync.WaitGroup
	failed  atomic.Pointer[error] // of a listener
	gone    chan struct{}         // closed when one failed
	main    atomic.Pointer[Stand]
	scopes  *scopes
	writer  *journal.Writer
	urls    providerURLs
	apiURL  string
	undo    []func() error // what was started, to be ended last first
	stopAPI context.CancelFunc
}

// prepare finds out what is to be served, and refuses what cannot be.
func (m *mocked) prepare() error {
	o := m.opt
	cfg, rules, seed := mockmodel.Config{}.WithDefaults(), []faults.Rule(nil), uint64(seedDefault)
	m.plan = &Plan{Name: "mock", bundled: true}
	if o.Plan != nil {
		cfg, rules, seed = o.Plan.Provider, standingFaults(o.Plan.Faults, o.Err), o.Plan.SeedValue()
		*m.plan = *o.Plan.unexpanded
		m.plan.Assertions, m.plan.bundled = o.Plan.Assertions, o.Plan.bundled
	}
	if o.Seed != nil {
		seed = *o.Seed
	}
	rules = append(rules, o.Faults...)
	if problems := faults.Validate(rules, nil); len(problems) > 0 {
		var index int
		_, _ = fmt.Sscanf(problems[0].Path, "[%d]", &index) // they all begin so
		return fmt.Errorf("the rules of --plan and --fault together: rule %d (%s) %s", index+1, rules[min(index, len(rules)-1)].RuleName(), problems[0].Msg)
	}
	m.plan.alone(rules, seed)
	if err := m.addresses(cfg.Listen); err != nil {
		return err
	}
	if len(o.Command) > 0 {
		if _, err := exec.LookPath(o.Command[0]); err != nil {
			return fmt.Errorf("cannot run %q: %w", o.Command[0], err)
		}
	}
	m.stand = StandOptions{
		Name: m.plan.Name, Seed: seed, Provider: cfg, Faults: rules, Assertions: m.plan.Assertions, Version: o.Version,
		epoch: journal.NewEpoch(), command: commandText(o.Command, m.secrets),
	}
	if o.Instant {
		m.stand.Unlisted = Instant()
	}
	var err error
	m.stand.recorded, err = readRecorded(m.plan.Dir(), cfg.Answers)
	return err
}

// alone makes a plan one of a provider on its own, which has no target and no
// load, and keeps it.
func (p *Plan) alone(rules []faults.Rule, seed uint64) {
	bare := Plan{
		Name: p.Name, Description: p.Description, Seed: &seed, Provider: p.Provider, Faults: rules, Assertions: p.Assertions,
		Source: p.Source, Set: p.Set, bundled: p.bundled, dir: p.dir,
	}
	if p.bundled {
		bare.Assertions = assertions.Standard()
	}
	bare.kept = keep(&bare)
	*p = bare
}

// addresses are where the mock and its API listen; a port alone is one of
// loopback.
func (m *mocked) addresses(planned string) error {
	o := &m.opt
	switch {
	case o.Listen != "":
		m.listen = o.Listen
	case planned != "":
		m.listen = planned
	case len(o.Command) > 0:
		m.listen = "127.0.0.1:0"
	default:
		m.listen = mockListen
	}
	if o.API == "" {
		o.API = "127.0.0.1:0"
	}
	var err error
	if m.listen, err = loopbackOnly("--listen", m.listen, "the mock"); err != nil {
		return err
	}
	o.API, err = loopbackOnly("--api", o.API, "the API")
	return err
}

// loopbackOnly refuses to offer the mock to a network: without a token anyone
// there could use it. A port alone is taken to be of loopback.
func loopbackOnly(flag, addr, what string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return "", fmt.Errorf("%s %s is no host:port: write an address such as 127.0.0.1:4010, or :4010 for the same", flag, quoted(addr))
	}
	if host == "" {
		return net.JoinHostPort("127.0.0.1", port), nil
	}
	if !isLoopback(host) {
		return "", fmt.Errorf("%s %s is reachable from other machines; beyond loopback %s needs a token, which is not built yet: use 127.0.0.1", flag, addr, what)
	}
	return addr, nil
}

// standingFaults keeps the rules that need no load: a rule with a window has
// nothing to be relative to here, and says so.
func standingFaults(rules []faults.Rule, w io.Writer) []faults.Rule {
	var kept []faults.Rule
	for _, r := range rules {
		if r.Match.Proxy != "" {
			fmt.Fprintf(w, "chaos mock: rule %s is left out: it is about a proxy, and `chaos mock` serves none; `chaos proxy` does\n", r.RuleName())
			continue
		}
		if key := needsLoad(r); key != "" {
			fmt.Fprintf(w, "chaos mock: rule %s is left out: its %s goes with a load, and there is none\n", r.RuleName(), key)
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// start listens, opens the journal and serves, in this order: nothing is on disk
// before all can be had, and nothing is answered before it can be on record.
func (m *mocked) start() error {
	listeners, err := m.takeAddresses()
	if err != nil {
		return err
	}
	apiListener, err := m.takeAddress(m.opt.API)
	if err != nil {
		return fmt.Errorf("--api: %w", err)
	}
	m.apiURL = "http://" + apiListener.Addr().String()
	if err := m.openJournal(); err != nil {
		return err
	}
	rec, err := openRecorder(m.opt.Dir, m.stand.Provider.Upstream)
	if err != nil {
		return err
	}
	m.undo, m.stand.record = append(m.undo, rec.close), rec.record()
	meter := newMeter()
	var file journal.Sink
	m.stand.sinks = []journal.Sink{meter}
	if m.writer != nil {
		file = m.writer
	}
	m.scopes = newScopes(m.stand, file)
	own := m.stand
	own.scopes = m.scopes.find
	if file != nil {
		own.sinks = append(slices.Clone(own.sinks), file)
	}
	stand, err := NewStand(own)
	if err != nil {
		return err
	}
	m.main.Store(stand)
	m.gone = make(chan struct{})
	apiCtx, stopAPI := context.WithCancel(context.Background())
	m.stopAPI = stopAPI
	for _, l := range listeners {
		m.serve(func() error { return stand.mock.ServeEndpoint(l.name, l.Listener) })
	}
	m.serve(func() error {
		return newAPI(stand, m.scopes, meter, m.urls, m.opt.Version).serve(apiCtx, apiListener)
	})
	m.serve(func() error { m.scopes.sweepUntil(apiCtx.Done()); return nil })
	return nil
}

// takeAddresses listens for every endpoint, the main one first.
func (m *mocked) takeAddresses() ([]endpointListener, error) {
	cfg := m.stand.Provider
	l, err := m.takeAddress(m.listen)
	if err != nil {
		return nil, err
	}
	out := []endpointListener{{mockmodel.MainEndpoint, l}}
	m.urls = urlsOf(l.Addr().String(), cfg.Advertise)
	for _, e := range cfg.Endpoints {
		l, err := m.takeAddress(cmp.Or(e.Listen, "127.0.0.1:0"))
		if err != nil {
			return nil, fmt.Errorf("provider.endpoints.%s.listen: %w", e.Name, err)
		}
		out = append(out, endpointListener{e.Name, l})
		m.urls.endpoints = append(m.urls.endpoints, endpointURL{e.Name, e.Dialect, addressOf(l.Addr().String(), cfg.Advertise)})
	}
	return out, nil
}

func (m *mocked) takeAddress(addr string) (net.Listener, error) {
	l, err := newTCPNetwork().Listen(addr)
	if err != nil {
		return nil, err
	}
	m.undo = append(m.undo, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return l, nil
}

// serve runs f beside the rest, and notes that it failed.
func (m *mocked) serve(f func() error) {
	m.served.Add(1)
	go func() {
		defer m.served.Done()
		if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) && m.failed.CompareAndSwap(nil, &err) {
			close(m.gone)
		}
	}()
}

// openJournal makes the run folder.
func (m *mocked) openJournal() error {
	if m.opt.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(m.opt.Dir, 0o755); err != nil {
		return &HarnessError{What: "cannot make the run folder: " + err.Error(), Do: "choose another with --out", Err: err}
	}
	if err := os.WriteFile(filepath.Join(m.opt.Dir, FilePlan), m.plan.Kept(), 0o644); err != nil {
		return diskError(err)
	}
	h := m.stand.header()
	h.PlanSHA256 = m.plan.Hash()
	h.Host, _ = os.Hostname()
	w, err := journal.NewWriter(filepath.Join(m.opt.Dir, FileJournal), h, journal.WriterOptions{Epoch: m.stand.epoch, Inflight: m.inflight})
	if err != nil {
		return diskError(err)
	}
	m.writer = w
	return nil
}

// inflight lists what is open, for the marks that the journal writes of it.
func (m *mocked) inflight() ([]journal.Key, []uint64) {
	s := m.main.Load()
	if s == nil {
		return nil, nil
	}
	return nil, append(s.mock.InFlight(), m.scopes.inFlight()...)
}
