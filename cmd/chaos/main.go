// Command chaos is a chaos and load-testing toolkit for services built on AI
// models. This package is the only place that knows a terminal exists.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/internal/report"
	"github.com/chaoskit/chaos/plans"
)

func main() {
	// A reader that goes away must not kill a run in the middle: writes fail
	// instead, as for any other file. Notify and not Ignore, which children would
	// inherit.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	io := stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	os.Exit(execute(os.Args[1:], io))
}

// stdio is what a command reads and writes. Standard output is the report;
// progress and messages go to standard error.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	notices  *notices // of a run: what is said beside its progress
}

// exitError carries an exit code with nothing left to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// execute runs one command line and returns its exit code.
func execute(args []string, io stdio) int {
	root := newRoot(io)
	root.SetArgs(args)
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	return exitCode(root.ExecuteContext(context.Background()), io.err)
}

// exitCode prints err, if there is anything to print, and maps it to the exit
// codes of DESIGN section 10.
func exitCode(err error, w io.Writer) int {
	var exit exitError
	var harness *plans.HarnessError
	switch {
	case err == nil:
		return plans.ExitPass
	case errors.As(err, &exit):
		return int(exit)
	case readerGone(err):
		return plans.ExitPass
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		fmt.Fprintln(w, "chaos: interrupted before any load was sent")
		return plans.ExitInterrupted
	case errors.As(err, &harness):
		say(w, err)
		return plans.ExitHarness
	}
	say(w, err)
	return plans.ExitUsage
}

// say prints an error. What a target said is in some of them.
func say(w io.Writer, err error) {
	fmt.Fprintln(w, "chaos: "+report.Plain(strings.TrimRight(err.Error(), "\n")))
}

// readerGone reports whether err is that of standard output whose reader went
// away, as `| head` does. There is nobody left to tell.
func readerGone(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) && path.Path == os.Stdout.Name() && errors.Is(err, syscall.EPIPE)
}

// childCode is a shell's convention for a child's end: its code, or 128 and
// the signal.
func childCode(e *exec.ExitError) int {
	if code := e.ExitCode(); code >= 0 {
		return code
	}
	return 128 + signalOf(e)
}

func newRoot(io stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "chaos",
		Short: "Chaos and load tests for services built on AI models",
		Long: `chaos sends a spike of real-looking traffic at your service, stands in for the
model provider behind it and makes that fail the way models fail, and proves
from both ends whether retries back off, budgets hold, and the service degrades
instead of collapsing.

Start with:  chaos run spike         a good service under a bad provider
             chaos run spike-naive   the same spike, a service that breaks
             chaos init              a first plan for your own service`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		// An unknown command is a usage error with a suggestion, not the help text.
		RunE: func(cmd *cobra.Command, args []string) error {
			return cmd.Help()
		},
		Args: knownCommand,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w\n  see `%s --help`", err, cmd.CommandPath())
	})
	root.SuggestionsMinimumDistance = 2
	for _, c := range []func(stdio) *cobra.Command{
		runCommand, checkCommand, mockCommand, proxyCommand, initCommand, validateCommand, showCommand, explainCommand, listCommand, schemaCommand, reportCommand,
	} {
		root.AddCommand(c(io))
	}
	for _, name := range []string{"selftest", "doctor"} {
		root.AddCommand(unbuilt(name))
	}
	return root
}

// knownCommand refuses an argument that is no command.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := ""
	if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
		near = "; did you mean " + strings.Join(names, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q%s\n  see `chaos --help`", args[0], near)
}

// unbuilt refuses a command of the design that does not exist yet, by name.
func unbuilt(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return fmt.Errorf("`chaos %s` is not built yet", name) },
	}
}
