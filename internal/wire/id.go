// Package wire is what both ends of a run must agree on: request ids and the
// ways in which they travel, watermarks, event streams, and how tokens are
// counted. It does no I/O.
package wire

import (
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"
)

// ID names a request, and carries all that the provider must know of it, so
// that the provider decodes and never looks anything up.
type ID struct {
	Run          string // 8 lower-case letters or digits
	Phase        string
	Index        int64
	Tenant       string
	OutputTokens int
}

var (
	runName    = regexp.MustCompile(`^[a-z0-9]{8}$`)
	phaseName  = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)
	tenantName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
)

// idMax bounds the text form.
const idMax = 128

// String returns <run>.<phase>.<index>.<tenant>.<output tokens>.<check>.
func (id ID) String() string {
	body := id.Run + "." + id.Phase + "." + strconv.FormatInt(id.Index, 10) + "." + id.Tenant + "." + strconv.Itoa(id.OutputTokens)
	return body + "." + check(body)
}

// check is 4 hexadecimal digits of CRC-32 (IEEE) over the rest: enough to tell
// an id that something cut or rewrote from a whole one.
func check(body string) string {
	return fmt.Sprintf("%04x", crc32.ChecksumIEEE([]byte(body))&0xffff)
}

var errID = errors.New("wire: not a request id")

// ParseID reads what String printed.
func ParseID(s string) (ID, error) {
	if len(s) > idMax {
		return ID{}, errID
	}
	f := strings.Split(s, ".")
	if len(f) != 6 || !runName.MatchString(f[0]) || !phaseName.MatchString(f[1]) || !tenantName.MatchString(f[3]) {
		return ID{}, errID
	}
	index, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || index < 0 {
		return ID{}, errID
	}
	tokens, err := strconv.Atoi(f[4])
	if err != nil || tokens < 0 {
		return ID{}, errID
	}
	id := ID{Run: f[0], Phase: f[1], Index: index, Tenant: f[3], OutputTokens: tokens}
	if id.String() != s {
		return ID{}, errID
	}
	return id, nil
}
