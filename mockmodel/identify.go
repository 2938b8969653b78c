package mockmodel

import (
	"strconv"

	"github.com/chaoskit/chaos/internal/draw"
	"github.com/chaoskit/chaos/internal/journal"
	"github.com/chaoskit/chaos/internal/wire"
)

// carriers of a request id by their names in wire.
var carriers = map[string]journal.Carriers{
	"header": journal.CarrierHeader, "gateway": journal.CarrierGateway,
	"traceparent": journal.CarrierTraceparent, "marker": journal.CarrierMarker,
}

// identify finds out whose call it is, and which attempt of its step.
func (a *attempt) identify() {
	rec := &a.rec
	id := a.s.opt.Codec.Identify(a.r.Header, a.call.carrier)
	rec.Conflict, rec.Stale = id.Conflict, id.Stale
	for _, name := range id.Seen {
		rec.CarriersSeen |= carriers[name]
	}
	// An attempt that nobody names is interchangeable with all of its body.
	rec.Key = journal.Key{Phase: journal.PhaseAnon, Index: int64(rec.StepHash >> 1)}
	if id.Found && !id.Stale {
		codec := a.s.opt.Codec
		rec.Key = journal.Key{Phase: kept(codec.Phases, id.ID.Phase), Index: id.ID.Index}
		rec.Tenant = kept(codec.Tenants, id.ID.Tenant)
		rec.Carrier = carriers[id.Carrier]
		a.outputAsked = id.ID.OutputTokens
	}
	a.key = stepKey(wire.Mix(wire.Mix(wire.FoldMore(wire.FoldStart, rec.Key.Phase)+uint64(rec.Key.Index)) + rec.StepHash))
	rec.Ordinal, a.holds = a.s.memory.arrive(a.key, rec.ModelAsked, rec.ArrivedNs)
	a.request = requestID(a.s.opt.Seed, rec)
}

// requestID draws 24 letters and digits that belong to the attempt: the same
// in every run of a seed.
func requestID(seed uint64, rec *journal.Attempt) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	bits := draw.Bits(seed, "mockmodel.id", rec.Key.Phase, strconv.FormatInt(rec.Key.Index, 36), strconv.FormatUint(rec.StepHash, 36), strconv.Itoa(rec.Ordinal))
	var id [24]byte
	for i := range id {
		bits += 0x9e3779b97f4a7c15 // SplitMix64
		id[i] = alphabet[wire.Mix(bits)%uint64(len(alphabet))]
	}
	return string(id[:])
}
