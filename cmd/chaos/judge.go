package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

// runDir finds a run folder: a path, or `latest`.
func runDir(arg string) (string, error) {
	for _, dir := range []string{arg, filepath.Join(resultsBase, arg)} {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			return dir, nil
		}
	}
	if arg == latest {
		return "", fmt.Errorf("there is no %s here: run a plan first, or name the run folder", filepath.Join(resultsBase, latest))
	}
	return "", fmt.Errorf("no run folder %q (nor %s)", arg, filepath.Join(resultsBase, arg))
}

func checkCommand(io stdio) *cobra.Command {
	var f loadFlags
	var onInconclusive string
	cmd := &cobra.Command{
		Use:   "check RUN [PLAN]",
		Short: "Judge a recorded run again, with its own assertions or another plan's",
		Long: `Judges a recorded run again from its journal, and writes result.json, junit.xml
and summary.md anew. With PLAN, that plan's assertions are judged instead and
nothing is written. RUN is a run folder, or "latest".`,
		Args: needArgs(1, 2, "name the run folder, or latest"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--on-inconclusive", onInconclusive, "pass", "warn", "fail"); err != nil {
				return err
			}
			dir, err := runDir(args[0])
			if err != nil {
				return err
			}
			var other *plans.Plan
			if len(args) == 1 {
				if err := f.withoutPlan("the run is judged by its own; name another behind the run folder"); err != nil {
					return err
				}
			} else {
				f.alone = true // of another plan only its assertions are asked
				if other, err = f.plan(args[1], io.in); err != nil {
					return err
				}
			}
			res, err := plans.Check(dir, other)
			if err != nil {
				return err
			}
			return reportCheck(io, res, other == nil, onInconclusive)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&onInconclusive, "on-inconclusive", "fail", "what exit code 3 becomes: `pass|warn|fail`")
	return cmd
}

// reportCheck prints the judgement. The files of the run folder are replaced
// only by a judgement of the run's own plan.
func reportCheck(io stdio, res *plans.Result, own bool, onInconclusive string) error {
	applyInconclusive(res, onInconclusive, io.err)
	var failed error
	if own {
		failed = errors.Join(res.Write(), report.WriteFiles(res))
	}
	failed = errors.Join(failed, printed(report.Text(io.out, res, styleOf(io.out))))
	if code := worse(exitCode(failed, io.err), res.ExitCode); code != plans.ExitPass {
		return exitError(code)
	}
	return nil
}

func reportCommand(io stdio) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Render the result of a run again",
		Long:  "Renders result.json of a run folder again, as " + report.FormatNames() + ". Nothing is judged; `chaos check` does that.",
		Args:  needArgs(1, 1, "name the run folder, or latest"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("--format", format, strings.Split(report.FormatNames(), "|")...); err != nil {
				return err
			}
			dir, err := runDir(args[0])
			if err != nil {
				return err
			}
			res, err := plans.ReadResult(dir)
			if err != nil {
				return fmt.Errorf("%w\n  `chaos check %s` writes it from the journal", err, args[0])
			}
			return report.Render(io.out, format, res, styleOf(io.out))
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`"+report.FormatNames()+"`")
	return cmd
}

func showCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use:     "show RUN REQUEST",
		Short:   "The whole story of one request, from both ends",
		Example: "  chaos show latest spike/1432",
		Args:    needArgs(2, 2, "name the run folder (or latest) and a request, e.g. spike/1432"),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := runDir(args[0])
			if err != nil {
				return err
			}
			story, err := plans.Story(dir, args[1])
			if err != nil {
				return err
			}
			return report.Story(io.out, story, styleOf(io.out))
		},
	}
}
