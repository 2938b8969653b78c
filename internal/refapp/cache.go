package refapp

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"sync"
	"time"
)

// Bounds of the cache: at most 64 MiB of text.
const (
	cacheEntriesMax = 1024
	cacheTextMax    = 64 << 10
)

// A cache keeps whole, undegraded answers, the least recently used going first.
// The tenant is part of the key: an answer never leaves the tenant for whom it
// was written.
type cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*list.Element
	order   *list.List // of cacheEntry, the most recently used in front
}

type cacheKey [sha256.Size]byte

type cacheEntry struct {
	key    cacheKey
	said   said
	stored time.Time
}

// said is what can be said again.
type said struct{ model, text, finish string }

func newCache() *cache {
	return &cache{entries: map[cacheKey]*list.Element{}, order: list.New()}
}

// keyFor hashes the tenant and all of a request that shapes its answer: how the
// answer is transported and who the end user is do not.
func keyFor(tenant string, fields map[string]json.RawMessage) cacheKey {
	asked := make(map[string]json.RawMessage, len(fields))
	for name, value := range fields {
		switch name {
		case "stream", "stream_options", "user":
		default:
			asked[name] = value
		}
	}
	buf := binary.BigEndian.AppendUint32(nil, uint32(len(tenant)))
	buf = append(buf, tenant...)
	return sha256.Sum256(append(buf, mustJSON(asked)...)) // JSON sorts the keys of a map
}

// get returns the answer kept under key if it is at most age old; age 0 is any.
func (c *cache) get(key cacheKey, age time.Duration, now time.Time) (said, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.entries[key]
	if !ok {
		return said{}, false
	}
	e := el.Value.(cacheEntry)
	if age > 0 && now.Sub(e.stored) > age {
		return said{}, false
	}
	c.order.MoveToFront(el)
	return e.said, true
}

func (c *cache) put(key cacheKey, s said, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := cacheEntry{key, s, now}
	if el, ok := c.entries[key]; ok {
		el.Value = e
		c.order.MoveToFront(el)
		return
	}
	c.entries[key] = c.order.PushFront(e)
	if c.order.Len() > cacheEntriesMax {
		last := c.order.Back()
		delete(c.entries, last.Value.(cacheEntry).key)
		c.order.Remove(last)
	}
}
