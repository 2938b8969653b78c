package mockmodel

import (
	"encoding/binary"
	"hash/crc32"
)

// Frames of application/vnd.amazon.eventstream, big-endian throughout:
//
//	 0  length of all of it          4 bytes
//	 4  length of the headers        4
//	 8  CRC-32 of the eight before   4
//	12  headers: length of the name, 1; name; type 7, a string, 1; length of the
//	    value, 2; value
//	    payload
//	    CRC-32 of all before it      4
//
// Source: aws/protocol/eventstream of aws/aws-sdk-go-v2, message.go and
// header_value.go.
const (
	eventPrelude = 12
	eventString  = 7
	eventSum     = crc32.Size // of a whole frame, behind it
)

// beginEvent appends the prelude and the headers of a frame, names and values in
// turn, both shorter than 256 bytes. The payload is appended behind it, and
// endEvent finishes the frame.
func beginEvent(dst []byte, headers ...string) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, eventPrelude)...)
	for i := 0; i+1 < len(headers); i += 2 {
		name, value := headers[i], headers[i+1]
		dst = append(dst, byte(len(name)))
		dst = append(dst, name...)
		dst = append(dst, eventString)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
		dst = append(dst, value...)
	}
	binary.BigEndian.PutUint32(dst[start+4:], uint32(len(dst)-start-eventPrelude))
	return dst
}

// endEvent finishes the frame that starts at start and ends with dst.
func endEvent(dst []byte, start int) []byte {
	frame := dst[start:]
	binary.BigEndian.PutUint32(frame, uint32(len(frame)+crc32.Size))
	binary.BigEndian.PutUint32(frame[8:], crc32.ChecksumIEEE(frame[:8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}
