package plans

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/mockmodel"
)

// Variables by which a caller of the mock finds its API and its process.
const (
	apiVar = "CHAOS_API"
	pidVar = "CHAOS_PID"
)

// attend waits for the command, or for the end of ctx.
func (m *mocked) attend(ctx context.Context) error {
	if len(m.opt.Command) > 0 {
		return m.command(ctx)
	}
	if m.opt.PrintEnv {
		m.printEnv()
	} else {
		for _, b := range mockmodel.Bases() {
			for _, name := range b.Variables {
				fmt.Fprintf(m.opt.Out, "%s=%s\n", name, m.urls.base(b.Dialect))
			}
		}
		for _, e := range m.urls.endpoints {
			fmt.Fprintf(m.opt.Out, "%s=%s\n", endpointVar(e.name), e.base(e.dialect))
		}
		fmt.Fprintf(m.opt.Out, "%s=%s\n", apiVar, m.apiURL)
	}
	fmt.Fprintf(m.opt.Err, "chaos mock: serving on %s:%s, this machine only; Ctrl-C ends it\n", m.urls.host, m.urls.port)
	select {
	case <-ctx.Done():
	case <-m.gone:
	}
	return nil
}

// environ is the environment of a caller, over base.
func (m *mocked) environ(base []string) map[string]string {
	env := m.urls.env(base)
	env[apiVar] = m.apiURL
	for _, e := range m.urls.endpoints {
		env[endpointVar(e.name)] = e.base(e.dialect)
	}
	return env
}

// endpointVar is the variable by which a caller finds a named endpoint.
func endpointVar(name string) string { return "CHAOS_ENDPOINT_" + strings.ToUpper(name) }

// printEnv writes the environment for a shell to take in, with the process to end
// when all is done, and closes the output: `eval "$(chaos mock --print-env &)"`
// waits for the end of the output and not of the mock.
func (m *mocked) printEnv() {
	env := m.environ(os.Environ())
	env[pidVar] = strconv.Itoa(os.Getpid())
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(m.opt.Out, "export %s='%s'\n", name, strings.ReplaceAll(env[name], "'", `'\''`))
	}
	if c, ok := m.opt.Out.(io.Closer); ok {
		_ = c.Close() // the reader has all, or has gone away
	}
}

// command runs the command with the mock's addresses in its environment.
func (m *mocked) command(ctx context.Context) error {
	o := m.opt
	cmd := exec.CommandContext(ctx, o.Command[0], o.Command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = o.In, o.Out, o.Err
	base := os.Environ()
	cmd.Env = mergeEnv(base, m.environ(base))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && ctx.Err() == nil {
		return fmt.Errorf("cannot run %q: %w", o.Command[0], err)
	}
	return err
}

// end closes everything, calls first and the journal last.
func (m *mocked) end(ctx context.Context) error {
	var all []error
	stand := m.main.Load()
	if stand != nil && ctx.Err() != nil && len(m.opt.Command) > 0 {
		stand.mark(journal.Mark{Kind: journal.MarkInterrupt, Name: "while the command ran"})
	}
	if m.stopAPI != nil {
		m.stopAPI()
	}
	if m.scopes != nil {
		all = append(all, m.scopes.close())
	}
	if stand != nil {
		all = append(all, stand.Close())
	}
	for _, undo := range slices.Backward(m.undo) {
		all = append(all, undo())
	}
	m.served.Wait()
	if err := m.failed.Load(); err != nil {
		all = append(all, fmt.Errorf("the mock model: %w", *err))
	}
	if stand != nil {
		if unserved := stand.mock.UnknownPaths(); len(unserved) > 0 {
			fmt.Fprintf(m.opt.Err, "chaos mock: nothing answers %s\n", strings.Join(unserved, ", "))
		}
	}
	if m.writer != nil {
		err := m.writer.Close(journal.Mark{TNs: m.stand.epoch.Now(), PlannedNs: journal.Never, Kind: journal.MarkRunEnd})
		if err != nil {
			all = append(all, diskError(err))
		}
	}
	return errors.Join(all...)
}
