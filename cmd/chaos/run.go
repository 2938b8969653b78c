package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/assertions"
	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// runFlags are the flags of `chaos run`.
type runFlags struct {
	load           loadFlags
	out, junit     string
	noProgress     bool
	quiet          bool
	once           bool
	onInconclusive string
}

// loadFlags change a plan on its way in. Every command that reads a plan takes
// them.
type loadFlags struct {
	seed string
	set  []string
	env  []string

	alone bool // the plan needs no target and no load
}

func (f *loadFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.seed, "seed", "", "seed of everything random, a whole `NUMBER` (default: the plan's, else 1)")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "change the plan: `key.path=value`, e.g. load.client.timeout=5s (repeatable)")
	cmd.Flags().StringArrayVarP(&f.env, "env", "e", nil, "a value for ${env:KEY} in the plan: `KEY=VALUE` (repeatable)")
}

// withoutPlan refuses flags that would change a plan where there is none: to
// leave them out in silence would answer another question than was asked.
func (f *loadFlags) withoutPlan(how string) error {
	if f.seed != "" || len(f.set) > 0 || len(f.env) > 0 {
		return fmt.Errorf("--seed, --set and --env change a plan, and none is named: %s", how)
	}
	return nil
}

// plan reads a plan: a file, - for standard input, or a name in the library.
func (f *loadFlags) plan(name string, in io.Reader) (*plans.Plan, error) {
	opts := plans.Options{Set: f.set, Env: map[string]string{}, Alone: f.alone}
	for _, kv := range f.env {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("-e %q: write KEY=VALUE", k) // without the value, which may be a secret
		}
		opts.Env[k] = v
	}
	if f.seed != "" {
		if _, err := strconv.ParseUint(f.seed, 10, 64); err != nil {
			return nil, fmt.Errorf("--seed %q: write a whole number from 0 to 18446744073709551615", f.seed)
		}
		opts.Set = append(opts.Set, "seed="+f.seed)
	}
	return plans.LoadNamed(name, in, opts)
}

func runCommand(io stdio) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run PLAN...",
		Short: "Carry out a plan and judge it",
		Long: `Carries out each plan (a file, - for standard input, or a name of ` + "`chaos list plans`" + `):
starts the mock model and the target, tries a few requests, sends the load while
faults hit, and judges what both ends saw. The report goes to standard output,
progress to standard error.

Exit codes: 0 all pass, 1 an assertion failed, 2 bad plan or usage, 3 inconclusive
or vacuous, 4 the harness failed, 5 stopped for safety, 130 interrupted.`,
		Example: "  chaos run spike\n  chaos run plan.yaml --set load.client.timeout=5s --junit out.xml\n  chaos run plan.yaml --once",
		Args:    needArgs(1, -1, "name a plan: a file, -, or one of `chaos list plans`"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--on-inconclusive", f.onInconclusive, "pass", "warn", "fail"); err != nil {
				return err
			}
			if f.once && (f.out != "" || f.junit != "") {
				return errors.New("--once judges nothing and keeps nothing: leave out --out and --junit")
			}
			return runPlans(cmd.Context(), io, f, args)
		},
	}
	f.load.add(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "the run folder, a `DIR` (default "+resultsBase+"/NAME-TIME)")
	cmd.Flags().StringVar(&f.junit, "junit", "", "also write JUnit XML to `FILE`")
	cmd.Flags().BoolVar(&f.noProgress, "no-progress", false, "no live progress")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "only the report")
	cmd.Flags().BoolVar(&f.once, "once", false, "send one healthy request and show it from both ends; nothing is judged")
	cmd.Flags().StringVar(&f.onInconclusive, "on-inconclusive", "fail", "what exit code 3 becomes: `pass|warn|fail`")
	return cmd
}

// runPlans loads all plans before it runs the first: a typing error in the
// third is found before anything is sent.
func runPlans(ctx context.Context, io stdio, f runFlags, names []string) error {
	var loaded []*plans.Plan
	for _, name := range names {
		p, err := f.load.plan(name, io.in)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(loaded, func(q *plans.Plan) bool { return q.Name == p.Name }) && f.out != "" {
			return fmt.Errorf("two plans are called %s, and --out gives each plan a folder of its name: run them one after the other", p.Name)
		}
		loaded = append(loaded, p)
	}
	if err := canWrite("--junit", f.junit); err != nil {
		return err
	}
	io.notices = &notices{w: io.err}
	ctx, hurry, stop := interruptible(ctx, io.notices, "draining, then the report (Ctrl-C again: do not wait)")
	defer stop()
	worst := plans.ExitPass
	var results []*plans.Result
	for i, p := range loaded {
		res, err := runOne(ctx, hurry, io, f, p, len(loaded) > 1)
		if f.junit != "" && !f.once {
			results = append(results, orFailed(res, p, err))
			err = errors.Join(err, report.JUnitFile(f.junit, results...))
		}
		worst = worse(worst, exitCode(err, io.err))
		if res != nil {
			worst = worse(worst, res.ExitCode)
		}
		if ctx.Err() != nil {
			if i < len(loaded)-1 { // those that were not run are no pass
				worst = worse(worst, plans.ExitInterrupted)
			}
			break
		}
		if i < len(loaded)-1 {
			fmt.Fprintln(io.out)
		}
	}
	if worst != plans.ExitPass {
		return exitError(worst)
	}
	return nil
}

// orFailed is the result, or one that says why there is none: a CI system that
// finds nothing about a run shows it as green.
func orFailed(res *plans.Result, p *plans.Plan, err error) *plans.Result {
	if res != nil || err == nil {
		return res
	}
	return &plans.Result{
		Schema: plans.ResultSchema, Plan: plans.PlanInfo{Name: p.Name, Target: p.Target.String(), File: p.Source}, Seed: strconv.FormatUint(p.SeedValue(), 10),
		Started: time.Now().UTC().Format(time.RFC3339), Verdict: string(assertions.Error), ExitCode: exitCode(err, io.Discard), Error: err.Error(), Judgement: &assertions.Judgement{},
	}
}

// canWrite finds a file that cannot be written before a run and not after it.
// What is there is left as it is.
func canWrite(flag, path string) error {
	if path == "" {
		return nil
	}
	_, missing := os.Lstat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("%s %s cannot be written: %w", flag, path, err)
	}
	f.Close()
	if missing != nil {
		_ = os.Remove(path)
	}
	return nil
}

// worse returns the exit code that goes first: DESIGN section 10.
func worse(a, b int) int {
	for _, code := range []int{plans.ExitInterrupted, plans.ExitStopped, plans.ExitHarness, plans.ExitUsage, plans.ExitFail, plans.ExitInconclusive} {
		if a == code || b == code {
			return code
		}
	}
	return plans.ExitPass
}

// runOne carries out one plan. With a result and an error, something around the
// run failed: a folder, a report.
func runOne(ctx context.Context, hurry <-chan struct{}, io stdio, f runFlags, p *plans.Plan, several bool) (*plans.Result, error) {
	opt := plans.RunOptions{Version: version(), Hurry: hurry}
	if f.once {
		return nil, once(ctx, io, p, opt)
	}
	dir, err := runFolder(f.out, p.Name, several)
	if err != nil {
		return nil, err
	}
	opt.Dir = dir.dir
	view := newProgress(io.err, f, p)
	opt.Observe = view.observe
	io.notices.show(view)
	res, err := plans.Run(ctx, p, opt)
	io.notices.show(nil)
	view.close()
	if res == nil {
		dir.forget()
		return nil, err
	}
	if err != nil {
		// The folder could not be written, so the terminal is all there is.
		return res, errors.Join(err, printed(report.Text(io.out, shown(res), styleOf(io.out))))
	}
	return res, writeReports(io, f, res)
}

// writeReports writes the files around the run and prints the summary. The
// files come first: whoever reads the summary may go away in the middle of it.
func writeReports(io stdio, f runFlags, res *plans.Result) error {
	var failed error
	if applyInconclusive(res, f.onInconclusive, io.err) {
		// result.json says the code that this process ends with.
		failed = res.Write()
	}
	failed = errors.Join(failed, report.WriteFiles(res))
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
		failed = errors.Join(failed, report.AppendFile(path, "markdown", res))
	}
	return errors.Join(failed, printed(report.Text(io.out, shown(res), styleOf(io.out))))
}

// printed is the error of a report that could not be printed. The run is over,
// so that it cannot be is no fault of the plan; a reader that went away is none
// of anybody's.
func printed(err error) error {
	if err == nil || readerGone(err) {
		return nil
	}
	return &plans.HarnessError{What: "cannot print the report: " + err.Error(), Do: "`chaos report` prints it again", Err: err}
}

// applyInconclusive softens exit code 3; the verdict itself stays.
func applyInconclusive(res *plans.Result, how string, w io.Writer) bool {
	if res.ExitCode != plans.ExitInconclusive || how == "fail" {
		return false
	}
	res.ExitCode = plans.ExitPass
	if how == "warn" {
		fmt.Fprintf(w, "chaos: warning: the verdict is %s; --on-inconclusive=warn makes that exit 0\n", res.Verdict)
	}
	return true
}

func once(ctx context.Context, io stdio, p *plans.Plan, opt plans.RunOptions) error {
	res, err := plans.Once(ctx, p, opt)
	if err != nil {
		return err
	}
	return report.Once(io.out, res, styleOf(io.out))
}

// needArgs is cobra's argument check with a message that says what to do.
func needArgs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return fmt.Errorf("%s\n  usage: %s", what, cmd.UseLine())
		}
		return nil
	}
}

func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("%s %q: write one of %s", flag, value, strings.Join(allowed, ", "))
}
