package plans

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/chaoskit/chaos/faults"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/loadgen"
)

// traceFailures is a key of a rule in the place of a fault: the requests whose
// row of the replayed trace had failed, and no others, fail again.
//
//	faults: [{trace_failures: {as: http_500}}]
//	faults: [{trace_failures: {as: {http_503: {retry_after: 2s}}}, during: spike}]
type traceFailures struct {
	As any `yaml:"as" doc:"the fault that they meet: its name, or its name with parameters"`
}

// traceFailures turns such a rule into the one that it stands for, before it is
// decoded: {name: trace_failures, http_500: {}, trace: failed}.
func (l *loader) traceFailures(n *yaml.Node, i int) *yaml.Node {
	as, problem := failuresAs(child(n, "trace_failures"))
	if problem != "" {
		d := newDecoder(newEnvironment(n, l.opts.Env, l.opts.KeepEnv))
		d.fail(child(n, "trace_failures"), fmt.Sprintf("faults[%d].trace_failures", i), "%s", problem)
		l.env = d.env
		l.take(d, nil)
		as = []*yaml.Node{scalar("http_500"), {Kind: yaml.MappingNode, Tag: "!!map"}} // the plan is refused
	}
	out := *n
	out.Content = nil
	if child(n, "name") == nil {
		set(&out, "name", scalar("trace_failures"))
	}
	for k := 0; k+1 < len(n.Content); k += 2 {
		key, value := n.Content[k], n.Content[k+1]
		if key.Value != "trace_failures" {
			out.Content = append(out.Content, key, value)
			continue
		}
		failed := scalar(faults.TraceFailed)
		trace := scalar("trace")
		trace.Line, trace.Column, failed.Line, failed.Column = key.Line, key.Column, key.Line, key.Column
		out.Content = append(out.Content, as[0], as[1], trace, failed)
	}
	return &out
}

// failuresAs returns the fault that trace_failures names, as key and value of a
// rule.
func failuresAs(n *yaml.Node) (as []*yaml.Node, problem string) {
	const say = "name the fault that the failed rows meet, such as trace_failures: {as: http_500}"
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || n.Content[0].Value != "as" {
		return nil, "takes the key as and no other: " + say
	}
	switch as := n.Content[1]; {
	case as.Kind == yaml.ScalarNode && as.ShortTag() == "!!str" && as.Value != "":
		return []*yaml.Node{as, {Kind: yaml.MappingNode, Tag: "!!map", Line: as.Line, Column: as.Column}}, ""
	case as.Kind == yaml.MappingNode && len(as.Content) == 2:
		return as.Content, ""
	}
	return nil, "as is no fault: " + say + ", or as: {http_503: {retry_after: 2s}}"
}

// failedKeys finds, for the rules with trace: failed, the keys of the rows that
// had failed. Like the first N requests they are found before the run.
func failedKeys(p *Plan, s *loadgen.Schedule, keys [][]faults.KeyRange) error {
	first := -1
	for i, r := range p.Faults {
		if r.Trace != "" && first < 0 {
			first = i
		}
	}
	if first < 0 {
		return nil
	}
	if why := s.NoFailures(); why != "" {
		return fmt.Errorf("faults[%d].trace: asks which requests had failed, and %s: replay one of BurstGPT, or leave the rule out", first, why)
	}
	iter, err := s.Iter()
	if err != nil {
		return err
	}
	defer iter.Close()
	var failed []faults.KeyRange
	for {
		a, ok, err := iter.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if !a.Failed {
			continue
		}
		if last := len(failed) - 1; last >= 0 && failed[last].To == a.Key.Index {
			failed[last].To++
		} else {
			failed = append(failed, faults.KeyRange{Phase: journal.PhaseTrace, From: a.Key.Index, To: a.Key.Index + 1})
		}
	}
	for i, r := range p.Faults {
		if r.Trace != "" {
			keys[i] = failed
		}
	}
	return nil
}
