package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/chaoskit/chaos/plans"
)

func proxyCommand(io stdio) *cobra.Command {
	var o plans.ProxyOptions
	var rules []string
	var seed string
	cmd := &cobra.Command{
		Use:   "proxy --upstream HOST:PORT [flags]",
		Short: "A TCP proxy alone, before a Redis, a vector store or a database",
		Long: `Passes TCP connections on, unread, until Ctrl-C, and makes them late, narrow, refused,
reset, cut or dead as rules say. It prints its address, and at the end how many
connections each rule hit. In a plan the same stands under proxies:, and a rule
names its proxy with match: {proxy: NAME}.

The dice of the n-th connection are a matter of --seed, the rule's name and n.`,
		Example: `  chaos proxy --listen :6380 --upstream :6379 --fault 'tcp_latency: {by: 50ms, jitter: 20%}'
  chaos proxy --upstream :5432 --fault 'tcp_reset: {after_bytes: 1000}, probability: 0.3, from: 10s, to: 20s'
  chaos list faults               # those that begin with tcp_; chaos explain tcp_half_open`,
		Args: noArguments("chaos proxy takes flags only: give the upstream as --upstream HOST:PORT"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
				return fmt.Errorf("--seed %q: write a whole number from 0 to 18446744073709551615", seed)
			}
			if o.Faults, err = plans.ParseProxyRules("--fault", rules...); err != nil {
				return err
			}
			o.Out, o.Err = io.out, io.err
			ctx, _, stop := interruptible(cmd.Context(), io.err, "ending")
			defer stop()
			roomy()
			return plans.ServeProxy(ctx, o)
		},
	}
	cmd.Flags().StringVar(&o.Upstream, "upstream", "", "`HOST:PORT` of what stands behind it; :PORT is on 127.0.0.1")
	cmd.Flags().StringVar(&o.Listen, "listen", "", "`HOST:PORT` to listen on; :PORT is on 127.0.0.1 (default: a free port)")
	cmd.Flags().StringArrayVar(&rules, "fault", nil, "a fault `RULE` as in a plan, braces optional (repeatable)")
	cmd.Flags().StringVar(&seed, "seed", "1", "seed of the dice, a whole `NUMBER`")
	cmd.Flags().StringArrayVar(&o.AllowHosts, "allow-host", nil, "a `HOST` beyond this machine on which the upstream may be (repeatable)")
	return cmd
}

// noArguments refuses arguments, with what to write instead.
func noArguments(say string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unexpected %q: %s", args[0], say)
		}
		return nil
	}
}
