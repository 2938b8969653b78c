package mockmodel

import (
	"strconv"

	"github.com/chaoskit/chaos/internal/journal"
)

// quotaOf says whose a quota is; principal 0 is everybody.
type quotaOf struct {
	vendor    *vendor
	principal uint64
}

// keysMax is how many keys have limits of their own; further ones share.
const keysMax = 1000

// limiter returns the limits of the model for a caller at a provider; nil: it
// has none.
func (s *station) limiter(v *vendor, principal uint64) *limiter {
	if !s.limited {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := quotaOf{v, 0}
	if s.Limits.Per == perKey {
		of.principal = principal
	}
	l, ok := s.limits[of]
	if !ok && len(s.limits) >= keysMax {
		of.principal = 0
		l, ok = s.limits[of]
	}
	if !ok {
		if s.limits == nil {
			s.limits = map[quotaOf]*limiter{}
		}
		l = newLimiter(v.twin, s.Limits)
		s.limits[of] = l
	}
	return l
}

// quotaKey returns whose quota a call for the model is on, "" for none. It does
// not matter whether the call comes as far as the limits: a retry that hangs is
// a retry at that quota all the same.
func (e *endpoint) quotaKey(v *vendor, model string, principal uint64) string {
	for i := range e.models {
		m := &e.models[i]
		if m.Name != model || !m.Limits.limited() {
			continue
		}
		key := v.name + "/" + e.qualify(journal.Clip(model, textMax))
		if m.Limits.Per == perKey {
			key += "/" + strconv.FormatUint(principal, 16)
		}
		return key
	}
	return ""
}

// limiter returns the limits of a listed model for a caller at a provider; nil:
// it has none.
func (e *endpoint) limiter(v *vendor, model string, principal uint64) *limiter {
	e.mu.Lock()
	st := e.stations[model]
	e.mu.Unlock()
	if st == nil { // a model that is not listed
		return nil
	}
	return st.limiter(v, principal)
}
