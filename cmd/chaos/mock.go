package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/plans"
)

func mockCommand(io stdio) *cobra.Command {
	var f loadFlags
	var planName, listen string
	cmd := &cobra.Command{
		Use:   "mock [flags] [-- COMMAND ...]",
		Short: "The mock model alone; with COMMAND, only as long as that runs",
		Long: `Serves the mock model on loopback until Ctrl-C. With a COMMAND, its base URLs and
dummy API keys are put into that command's environment, the mock ends with it,
and its exit code is taken over.`,
		Example: "  chaos mock --listen 127.0.0.1:4010\n  chaos mock --plan plan.yaml -- pytest -n 4",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return fmt.Errorf("write `--` before the command: chaos mock -- %s", strings.Join(args, " "))
			}
			var p *plans.Plan
			if planName == "" {
				if err := f.withoutPlan("name one with --plan"); err != nil {
					return err
				}
			} else {
				var err error
				if p, err = f.plan(planName, io.in); err != nil {
					return err
				}
			}
			ctx, _, stop := interruptible(cmd.Context(), io.err, "ending")
			defer stop()
			err := plans.Mock(ctx, plans.MockOptions{
				Plan: p, Listen: listen, Command: args, Version: version(), In: io.in, Out: io.out, Err: io.err,
			})
			var child *exec.ExitError
			if errors.As(err, &child) {
				return exitError(childCode(child))
			}
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&planName, "plan", "", "take models, answers and faults without a window from a plan's `FILE`")
	cmd.Flags().StringVar(&listen, "listen", "", "`HOST:PORT` to listen on (default: the plan's provider.listen, else 127.0.0.1:4010; with COMMAND a free port)")
	return cmd
}
