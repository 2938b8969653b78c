package wire

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

// A traceparent is version, trace id, parent id and flags in lower-case
// hexadecimal, 00-<32>-<16>-<2>, neither id all zero (W3C Trace Context,
// section 3.2). A traced service keeps the trace id in all the calls that it
// makes and puts its own span in place of the parent id. So all of the request
// id is folded into the trace id:
//
//	magic 8 | run 42 | phase 6 | index 28 | tenant 14 | output tokens 18 | check 12
//
// A foreign trace id passes for one of chaos once in 2^20.
const (
	traceMagic = 0xc5

	traceRunBits, tracePhaseBits, traceIndexBits  = 42, 6, 28
	traceTenantBits, traceTokenBits, traceSumBits = 14, 18, 12
)

// traceparentLen is the length in version 00.
const traceparentLen = 2 + 1 + 32 + 1 + 16 + 1 + 2

// Traceparent folds id into a traceparent. It returns "" where id does not fit:
// a phase or tenant that is not in the lists, the 61st phase or the 16,384th
// tenant, an index or a number of tokens that has too many bits. The sampled
// flag is set, as a front end that traces sets it: a service that samples by
// its parent would else leave out its spans, and some then the header.
func (c *Codec) Traceparent(id ID) string {
	run, phase, tenant := runNumber(id.Run), c.phaseOf(id.Phase), c.tenantOf(id.Tenant)
	switch {
	case run == 0, phase == ordinalNone, tenant == ordinalNone, phase>>tracePhaseBits != 0, tenant>>traceTenantBits != 0:
		return ""
	case id.Index < 0 || id.Index>>traceIndexBits != 0, id.OutputTokens < 0 || id.OutputTokens>>traceTokenBits != 0:
		return ""
	}
	var p bits
	p.put(traceMagic, 8)
	p.put(run, traceRunBits)
	p.put(phase, tracePhaseBits)
	p.put(uint64(id.Index), traceIndexBits)
	p.put(tenant, traceTenantBits)
	p.put(uint64(id.OutputTokens), traceTokenBits)
	p.put(traceSum(p.b), traceSumBits)
	hi, lo := scramble(binary.BigEndian.Uint64(p.b[:]), binary.BigEndian.Uint64(p.b[8:]))
	// Any parent id but zero will do: nobody reads it.
	parent := Mix(hi^lo) | 1

	var raw [24]byte
	binary.BigEndian.PutUint64(raw[0:], hi)
	binary.BigEndian.PutUint64(raw[8:], lo)
	binary.BigEndian.PutUint64(raw[16:], parent)
	dst := append(make([]byte, 0, traceparentLen), "00-"...)
	dst = append(hex.AppendEncode(dst, raw[:16]), '-')
	return string(append(hex.AppendEncode(dst, raw[16:]), "-01"...))
}

// FromTraceparent reads the id back. ok: it is an id of this run. stale: it is
// one of another run, of which only Run is known, as its lists are not ours.
// Neither: chaos did not make it.
func (c *Codec) FromTraceparent(s string) (id ID, ok, stale bool) {
	var raw [16]byte
	if !isTraceparent(s) {
		return ID{}, false, false
	}
	if _, err := hex.Decode(raw[:], []byte(s[3:35])); err != nil {
		return ID{}, false, false
	}
	var p bits
	hi, lo := unscramble(binary.BigEndian.Uint64(raw[:]), binary.BigEndian.Uint64(raw[8:]))
	binary.BigEndian.PutUint64(p.b[:], hi)
	binary.BigEndian.PutUint64(p.b[8:], lo)
	magic, run := p.take(8), p.take(traceRunBits)
	phase, index := p.take(tracePhaseBits), p.take(traceIndexBits)
	tenant, tokens := p.take(traceTenantBits), p.take(traceTokenBits)
	sum := p.take(traceSumBits)
	p.b[14], p.b[15] = p.b[14]&0xf0, 0
	id.Run = runName(run)
	if magic != traceMagic || sum != traceSum(p.b) || id.Run == "" {
		return ID{}, false, false
	}
	if id.Run != c.Run {
		return id, false, true
	}
	id.Phase, id.Index = c.phaseName(phase), int64(index)
	id.Tenant, id.OutputTokens = nameAt(c.Tenants, tenant), int(tokens)
	if id.Phase == "" || id.Tenant == "" {
		return ID{}, false, false
	}
	return id, true, false
}

// isTraceparent checks the form. A later version may have more fields behind
// the flags, and must still be read (section 3.2.4); ff is no version.
func isTraceparent(s string) bool {
	if len(s) < traceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' || s[:2] == "ff" {
		return false
	}
	if len(s) > traceparentLen && (s[:2] == "00" || s[traceparentLen] != '-') {
		return false
	}
	for i := range traceparentLen {
		if c := s[i]; i != 2 && i != 35 && i != 52 && !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// traceSum is the checksum over the fields before it.
func traceSum(b [32]byte) uint64 {
	return uint64(crc32.Checksum(b[:16], castagnoli)) & (1<<traceSumBits - 1)
}

// scramble makes trace ids look random, as samplers and sharded stores expect
// of them: one that takes 1 % of traces by their last bytes shall take 1 % of
// ours. It is a Feistel network, so it can be undone.
func scramble(hi, lo uint64) (uint64, uint64) {
	for round := uint64(1); round <= 4; round++ {
		hi, lo = lo, hi^Mix(lo+round)
	}
	return hi, lo
}

func unscramble(hi, lo uint64) (uint64, uint64) {
	for round := uint64(4); round >= 1; round-- {
		hi, lo = lo^Mix(hi+round), hi
	}
	return hi, lo
}

// runNumber reads a run id as a number in base 36, plus 1; 0: it is none. 36^8
// is below 2^42.
func runNumber(run string) (n uint64) {
	if !isRun(run) {
		return 0
	}
	for i := range len(run) {
		d := uint64(run[i] - '0')
		if isLower(run[i]) {
			d = uint64(run[i]-'a') + 10
		}
		n = n*36 + d
	}
	return n + 1
}

// runName undoes runNumber; "" if n is none.
func runName(n uint64) string {
	if n == 0 {
		return ""
	}
	n--
	var b [runLen]byte
	for i := runLen - 1; i >= 0; i-- {
		b[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n%36]
		n /= 36
	}
	if n != 0 {
		return ""
	}
	return string(b[:])
}
