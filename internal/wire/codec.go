package wire

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"slices"
	"strings"
)

// Codec is what both ends of a run share: it turns names into ordinals and
// back where there is no room for names. It never changes after it was made.
type Codec struct {
	Run     string
	Phases  []string
	Tenants []string
	Models  []string
}

// Phases that every run has, and their ordinals.
const (
	phaseTrial, ordinalTrial = "trial", 254
	phaseTrace, ordinalTrace = "trace", 253
	phasesMax                = 250
	ordinalNone              = 255
	tenantNone               = 0xffff
)

func (c *Codec) phaseOrdinal(name string) byte {
	switch name {
	case phaseTrial:
		return ordinalTrial
	case phaseTrace:
		return ordinalTrace
	}
	if i := slices.Index(c.Phases, name); i >= 0 && i < phasesMax {
		return byte(i)
	}
	return ordinalNone
}

func (c *Codec) phaseName(o byte) string {
	switch {
	case o == ordinalTrial:
		return phaseTrial
	case o == ordinalTrace:
		return phaseTrace
	case int(o) < len(c.Phases) && o < phasesMax:
		return c.Phases[o]
	}
	return ""
}

func (c *Codec) tenantOrdinal(name string) uint16 {
	if i := slices.Index(c.Tenants, name); i >= 0 && i < tenantNone {
		return uint16(i)
	}
	return tenantNone
}

func (c *Codec) tenantName(o uint16) string {
	if int(o) < len(c.Tenants) {
		return c.Tenants[o]
	}
	return ""
}

// modelOrdinal is 1 + the place in the list; 0 is any model that is not in it.
func (c *Codec) modelOrdinal(name string) byte {
	if i := slices.Index(c.Models, name); i >= 0 && i < 255 {
		return byte(i + 1)
	}
	return 0
}

func (c *Codec) modelName(o byte) string {
	if o == 0 || int(o) > len(c.Models) {
		return ""
	}
	return c.Models[o-1]
}

func runHash(run string) uint32 { return crc32.ChecksumIEEE([]byte(run)) }

// traceMagic is the first byte of a trace id that chaos made.
const traceMagic = 0xc5

// Traceparent folds the id into the 16 bytes of a W3C trace id
// (https://www.w3.org/TR/trace-context/#traceparent-header). A traced service
// replaces the parent id on the way; the trace id it keeps.
//
//	magic 1 | run 3 | phase 1 | index 4 | tenant 2 | output tokens 3 | check 2
func (c *Codec) Traceparent(id ID) string {
	var b [16]byte
	b[0] = traceMagic
	put24(b[1:], runHash(id.Run))
	b[4] = c.phaseOrdinal(id.Phase)
	binary.BigEndian.PutUint32(b[5:], uint32(min(id.Index, math.MaxUint32)))
	binary.BigEndian.PutUint16(b[9:], c.tenantOrdinal(id.Tenant))
	put24(b[11:], uint32(min(id.OutputTokens, 1<<24-1)))
	binary.BigEndian.PutUint16(b[14:], check16(b[:14]))
	// The parent id must not be zero; any part of the checksum's input will do.
	var parent [8]byte
	binary.BigEndian.PutUint64(parent[:], Fold64(b[:])|1)
	return "00-" + hex.EncodeToString(b[:]) + "-" + hex.EncodeToString(parent[:]) + "-01"
}

// FromTraceparent reads the id back. ok is false for a trace id that chaos did
// not make; stale is true for one of another run.
func (c *Codec) FromTraceparent(s string) (id ID, ok, stale bool) {
	if len(s) != 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return ID{}, false, false
	}
	b, err := hex.DecodeString(s[3:35])
	if err != nil || b[0] != traceMagic || binary.BigEndian.Uint16(b[14:]) != check16(b[:14]) {
		return ID{}, false, false
	}
	if get24(b[1:]) != runHash(c.Run)&0xffffff {
		return ID{}, true, true
	}
	id = ID{Run: c.Run, Phase: c.phaseName(b[4]), Index: int64(binary.BigEndian.Uint32(b[5:])), Tenant: c.tenantName(binary.BigEndian.Uint16(b[9:])), OutputTokens: int(get24(b[11:]))}
	return id, id.Phase != "", false
}

func check16(b []byte) uint16 { return uint16(crc32.ChecksumIEEE(b)) }

func put24(b []byte, v uint32) { b[0], b[1], b[2] = byte(v>>16), byte(v>>8), byte(v) }
func get24(b []byte) uint32    { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// Fold64 is FNV-1a over all parts: a hash that is the same on every machine
// and in every process, for bodies and prompts. It is no defence.
func Fold64(parts ...[]byte) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for _, c := range p {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return h
}

// trimASCII is strings.TrimSpace for header values.
func trimASCII(s string) string { return strings.Trim(s, " \t") }
