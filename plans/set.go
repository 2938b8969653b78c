package plans

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A --set changes the tree of a plan before it is decoded, so that what it
// brings is checked like what the file says:
//
//	load.client.timeout=5s        a key; mappings on the way are made
//	load.phases[2].rate=300       an item of a list, from 0
//	load.phases.spike.rate=300    the item of that name
//	provider.models."gpt-4.1".slots=5
//	safety=null                   takes the key out
type setting struct {
	arg   string // as given
	path  []step
	value *yaml.Node // nil: take it out
}

// step is a key, or with key "" the index of an item.
type step struct {
	key   string
	index int
}

// indexMax bounds an index: a list grows by one item at a time.
const indexMax = 10_000

// parseSetting reads key.path=value. The value is YAML.
func parseSetting(arg string) (setting, error) {
	path, value, ok := cutSetting(arg)
	s := setting{arg: arg}
	if !ok || path == "" {
		return s, errors.New("write key.path=value, such as load.client.timeout=5s")
	}
	var err error
	if s.path, err = parseSteps(path); err != nil {
		return s, err
	}
	dec := yaml.NewDecoder(strings.NewReader(value))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return s, errors.New("has no value: write key.path=value, and null to take a key out")
	} else if err != nil || len(doc.Content) != 1 {
		return s, errors.New("the value is not YAML; put text with special characters into quotes")
	}
	s.value = doc.Content[0]
	if s.value.Kind == yaml.ScalarNode && s.value.ShortTag() == "!!null" {
		s.value = nil
	}
	return s, nil
}

// cutSetting cuts at the first = outside of quotes.
func cutSetting(arg string) (path, value string, ok bool) {
	inQuotes := false
	for i, r := range arg {
		switch {
		case r == '"':
			inQuotes = !inQuotes
		case r == '=' && !inQuotes:
			return arg[:i], arg[i+1:], true
		}
	}
	return "", "", false
}

// parseSteps reads a.b[2]."c.d".
func parseSteps(s string) ([]step, error) {
	var out []step
	for rest := s; rest != ""; {
		switch {
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, fmt.Errorf("%s: a bracket is not closed", quoted(s))
			}
			i, err := strconv.Atoi(rest[1:end])
			if err != nil || i < 0 || i > indexMax {
				return nil, fmt.Errorf("%s: %s is no index of a list", quoted(s), quoted(rest[1:end]))
			}
			out, rest = append(out, step{index: i}), rest[end+1:]
		case rest[0] == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("%s: a quote is not closed", quoted(s))
			}
			out, rest = append(out, step{key: rest[1 : 1+end]}), rest[2+end:]
		default:
			end := strings.IndexAny(rest, ".[\"")
			if end < 0 {
				end = len(rest)
			}
			out, rest = append(out, step{key: rest[:end]}), rest[end:]
		}
		if out[len(out)-1].key == "" && rest == "" && strings.HasSuffix(s, ".") {
			break
		}
		if strings.HasPrefix(rest, ".") {
			if rest = rest[1:]; rest == "" {
				return nil, fmt.Errorf("%s ends in a dot", quoted(s))
			}
		}
	}
	if len(out) == 0 || len(out) > depthMax || slices.ContainsFunc(out, func(st step) bool { return len(st.key) > 200 }) {
		return nil, fmt.Errorf("%s is no path of keys", quoted(s))
	}
	return out, nil
}

// apply changes the tree below root. made is told of each node that it adds on
// the way, so that what is wrong with one is said of the --set.
func (s setting) apply(root *yaml.Node, made func(*yaml.Node)) error {
	at := root
	for i, st := range s.path {
		last := i == len(s.path)-1
		slot, err := find(at, st, s.value == nil)
		if err != nil {
			return err
		}
		switch {
		case slot == nil:
			return nil // nothing there to take out
		case last && s.value == nil:
			slot.remove()
			return nil
		case last:
			slot.set(s.value, made)
			return nil
		}
		next := slot.get()
		if next == nil || next.Kind == yaml.ScalarNode && next.ShortTag() == "!!null" {
			next = newContainer(s.path[i+1])
			made(next)
			slot.set(next, made)
		}
		at = next
	}
	return nil
}

// newContainer is what a step is taken in where nothing is yet.
func newContainer(st step) *yaml.Node {
	if st.key == "" {
		return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
}

// slot is a place in a mapping or a list.
type slot struct {
	in  *yaml.Node
	at  int    // of the value in in.Content; len: not there yet
	key string // of a mapping
}

func (s *slot) get() *yaml.Node {
	if s.at < len(s.in.Content) {
		return s.in.Content[s.at]
	}
	return nil
}

func (s *slot) set(v *yaml.Node, made func(*yaml.Node)) {
	if s.at < len(s.in.Content) {
		s.in.Content[s.at] = v
		return
	}
	if s.in.Kind == yaml.MappingNode {
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s.key}
		made(key)
		s.in.Content = append(s.in.Content, key)
	}
	s.in.Content = append(s.in.Content, v)
}

func (s *slot) remove() {
	if s.at >= len(s.in.Content) {
		return
	}
	from := s.at
	if s.in.Kind == yaml.MappingNode {
		from--
	}
	s.in.Content = slices.Delete(s.in.Content, from, s.at+1)
}

// find returns the place of a step in a node; nil where there is nothing to remove.
func find(n *yaml.Node, st step, removing bool) (*slot, error) {
	switch {
	case n.Kind == yaml.MappingNode && st.key != "":
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == st.key {
				return &slot{n, i + 1, st.key}, nil
			}
		}
		if removing {
			return nil, nil
		}
		return &slot{n, len(n.Content), st.key}, nil
	case n.Kind == yaml.SequenceNode && st.key == "":
		if st.index < len(n.Content) || st.index == len(n.Content) && !removing {
			return &slot{n, st.index, ""}, nil
		}
		return nil, fmt.Errorf("the list has %d items, counted from 0: there is no item [%d]", len(n.Content), st.index)
	case n.Kind == yaml.SequenceNode:
		return namedItem(n, st.key)
	case st.key == "":
		return nil, fmt.Errorf("[%d] is an item of a list, but there is %s", st.index, kindOf(n))
	}
	return nil, fmt.Errorf("%s is a key of a mapping, but there is %s", quoted(st.key), kindOf(n))
}

// namedItem finds the item of a list whose `name` is name, or that has it as its
// one key: a phase, a kind of request, a rule, an assertion.
func namedItem(n *yaml.Node, name string) (*slot, error) {
	var names []string
	for i, item := range n.Content {
		for k := 0; item.Kind == yaml.MappingNode && k+1 < len(item.Content); k += 2 {
			if item.Content[k].Value == "name" {
				names = append(names, item.Content[k+1].Value)
				if item.Content[k+1].Value == name {
					return &slot{n, i, ""}, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("no item of the list is named %s%s; or give its index, as [0]", quoted(name), didYouMean(name, names))
}
