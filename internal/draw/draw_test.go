package draw

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"testing"
)

// Test vectors: every machine and every release draws these bits. They were
// computed outside of this program, from the words of the documentation alone:
// SHA-256 over the seed (8 bytes, big-endian) and, for each field, its length
// (4 bytes, big-endian) and its bytes; of the sum the first 8 bytes.
func TestBitsVectors(t *testing.T) {
	rows := []struct {
		seed   uint64
		fields []string
		want   uint64
	}{
		{0, nil, 0xaf5570f5a1810b7a},
		{42, []string{"fault", "storm", "spike/1432"}, 0xf718be76b2102765},
		{42, []string{"a", "bc"}, 0x6ff8b9fa7b14bb27},
		{42, []string{"ab", "c"}, 0x90b55ab013fd678a},
		{math.MaxUint64, []string{""}, 0x65ea24b012287d12},
		{1, []string{"é", "\x00"}, 0xd4c5319ea7c52845},
	}
	for _, row := range rows {
		if got := Bits(row.seed, row.fields...); got != row.want {
			t.Errorf("Bits(%d, %q) = %#016x, want %#016x", row.seed, row.fields, got, row.want)
		}
	}
}

// One vector byte by byte, for who writes another implementation.
func TestBitsHashesTheseBytes(t *testing.T) {
	preimage, err := hex.DecodeString("000000000000002a" + "00000002" + "6162" + "00000001" + "63") // 42, "ab", "c"
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(preimage)
	if got := hex.EncodeToString(sum[:]); got != "90b55ab013fd678ac7d6d2eaabbbf299ef560b531f6cb2ed5a1850ddfa2964e7" {
		t.Fatalf("SHA-256 is %s", got)
	}
	if got := Bits(42, "ab", "c"); got != 0x90b55ab013fd678a {
		t.Errorf("Bits = %#x", got)
	}
}

// Fields longer than the buffer on the stack are hashed like the others.
func TestBitsOfLongFields(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	if Bits(1, long) == Bits(1, long[1:]) || Bits(1, long+"x") == Bits(1, long+"y") {
		t.Error("a long field is not hashed to its end")
	}
}

func TestThresholdIsExact(t *testing.T) {
	rows := []struct {
		p    float64
		want uint64 // the integer part of p * 2^64, p taken exactly
	}{
		{0.4, 7378697629483821056}, {0.05, 922337203685477632}, {0.1, 1844674407370955264},
		{1.0 / 3, 6148914691236516864}, {0.5, 1 << 63}, {0x1p-64, 1}, {0x1p-65, 0}, {1e-300, 0}, {math.SmallestNonzeroFloat64, 0},
		{math.Nextafter(1, 0), 18446744073709549568},
	}
	for _, row := range rows {
		if got := Threshold(row.p); got != row.want {
			t.Errorf("Threshold(%v) = %d, want %d", row.p, got, row.want)
		}
	}
}

func TestBelow(t *testing.T) {
	rows := []struct {
		words string
		bits  uint64
		p     float64
		want  bool
	}{
		{"0 is never, not even for the lowest bits", 0, 0, false},
		{"less than 0 is never", 0, -1, false},
		{"what is no number is never", 0, math.NaN(), false},
		{"1 is always, even for the highest bits", math.MaxUint64, 1, true},
		{"more than 1 is always", math.MaxUint64, 40, true},
		{"the threshold itself is out", 1 << 63, 0.5, false},
		{"one under the threshold is in", 1<<63 - 1, 0.5, true},
	}
	for _, row := range rows {
		if got := Below(row.bits, row.p); got != row.want {
			t.Errorf("%s: Below(%#x, %v) = %v", row.words, row.bits, row.p, got)
		}
	}
}

// Raising a probability only ever adds, and the share that is chosen is the
// probability, here to five standard deviations.
func TestRaisingAProbabilityOnlyAdds(t *testing.T) {
	const n = 20_000
	steps := []float64{0.001, 0.01, 0.05, 0.3, 0.4, 0.99}
	chosen := make([]int, len(steps))
	s := NewStream(42, "fault", "storm")
	for range n {
		bits, before := s.Uint64(), false
		for i, p := range steps {
			now := Below(bits, p)
			if before && !now {
				t.Fatalf("bits %#x are below %v and not below %v", bits, steps[i-1], p)
			}
			if before = now; now {
				chosen[i]++
			}
		}
	}
	for i, p := range steps {
		if off := math.Abs(float64(chosen[i]) - n*p); off > 5*math.Sqrt(n*p*(1-p)) {
			t.Errorf("%d of %d are below %v", chosen[i], n, p)
		}
	}
}

func BenchmarkBits(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Bits(42, "fault", "storm", "spike", "1432", "9f86d081884c7d65", "1")
	}
}
