package mockmodel

import (
	"container/list"
	"slices"
	"sync"

	"github.com/chaoskit/chaos/internal/wire"
)

// blockTokens is the grain of the prefix cache: a prompt is cached in blocks of
// so many tokens, as servers do (vLLM: 16 by default).
const blockTokens = 16

// prefixes is what a model remembers of the prompts that it has read: blocks
// of tokens, each known by all that stands before it, the least recently used
// forgotten first.
type prefixes struct {
	most int // blocks

	mu    sync.Mutex
	known map[uint64]*list.Element
	used  *list.List // of uint64, the last used first
}

func newPrefixes(tokens int) *prefixes {
	return &prefixes{most: max(1, tokens/blockTokens), known: map[uint64]*list.Element{}, used: list.New()}
}

// read returns how many tokens of the call's prompt are remembered from its
// start on, and remembers the rest. One token at least is always read, as the
// first token of the answer comes out of it.
func (p *prefixes) read(c *call) int {
	chain := promptBlocks(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	cached := 0
	for _, h := range chain {
		if _, ok := p.known[h]; !ok {
			break
		}
		cached += blockTokens
	}
	// The end is forgotten before the start, as it is of no use without it.
	for _, h := range slices.Backward(chain) {
		if e, ok := p.known[h]; ok {
			p.used.MoveToFront(e)
			continue
		}
		p.known[h] = p.used.PushFront(h)
		if p.used.Len() > p.most {
			last := p.used.Back()
			delete(p.known, p.used.Remove(last).(uint64))
		}
	}
	return max(0, min(cached, c.tokensIn-1))
}

// promptBlocks hashes the prompt block by block, each with all before it. What
// does not fill a block is not cached.
func promptBlocks(c *call) []uint64 {
	var chain []uint64
	h, n := wire.FoldStart, 0
	const size = blockTokens * tokenBytes
	take := func(s string) {
		for s != "" {
			k := min(len(s), size-n)
			h = wire.FoldMore(h, s[:k])
			s, n = s[k:], n+k
			if n == size {
				h, n = wire.Mix(h), 0
				chain = append(chain, h)
			}
		}
	}
	for i := range c.tools {
		take(c.tools[i].name)
		take(string(c.tools[i].params))
	}
	for _, m := range c.messages {
		take(m.role)
		take(m.text)
	}
	if len(c.messages) == 0 {
		take(c.carrier)
	}
	return chain
}
