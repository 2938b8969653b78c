package mockmodel

import "slices"

// toolCalls are the ids of calls of tools that wait for their results, in the
// order of the calls. They are taken out by name, at the same cost however many
// there are: a body may hold a million.
type toolCalls struct {
	ids  []string
	wait map[string]int // how many calls of the id
	left int
}

func (o *toolCalls) add(id string) {
	if o.wait == nil {
		o.wait = map[string]int{}
	}
	o.ids = append(o.ids, id)
	o.wait[id]++
	o.left++
}

// take notes that the result of a call is there. false: no call of the id waits
// for one.
func (o *toolCalls) take(id string) bool {
	if o.wait[id] == 0 {
		return false
	}
	o.wait[id]--
	o.left--
	return true
}

// unanswered returns the ids that still wait, the first call first. Of equal ids
// the first calls are answered first.
func (o *toolCalls) unanswered() []string {
	if o.left == 0 {
		return nil
	}
	left := make([]string, 0, o.left)
	seen := map[string]int{}
	for _, id := range slices.Backward(o.ids) {
		if seen[id] < o.wait[id] {
			seen[id]++
			left = append(left, id)
		}
	}
	slices.Reverse(left)
	return left
}
