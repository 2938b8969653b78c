package loadgen

import "github.com/chaoskit/chaos/internal/wire"

// Bounds of the search for watermarks in numbers: an answer of a service that
// passes vectors or scores on has few of them, near its top.
const (
	numbersDepth  = 8
	numbersLabels = 64
)

// numbers looks for the marks that vectors and scores carry: in arrays of
// numbers, and in arrays of objects with a score, as rerankers give them.
func (a *answer) numbers(v any, depth int) {
	if depth > numbersDepth || len(a.labels) >= numbersLabels {
		return
	}
	switch v := v.(type) {
	case *treeObject:
		for _, key := range v.keys {
			a.numbers(v.values[key], depth+1)
		}
	case []any:
		if list, ok := floats(v); ok {
			a.number(list)
			return
		}
		for _, name := range [...]string{"relevance_score", "score"} {
			if list, ok := scores(v, name); ok {
				a.number(list)
				break
			}
		}
		for _, x := range v {
			a.numbers(x, depth+1)
		}
	}
}

// number takes an array that may be a vector or scores. What seems to be of
// another run may be chance: where every answer is full of numbers, one in a
// million is not rare.
func (a *answer) number(list []float64) {
	v := make([]float32, len(list))
	for i, x := range list {
		v[i] = float32(x)
	}
	f, ok := a.reader.codec.FindVectorMark(v)
	if !ok {
		f, ok = a.reader.codec.FindScoreMark(list)
	}
	if ok && !f.OtherRun {
		a.labels = append(a.labels, f)
	}
}

// floats returns an array of nothing but numbers, of which one is no integer.
func floats(v []any) (list []float64, ok bool) {
	for _, x := range v {
		switch x := x.(type) {
		case float64:
			list, ok = append(list, x), true
		case int64:
			list = append(list, float64(x))
		default:
			return nil, false
		}
	}
	return list, ok && len(list) >= wire.ScoreMin
}

// scores returns the member of that name of each object.
func scores(v []any, name string) (list []float64, ok bool) {
	for _, x := range v {
		o, is := x.(*treeObject)
		if !is {
			return nil, false
		}
		list = append(list, 0)
		switch x := o.values[name].(type) {
		case float64:
			list[len(list)-1] = x
		case int64:
			list[len(list)-1] = float64(x)
		default:
			return nil, false
		}
	}
	return list, len(list) >= wire.ScoreMin
}
