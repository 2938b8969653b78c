package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
}

func (f *loadFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.seed, "seed", "", "seed of everything random, a whole number (default: the plan's, else 1)")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "change the plan: `key.path=value`, e.g. load.client.timeout=5s (repeatable)")
	cmd.Flags().StringArrayVarP(&f.env, "env", "e", nil, "a value for ${env:KEY} in the plan: `KEY=VALUE` (repeatable)")
}

// plan reads a plan: a file, - for standard input, or a name in the library.
func (f *loadFlags) plan(name string, in io.Reader) (*plans.Plan, error) {
	opts := plans.Options{Set: f.set, Env: map[string]string{}}
	for _, kv := range f.env {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("-e %q: write KEY=VALUE", kv)
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
			return runPlans(cmd.Context(), io, f, args)
		},
	}
	f.load.add(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "the run folder (default chaos-results/NAME-TIME)")
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
		loaded = append(loaded, p)
	}
	ctx, hurry, stop := interruptible(ctx, io.err)
	defer stop()
	worst := plans.ExitPass
	for i, p := range loaded {
		code, err := runOne(ctx, hurry, io, f, p, len(loaded) > 1)
		if err != nil {
			code = exitCode(err, io.err)
		}
		worst = worse(worst, code)
		if ctx.Err() != nil {
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

// worse returns the exit code that goes first: DESIGN section 10.
func worse(a, b int) int {
	for _, code := range []int{plans.ExitInterrupted, plans.ExitStopped, plans.ExitHarness, plans.ExitUsage, plans.ExitFail, plans.ExitInconclusive} {
		if a == code || b == code {
			return code
		}
	}
	return plans.ExitPass
}

func runOne(ctx context.Context, hurry <-chan struct{}, io stdio, f runFlags, p *plans.Plan, several bool) (int, error) {
	opt := plans.RunOptions{Version: version(), Hurry: hurry}
	if f.once {
		return 0, once(ctx, io, p, opt)
	}
	dir, err := runFolder(f.out, p.Name, several)
	if err != nil {
		return 0, err
	}
	opt.Dir = dir
	view := newProgress(io.err, f, p)
	opt.Observe = view.observe
	res, err := plans.Run(ctx, p, opt)
	view.close()
	if res == nil {
		return 0, err
	}
	if err != nil {
		// The folder could not be written, so the terminal is all there is.
		return 0, errors.Join(report.Text(io.out, res, styleOf(io.out)), err)
	}
	return res.ExitCode, writeReports(io, f, res)
}

// runFolder makes the name of the run folder, and the link `latest` for the
// default place.
func runFolder(out, name string, several bool) (string, error) {
	if out != "" {
		if several {
			out = filepath.Join(out, name)
		}
		if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
			return "", fmt.Errorf("--out %s is not empty; a run folder holds one run", out)
		}
		return out, nil
	}
	const base = "chaos-results"
	stamp := time.Now().UTC().Format("20060102-150405")
	dir := filepath.Join(base, name+"-"+stamp)
	for i := 2; ; i++ {
		// Two runs in one second get folders of their own.
		err := os.MkdirAll(base, 0o755)
		if err == nil {
			err = os.Mkdir(dir, 0o755)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrExist) {
			return "", &plans.HarnessError{What: "cannot make the run folder: " + err.Error(), Do: "choose another with --out", Err: err}
		}
		dir = filepath.Join(base, fmt.Sprintf("%s-%s-%d", name, stamp, i))
	}
	return dir, pointLatest(base, filepath.Base(dir))
}

// pointLatest replaces the link in one step; a file system without links just
// has none.
func pointLatest(base, name string) error {
	tmp := filepath.Join(base, ".latest."+strconv.Itoa(os.Getpid()))
	if err := os.Symlink(name, tmp); err != nil {
		return nil
	}
	if err := os.Rename(tmp, filepath.Join(base, "latest")); err != nil {
		_ = os.Remove(tmp)
	}
	return nil
}

// writeReports prints the summary and writes the files around it.
func writeReports(io stdio, f runFlags, res *plans.Result) error {
	if applyInconclusive(res, f.onInconclusive, io.err) {
		// result.json says the code that this process ends with.
		if err := res.Write(); err != nil {
			return err
		}
	}
	if err := report.Text(io.out, res, styleOf(io.out)); err != nil {
		return err
	}
	if err := report.WriteFiles(res); err != nil {
		return err
	}
	if f.junit != "" {
		if err := report.ToFile(f.junit, "junit", res); err != nil {
			return err
		}
	}
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
		return report.AppendFile(path, "markdown", res)
	}
	return nil
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
