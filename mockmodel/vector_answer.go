package mockmodel

import (
	"math"
	"strings"
)

// embedStep is the kind of step of embeddings.
const embedStep = "embed"

// vectorOf is what the plan says of an input, nil for nothing.
func (a *answer) vectorOf(text string) []float64 {
	for i := range a.vectors {
		l := &a.vectors[i]
		if w := &l.when; w.Step == embedStep && (w.Model == "" || w.Model == a.asked) && strings.Contains(text, w.Contains) {
			return l.vector
		}
	}
	return nil
}

// fitVector fills v with a vector of the plan. What does not fit in is cut, and the
// rest made a vector of length 1 again, as OpenAI does with dimensions; what is
// missing is zero, which changes no angle.
func fitVector(v []float32, given []float64) {
	clear(v)
	for i := range min(len(v), len(given)) {
		v[i] = float32(given[i])
	}
	if len(given) > len(v) {
		copy(v, unit(v))
	}
}

// validateVector refuses an answer to an embedding that is none.
func (a Answer) validateVector(path string, out *problems) {
	switch w := a.When; {
	case w.Step != embedStep:
		out.add(path+".vector", "answers embeddings alone: write when: {step: embed}")
	case len(a.Vector) == 0:
		out.add(path+".vector", "is missing: the answer to an embedding is a vector")
	case len(a.Vector) > dimensionsMax:
		out.add(path+".vector", "has %d dimensions: give at most %d", len(a.Vector), dimensionsMax)
	case a.Text != "" || a.JSON != nil || a.File != "" || len(a.ToolCalls) > 0:
		out.add(path+".vector", "contradicts text, json, tool_calls or file: an embedding is a vector, keep that alone")
	case w.SystemContains != "" || w.HasTool != "" || w.Turn != 0:
		out.add(path+".when.step", "embed has no system message, tools or turns: keep contains and model")
	}
	for _, x := range a.Vector {
		if math.IsNaN(x) || math.Abs(x) > math.MaxFloat32 {
			out.add(path+".vector", "holds %v: give finite numbers of 32 bits", x)
			return
		}
	}
}
