package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"unicode/utf8"
)

// frameOf frames a payload with a checksum that is right.
func frameOf(payload []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, payload...)
}

func recordOf(t *testing.T, kind byte, v any) []byte {
	t.Helper()
	buf, err := encode(kind, v)
	if err != nil {
		t.Fatal(err)
	}
	defer free(buf)
	return bytes.Clone(buf.Bytes())
}

// The bytes of the format: what version 1 wrote is read for ever.
func TestTheFormatIsAsItSays(t *testing.T) {
	b := whole(t)
	if !bytes.HasPrefix(b, []byte("chaosj1\n")) {
		t.Fatalf("begins with %q", b[:8])
	}
	b = b[8:]
	kinds := ""
	for len(b) > 0 {
		n := binary.LittleEndian.Uint32(b)
		payload := b[8 : 8+n]
		if binary.LittleEndian.Uint32(b[4:]) != crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)) {
			t.Fatalf("the checksum of a frame of kind %q is not CRC-32C of its payload", payload[0])
		}
		kinds += string(payload[0])
		b = b[8+n:]
	}
	if kinds != "h"+"ram"+"ram"+"ram"+"m" {
		t.Errorf("frames %q", kinds)
	}
	// The check value of the CRC catalogue for CRC-32C.
	if got := crc32.Checksum([]byte("123456789"), castagnoli); got != 0xe3069283 {
		t.Errorf("CRC-32C of 123456789 is %08x", got)
	}
}

// Whatever byte is damaged, the records before it are read, and none of those
// that are read is another one than was written.
func TestDamageAnywhere(t *testing.T) {
	b := whole(t)
	for n := len(magic); n < len(b); n++ {
		damaged := bytes.Clone(b)
		damaged[n] ^= 0x10
		r, err := NewReader(bytes.NewReader(damaged))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			rec, err := r.Next()
			if err != nil {
				break
			}
			if rec.Request != nil && rec.Request.Key != (Key{Phase: "warm", Index: int64((i - 1) / 3)}) {
				t.Fatalf("byte %d damaged: record %d is %v", n, i, rec.Request.Key)
			}
		}
		if !r.Cut() {
			t.Fatalf("byte %d damaged: the journal passes for whole", n)
		}
	}
}

// What a file may hold that no writer of this version wrote.
func TestHostileFiles(t *testing.T) {
	head := append([]byte(magic), recordOf(t, kindHeader, &Header{Schema: Schema})...)
	request := recordOf(t, kindRequest, requestOf(1))
	end := recordOf(t, kindMark, &Mark{Kind: MarkRunEnd})
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	rows := []struct {
		words   string
		file    []byte
		records int // with the header
		cut     bool
	}{
		{"as it should be", join(head, request, end), 3, false},
		{"a frame that claims 4 GiB", join(head, request, []byte("\xff\xff\xff\xff\x00\x00\x00\x00x"), end), 2, true},
		{"a frame of one byte more than the bound", join(head, frameOf(make([]byte, frameMax+1)), end), 1, true},
		{"a frame of nothing", join(head, frameOf(nil), end), 1, true},
		{"a hole of zeros, as a file system leaves it after power loss", join(head, request, make([]byte, 4096)), 2, true},
		{"a kind that this version does not know is skipped", join(head, frameOf([]byte("?from the future")), request, end), 3, false},
		{"a record that is no CBOR, under a right checksum", join(head, frameOf([]byte("r\xff\xff")), end), 1, true},
		{"a record of another type", join(head, frameOf([]byte("r\x01")), end), 1, true},
		{"a list of a thousand million", join(head, frameOf([]byte("m\xa1\x08\x9a\x3b\x9a\xca\x00")), end), 1, true},
		{"a second header", join(head, head[len(magic):], end), 1, true},
		{"records and no header", join([]byte(magic), request, end), 0, true},
		{"something behind the end", join(head, end, request), 3, true},
		{"rubbish behind the end", join(head, end, []byte("rubbish")), 2, false},
	}
	for _, row := range rows {
		t.Run(row.words, func(t *testing.T) {
			records, cut, err := read(row.file)
			if err != nil || records != row.records || cut != row.cut {
				t.Errorf("%d records, cut %v, %v; want %d, %v", records, cut, err, row.records, row.cut)
			}
		})
	}
}

func TestFilesThatAreNoJournal(t *testing.T) {
	for _, text := range []string{"", "PK\x03\x04", "chaosj2\n", strings.Repeat("x", 100)} {
		if _, err := NewReader(strings.NewReader(text)); !errors.Is(err, ErrNoJournal) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
	if _, err := Load("no/such/journal"); err == nil {
		t.Error("a file that is not there")
	}
	r, err := NewReader(strings.NewReader(magic[:3]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAll(r); err == nil || !strings.Contains(err.Error(), "cut before its header") {
		t.Errorf("cut in its first bytes: %v", err)
	}
	r, err = NewReader(bytes.NewReader(append([]byte(magic), recordOf(t, kindHeader, &Header{Schema: "chaos.journal/v9"})...)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAll(r); err == nil || !strings.Contains(err.Error(), `"chaos.journal/v9", this chaos reads "chaos.journal/v1"`) {
		t.Errorf("of a later version: %v", err)
	}
}

// Records are bounded, whatever a service put into them; text that is no UTF-8
// costs no record.
func TestRecordsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	r := requestOf(1)
	r.Excerpt, r.Err, r.ModelDeclared, r.Finish = long, long, long, "\xff\xfe"
	r.Marks = make([]MarkSeen, 100)
	r.Headers = map[string]string{"x-cache": long}
	for i := range 200 {
		r.Headers[strings.Repeat("h", i+1)] = "1"
	}
	buf, err := requestFrame(r)
	if err != nil || buf.Len() > frameBig {
		t.Fatalf("%d bytes, %v", buf.Len(), err)
	}
	again, err := requestFrame(r)
	if err != nil || !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Errorf("what is kept of it differs from time to time (%v)", err)
	}
	file := append([]byte(magic), recordOf(t, kindHeader, &Header{Schema: Schema})...)
	reader, err := NewReader(bytes.NewReader(append(file, buf.Bytes()...)))
	if err != nil {
		t.Fatal(err)
	}
	j, err := ReadAll(reader)
	if err != nil || len(j.Requests) != 1 {
		t.Fatalf("%d requests, %v", len(j.Requests), err)
	}
	got := j.Requests[0]
	if len(got.Marks) != MarksMax || len(got.Excerpt) > ExcerptMax || len(got.Err) > ErrMax || !utf8.ValidString(got.Excerpt) || len(got.Headers) != listMax || got.Finish != "\xff\xfe" {
		t.Errorf("%d marks, excerpt of %d, err of %d, %d headers, finish %q", len(got.Marks), len(got.Excerpt), len(got.Err), len(got.Headers), got.Finish)
	}
	a := NewAttempt()
	a.Rules, a.Emitted, a.SDK = make([]RuleHit, 100), make([]Point, 100), long
	if buf, err := attemptFrame(&a); err != nil || buf.Len() > frameBig {
		t.Errorf("an attempt of %d bytes, %v", buf.Len(), err)
	}
}
