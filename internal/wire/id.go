package wire

import (
	"errors"
	"hash/crc32"
	"strconv"
	"strings"
)

// ID names a request, and carries all that the provider must know of it, so
// that the provider decodes and never looks anything up.
type ID struct {
	Run          string // 8 lower-case letters or digits
	Phase        string // [a-z0-9_-]{1,32}
	Index        int64  // in the phase, from 0
	Tenant       string // [A-Za-z0-9_-]{1,32}
	OutputTokens int    // that the answer shall have; 0: the model's default
}

// Bounds of an id.
const (
	runLen          = 8
	nameMax         = 32 // of a phase's or tenant's name, in bytes
	outputTokensMax = 1 << 30

	idMax    = runLen + nameMax + 19 + nameMax + 10 + checkLen + 5
	checkLen = 4
)

// runDigits are the digits of a run id: the alphabet of RFC 4648 base 32.
const runDigits = "abcdefghijklmnopqrstuvwxyz234567"

// RunID names a run by the low 40 of bits.
func RunID(bits uint64) string {
	var b [runLen]byte
	for i := range b {
		b[i] = runDigits[bits>>(5*i)&31]
	}
	return string(b[:])
}

// String returns <run>.<phase>.<index>.<tenant>.<output tokens>.<check>, where
// check is 4 hexadecimal digits of CRC-32C over what stands before its dot.
func (id ID) String() string { return string(id.append(make([]byte, 0, idMax))) }

func (id ID) append(dst []byte) []byte {
	from := len(dst)
	dst = append(append(dst, id.Run...), '.')
	dst = append(append(dst, id.Phase...), '.')
	dst = append(strconv.AppendInt(dst, id.Index, 10), '.')
	dst = append(append(dst, id.Tenant...), '.')
	dst = strconv.AppendInt(dst, int64(id.OutputTokens), 10)
	sum := crc32.Checksum(dst[from:], castagnoli)
	dst = append(dst, '.')
	for shift := 12; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[sum>>shift&0xf])
	}
	return dst
}

// ErrID is returned for what is not a whole request id: of another form, cut,
// or changed on the way.
var ErrID = errors.New("wire: not a request id")

// ParseID reads what String printed, and nothing else: there is one spelling
// of every id.
func ParseID(s string) (ID, error) {
	if len(s) > idMax {
		return ID{}, ErrID
	}
	var f [6]string
	rest := s
	for i := range f {
		part, after, more := strings.Cut(rest, ".")
		if more != (i < len(f)-1) {
			return ID{}, ErrID
		}
		f[i], rest = part, after
	}
	index, err1 := strconv.ParseInt(f[2], 10, 64)
	tokens, err2 := strconv.ParseInt(f[4], 10, 64)
	if err1 != nil || err2 != nil || index < 0 || tokens < 0 || tokens > outputTokensMax {
		return ID{}, ErrID
	}
	id := ID{Run: f[0], Phase: f[1], Index: index, Tenant: f[3], OutputTokens: int(tokens)}
	if !isRun(id.Run) || !isPhase(id.Phase) || !isTenant(id.Tenant) {
		return ID{}, ErrID
	}
	// Printing it again checks the sum, and that no number has a second
	// spelling such as +1 or 007.
	var buf [idMax]byte
	if string(id.append(buf[:0])) != s {
		return ID{}, ErrID
	}
	return id, nil
}

func isRun(s string) bool {
	for i := range len(s) {
		if !isLower(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return len(s) == runLen
}

// isPhase reports whether s can name a phase in a request id.
func isPhase(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLower(c) && !isDigit(c) && c != '_' && c != '-' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= nameMax
}

// isTenant reports whether s can name a tenant in a request id.
func isTenant(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLower(c|0x20) && !isDigit(c) && c != '_' && c != '-' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= nameMax
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
