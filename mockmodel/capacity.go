package mockmodel

import "time"

// validateCapacity refuses a capacity that no machine could have.
func (m Model) validateCapacity(path string, out *problems) {
	d := m.withDefaults()
	alone, most := *d.TokensPerSecond, *d.TokensPerSecond*float64(d.Slots)
	switch x := m.Throughput; {
	case x == 0:
	case alone == 0:
		out.add(path+"throughput", "makes no sense where tokens come all at once: give tokens_per_second, what one call alone gets")
	case !(x >= alone && x <= most):
		out.add(path+"throughput", "is %v: give a rate from %v, what one call alone gets (tokens_per_second), to %v, what %d slots would if nobody slowed anybody down", x, alone, most, d.Slots)
	}
	if x := m.PrefillTokensPerSecond; x != 0 && !(x >= 1 && x <= 1e9) {
		out.add(path+"prefill_tokens_per_second", "is %v: give a rate from 1 to 1000000000, or leave it out", x)
	}
	within(out, path+"prefix_cache", m.PrefixCache, blockTokens, prefixCacheMax)
	if c := m.ColdStart; c != (ColdStart{}) {
		if c.For <= 0 || c.For > time.Hour {
			out.add(path+"cold_start.for", "is %s: give a duration up to 1h", c.For)
		}
		if c.After < 0 || c.After > 24*time.Hour {
			out.add(path+"cold_start.after", "is %s: give a duration from 0s to 24h", c.After)
		}
	}
}

// prefixCacheMax keeps a prefix cache below about 100 MB.
const prefixCacheMax = 10_000_000
