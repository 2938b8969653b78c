package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

func validateCommand(io stdio) *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "validate PLAN",
		Short: "Check a plan; print its timeline and which assertions can conclude",
		Args:  needArgs(1, 1, "name a plan: a file, -, or one of `chaos list plans`"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := f.plan(args[0], io.in)
			if err != nil {
				return err
			}
			preview, err := plans.MakePreview(p)
			if err != nil {
				return err
			}
			return report.Preview(io.out, preview, styleOf(io.out))
		},
	}
	f.add(cmd)
	return cmd
}

func explainCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use:     "explain ID",
		Short:   "What an assertion claims, or what a fault does",
		Example: "  chaos explain retries.retry_after\n  chaos explain stall_mid_stream",
		Args:    needArgs(1, 1, "name an assertion, a fault or an incident: `chaos list assertions`, `chaos list faults`, `chaos list incidents`"),
		RunE: func(_ *cobra.Command, args []string) error {
			return report.Explain(io.out, args[0], styleOf(io.out))
		},
	}
}

func listCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use:       "list KIND",
		Short:     "List " + report.ListKinds(),
		Args:      needArgs(1, 1, "say what to list: "+report.ListKinds()),
		ValidArgs: report.ListKindNames(),
		RunE: func(_ *cobra.Command, args []string) error {
			return report.List(io.out, args[0], styleOf(io.out))
		},
	}
}

func schemaCommand(io stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "The JSON Schema of a plan, for editors",
		Example: `  chaos schema > plan.schema.json
  # and as the first line of a plan:
  # yaml-language-server: $schema=plan.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.out.Write(plans.Schema())
			return err
		},
	}
}

func initCommand(io stdio) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:     "init [-- COMMAND ...]",
		Short:   "Write a first plan for your own service",
		Example: "  chaos init\n  chaos init -- node server.mjs",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return fmt.Errorf("write `--` before the command: chaos init -- %s\n  or --out FILE to choose the file", strings.Join(args, " "))
			}
			text := plans.Init(args)
			if out == "-" {
				_, err := fmt.Fprint(io.out, text)
				return err
			}
			mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
			if force {
				mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
			}
			file, err := os.OpenFile(out, mode, 0o644)
			if os.IsExist(err) {
				return fmt.Errorf("%s exists; choose another name with --out, or overwrite it with --force", out)
			}
			if err != nil {
				return fmt.Errorf("cannot write the plan: %w\n  choose another place with --out", err)
			}
			if _, err := file.WriteString(text); err != nil {
				file.Close()
				return err
			}
			if err := file.Close(); err != nil {
				return err
			}
			fmt.Fprintf(io.out, "wrote %s\nnext   chaos run --once %s      one request, seen from both ends\n       chaos validate %s        timeline, and what can be proved\n       chaos run %s\n", out, out, out, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "chaos.yaml", "the `FILE` to write; - for standard output")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file")
	return cmd
}
