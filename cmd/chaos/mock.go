package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// mockFlags are the flags of `chaos mock`.
type mockFlags struct {
	load           loadFlags
	plan           string
	faults         []string
	listen, api    string
	check          bool
	printEnv       bool
	instant        bool
	out, junit     string
	onInconclusive string
}

func mockCommand(io stdio) *cobra.Command {
	var f mockFlags
	cmd := &cobra.Command{
		Use:   "mock [flags] [-- COMMAND ...]",
		Short: "The mock model alone; with COMMAND, only as long as that runs",
		Long: `Serves the mock model on loopback until Ctrl-C. With a COMMAND, its base URLs and
dummy API keys are put into that command's environment, the mock ends with it,
and its exit code is taken over.

--check keeps all calls in a run folder and judges them at the end: by the plan's
assertions, else by those that calls alone can answer. What is about users, such
as how long they waited, only ` + "`chaos run`" + ` can tell. A check that fails makes
the exit code 1 although the command passed.

An HTTP API on a port of its own (CHAOS_API in the command's environment) tells
the journal, changes faults, and opens scopes: base URLs with faults, answers and
verdicts of their own, for tests that run side by side. Bodies are YAML or JSON.
  GET    /_chaos/health, /_chaos/metrics
  GET    /_chaos/journal?since=SEQ&limit=N, /_chaos/verdicts, /_chaos/faults
  PUT    /_chaos/faults             a list of rules
  POST   /_chaos/reset              no calls, and the first faults again
  POST   /_chaos/scopes             {name, seed, faults, answers, models, assertions}
  DELETE /_chaos/scopes/NAME        ends it, and says its verdicts
Below /_chaos/scopes/NAME are journal, verdicts, faults and reset of a scope.

--print-env prints the environment for a shell, closes its output and serves:
  eval "$(chaos mock --print-env &)";  pytest;  kill $CHAOS_PID`,
		Example: `  chaos mock --listen :4010 --fault 'rate_limit: {retry_after: 2s}, probability: 0.3'
  chaos mock --plan plan.yaml --check -- pytest -n 4
  curl -X POST $CHAOS_API/_chaos/scopes -d '{faults: [{http_503: {}, times: 2}]}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return fmt.Errorf("write `--` before the command: chaos mock -- %s", strings.Join(args, " "))
			}
			return serveMock(cmd.Context(), io, f, args)
		},
	}
	f.load.add(cmd)
	cmd.Flags().StringVar(&f.plan, "plan", "", "take models, answers, assertions and faults without a window from a plan's `FILE`, which needs no target and no load")
	cmd.Flags().StringArrayVar(&f.faults, "fault", nil, "a fault `RULE` as in a plan, braces optional (repeatable)")
	cmd.Flags().StringVar(&f.listen, "listen", "", "`HOST:PORT` to listen on; :PORT is on 127.0.0.1 (default: the plan's provider.listen, else 127.0.0.1:4010; with COMMAND a free port)")
	cmd.Flags().StringVar(&f.api, "api", "", "`HOST:PORT` of the API (default: a free port of 127.0.0.1)")
	cmd.Flags().BoolVar(&f.check, "check", false, "judge the calls at the end")
	cmd.Flags().BoolVar(&f.printEnv, "print-env", false, "print the environment of a caller as lines for a shell, then serve")
	cmd.Flags().BoolVar(&f.instant, "instant", false, "models that the plan does not list answer at once, in 20 tokens")
	cmd.Flags().StringVar(&f.out, "out", "", "with --check: the run folder, a `DIR` (default "+resultsBase+"/NAME-TIME)")
	cmd.Flags().StringVar(&f.junit, "junit", "", "with --check: also write JUnit XML to `FILE`")
	cmd.Flags().StringVar(&f.onInconclusive, "on-inconclusive", "fail", "with --check: what exit code 3 becomes: `pass|warn|fail`")
	return cmd
}

// options turns flags into what is served, and refuses those that contradict each
// other.
func (f *mockFlags) options(io stdio, command []string) (plans.MockOptions, error) {
	o := plans.MockOptions{Listen: f.listen, API: f.api, Command: command, PrintEnv: f.printEnv, Instant: f.instant, Version: version(), In: io.in, Out: io.out, Err: io.err}
	switch {
	case !f.check && (f.out != "" || f.junit != ""):
		return o, errors.New("--out and --junit keep what --check finds: add --check, or leave them out")
	case f.printEnv && len(command) > 0:
		return o, errors.New("--print-env is for callers that chaos does not start, and the command has it all in its environment: leave one of them out")
	case f.printEnv && f.check:
		return o, errors.New("--print-env closes standard output, which --check needs for its report: leave one of them out; $CHAOS_API/_chaos/verdicts judges at any time")
	case f.check && f.plan == "" && len(f.faults) == 0:
		return o, errors.New("--check judges how faults were borne, and there are none: name a plan with --plan, or a fault with --fault")
	}
	if err := oneOf("--on-inconclusive", f.onInconclusive, "pass", "warn", "fail"); err != nil {
		return o, err
	}
	if f.load.seed != "" && f.plan == "" {
		seed, err := strconv.ParseUint(f.load.seed, 10, 64)
		if err != nil {
			return o, fmt.Errorf("--seed %q: write a whole number from 0 to 18446744073709551615", f.load.seed)
		}
		o.Seed = &seed
	}
	var err error
	if o.Faults, err = plans.ParseRules("--fault", f.faults...); err != nil {
		return o, err
	}
	if f.plan != "" {
		f.load.alone = true
		o.Plan, err = f.load.plan(f.plan, io.in)
		return o, err
	}
	bare := f.load
	bare.seed = ""
	return o, bare.withoutPlan("name one with --plan")
}

// serveMock serves until the command or the user ends it, and judges then.
func serveMock(ctx context.Context, io stdio, f mockFlags, command []string) error {
	o, err := f.options(io, command)
	if err != nil {
		return err
	}
	if err := canWrite("--junit", f.junit); err != nil {
		return err
	}
	dir := &folder{}
	if f.check {
		name := "mock"
		if o.Plan != nil {
			name = o.Plan.Name
		}
		if dir, err = runFolder(f.out, name, false); err != nil {
			return err
		}
		o.Dir = dir.dir
	}
	ctx, _, stop := interruptible(ctx, io.err, "ending")
	defer stop()
	roomy()
	res, err := plans.Mock(ctx, o)
	code := plans.ExitPass
	var child *exec.ExitError
	if errors.As(err, &child) {
		code, err = childCode(child), nil
	}
	if ctx.Err() != nil && f.check && len(command) > 0 {
		code, err = plans.ExitInterrupted, nil
	}
	if res == nil {
		if f.check {
			dir.forget()
		}
		if err == nil && code != plans.ExitPass {
			return exitError(code)
		}
		return err
	}
	return f.report(io, res, code, err)
}

// report writes what --check found. The command's own failure goes first: what it
// did not do cannot have failed a check.
func (f *mockFlags) report(io stdio, res *plans.Result, child int, failed error) error {
	err := errors.Join(failed, writeReports(io, runFlags{onInconclusive: f.onInconclusive}, res))
	if f.junit != "" {
		err = errors.Join(err, report.JUnitFile(f.junit, res))
	}
	switch code := worse(exitCode(err, io.err), res.ExitCode); {
	case child != plans.ExitPass:
		return exitError(child)
	case code != plans.ExitPass:
		return exitError(code)
	}
	return nil
}
