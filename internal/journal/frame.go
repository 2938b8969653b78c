package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fxamacker/cbor/v2"
)

// The file: a magic line, then frames of
//
//	length of the payload, 4 bytes little-endian
//	CRC-32C of the payload, 4 bytes little-endian
//	payload: one byte that names the kind of record, and the record in CBOR (RFC 8949)
//
// The first frame that is not whole ends the file: what was being written when
// the process died is no record.
const (
	magic     = "chaosj1\n"
	frameHead = 8
	frameMax  = 1 << 20
)

// Kinds of records, as the first byte of a payload.
const (
	kindHeader  = 'h'
	kindRequest = 'r'
	kindAttempt = 'a'
	kindMark    = 'm'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encMode writes integers and floats in their shortest form and maps sorted,
// so that a record has one encoding.
var encMode = must(cbor.CoreDetEncOptions().UserBufferEncMode())

// decMode bounds what a damaged or hostile file can make a reader allocate.
var decMode = must(cbor.DecOptions{MaxArrayElements: 1 << 17, MaxMapPairs: 1 << 12, MaxNestedLevels: 8}.DecMode())

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // constant options
	}
	return v
}

// errCut is the end of a file that was not ended.
var errCut = errors.New("journal: cut")

// sealFrame fills in the head of the frame that begins at start in buf.
func sealFrame(buf []byte, start int) {
	payload := buf[start+frameHead:]
	binary.LittleEndian.PutUint32(buf[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(buf[start+4:], crc32.Checksum(payload, castagnoli))
}

// readFrame reads the next payload into buf, which it may grow.
func readFrame(r io.Reader, buf []byte) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.EOF {
			return buf, io.EOF
		}
		return buf, errCut
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n == 0 || n > frameMax {
		return buf, errCut
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return buf, errCut
	}
	if crc32.Checksum(buf, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return buf, errCut
	}
	return buf, nil
}

// Record is one record of a journal; exactly one field is set.
type Record struct {
	Header  *Header
	Request *Request
	Attempt *Attempt
	Mark    *Mark
}

// decode reads a payload. A kind that this version does not know is skipped by
// the caller: within a version records are only added.
func decode(payload []byte) (Record, error) {
	var rec Record
	var into any
	switch payload[0] {
	case kindHeader:
		rec.Header = &Header{}
		into = rec.Header
	case kindRequest:
		r := NewRequest()
		rec.Request = &r
		into = rec.Request
	case kindAttempt:
		a := NewAttempt()
		rec.Attempt = &a
		into = rec.Attempt
	case kindMark:
		rec.Mark = &Mark{PlannedNs: Never}
		into = rec.Mark
	default:
		return rec, nil
	}
	if err := decMode.Unmarshal(payload[1:], into); err != nil {
		return Record{}, fmt.Errorf("journal: record of kind %q: %w", payload[0], err)
	}
	return rec, nil
}
