package plans

import "cmp"

// validateCapacity finds models that cannot even carry the first phase, by
// Little's law: calls in service = rate x service time.
func (p *Plan) validateCapacity(f *findings) {
	if len(p.Load.Phases) == 0 {
		return
	}
	rate := max(p.Load.Phases[0].Rate.From, p.Load.Phases[0].Rate.To)
	var weights float64
	for _, m := range p.Load.Mix {
		weights += m.Weight
	}
	for _, m := range p.Provider.Models {
		if m.TTFT != nil && *m.TTFT >= p.Load.Client.Timeout {
			f.add("provider.models."+m.Name+".ttft", "is %s, and users give up after %s (load.client.timeout): no request could succeed", *m.TTFT, p.Load.Client.Timeout)
		}
		var in, out float64 // tokens per second of the first phase
		for _, mix := range p.Load.Mix {
			if mix.Model != m.Name {
				continue
			}
			in += rate * mix.Weight / weights * float64(mix.PromptTokens)
			out += rate * mix.Weight / weights * float64(cmp.Or(mix.OutputTokens, m.OutputTokens))
			service := m.ServiceTime(max(m.OutputTokens, mix.OutputTokens))
			if need := rate * mix.Weight / weights * service.Seconds(); need > float64(m.Slots) {
				f.add("provider.models."+m.Name+".slots", "is %d, and the first phase alone keeps %.0f calls in service (rate x %s a call): nothing healthy could be compared with; raise slots or lower the rate", m.Slots, need, service)
			}
		}
		for _, l := range []struct {
			key, what  string
			most, need float64
		}{{"throughput", "asks for answers", m.Throughput, out}, {"prefill_tokens_per_second", "brings prompts", m.PrefillTokensPerSecond, in}} {
			if l.most > 0 && l.need > l.most {
				f.add("provider.models."+m.Name+"."+l.key, "is %v, and the first phase alone %s of %.0f tokens a second: nothing healthy could be compared with; raise it or lower the rate", l.most, l.what, l.need)
			}
		}
	}
}
