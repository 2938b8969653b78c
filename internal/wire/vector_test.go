package wire

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"testing"
)

// vectorOf is a vector of length 1 that looks like an embedding.
func vectorOf(n int, seed uint64) []float32 {
	v := make([]float32, n)
	for i := range v {
		seed += 0x9e3779b97f4a7c15
		v[i] = float32(int16(Mix(seed))) / 32768
	}
	return scaled(v)
}

func scaled(v []float32) []float32 {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(square))
	}
	return v
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+float64(a[i])*float64(b[i]), aa+float64(a[i])*float64(a[i]), bb+float64(b[i])*float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

var numbersMark = Mark{Attempt: 123_456_789, ID: exampleID()}

// What vectors go through on their way, and what it does to their mark.
func TestVectorMarks(t *testing.T) {
	decimals := func(digits, bits int) func([]float32) []float32 {
		return func(v []float32) []float32 {
			for i := range v {
				x, err := strconv.ParseFloat(strconv.FormatFloat(float64(v[i]), 'g', digits, bits), 64)
				if err != nil {
					t.Fatal(err)
				}
				v[i] = float32(x)
			}
			return v
		}
	}
	rows := []struct {
		words string
		n     int
		do    func([]float32) []float32
		want  bool
	}{
		{"nothing", 1536, func(v []float32) []float32 { return v }, true},
		{"the shortest that holds one", VectorMin, func(v []float32) []float32 { return v }, true},
		{"one shorter", VectorMin - 1, func(v []float32) []float32 { return v }, false},
		{"none", 0, func(v []float32) []float32 { return v }, false},
		{"JSON", 64, func(v []float32) (out []float32) {
			b, _ := json.Marshal(v)
			if err := json.Unmarshal(b, &out); err != nil {
				t.Fatal(err)
			}
			return out
		}, true},
		{"base64 of little-endian float32", 64, func(v []float32) []float32 {
			raw, _ := binary.Append(nil, binary.LittleEndian, v)
			raw, _ = base64.StdEncoding.DecodeString(base64.StdEncoding.EncodeToString(raw))
			out := make([]float32, len(v))
			_, _ = binary.Decode(raw, binary.LittleEndian, out)
			return out
		}, true},
		{"decimals of float64", 64, decimals(-1, 64), true},
		{"seven digits", 64, decimals(7, 32), true},
		{"scaled to length 1, which it nearly had", 1536, scaled, true},
		{"its first 256 components", 1536, func(v []float32) []float32 { return v[:256] }, true},
		{"every third component lost", 1536, func(v []float32) []float32 {
			for i := 0; i < len(v); i += 3 {
				v[i] = 0.125
			}
			return v
		}, true},
		{"what has no exponent", 256, func(v []float32) []float32 {
			v[0], v[20], v[40] = 0, float32(math.Inf(1)), float32(math.NaN())
			return v
		}, true},
		// Not promised:
		{"its first 256 components, scaled to length 1", 1536, func(v []float32) []float32 { return scaled(v[:256]) }, false},
		{"three digits", 1536, decimals(3, 32), false},
		{"half of it added", 1536, func(v []float32) []float32 {
			for i := range v {
				v[i] += v[(i+1)%len(v)] / 2
			}
			return v
		}, false},
	}
	for _, row := range rows {
		v := row.do(fuzzCodec.MarkVector(vectorOf(row.n, 1), numbersMark))
		got, ok := fuzzCodec.FindVectorMark(v)
		if ok != row.want || ok && (got.Attempt != numbersMark.Attempt || got.OtherRun) {
			t.Errorf("%s: %+v, %v", row.words, got, ok)
		}
		if got, ok := otherCodec.FindVectorMark(v); ok != row.want || ok && !got.OtherRun {
			t.Errorf("%s, read by another run: %+v, %v", row.words, got, ok)
		}
	}
	for seed := range uint64(10_000) {
		if got, ok := fuzzCodec.FindVectorMark(vectorOf(64, seed)); ok {
			t.Errorf("an unmarked vector says %+v", got)
		}
	}
}

// A mark changes what vectors are to each other by next to nothing.
func TestVectorMarksChangeLittle(t *testing.T) {
	worst := 0.0
	for seed := range uint64(300) {
		for _, n := range []int{16, 64, 1536} {
			a, b := vectorOf(n, seed), vectorOf(n, seed+1)
			ma, mb := slices.Clone(a), slices.Clone(b)
			fuzzCodec.MarkVector(ma, Mark{Attempt: seed, ID: exampleID()})
			fuzzCodec.MarkVector(mb, Mark{Attempt: seed + 1<<29, ID: exampleID()})
			worst = max(worst, math.Abs(cosine(a, b)-cosine(ma, mb)), 1-cosine(a, ma))
			for i := range a {
				if MaskVector(a[i]) != MaskVector(ma[i]) {
					t.Fatalf("%v and %v are not the same without their marks", a[i], ma[i])
				}
			}
			again := fuzzCodec.MarkVector(slices.Clone(a), Mark{Attempt: seed + 7, ID: exampleID()})
			if c := 1 - cosine(ma, again); c > 1e-6 {
				t.Fatalf("one text, two marks: they are %g apart", c)
			}
		}
	}
	if worst > 1e-4 {
		t.Errorf("a cosine changed by %g", worst)
	}
	t.Logf("a cosine changes by %.2g at most", worst)
}

// What scores go through, and what it does to their mark.
func TestScoreMarks(t *testing.T) {
	rows := []struct {
		words  string
		scores []float64
		marks  bool
		do     func([]float64) []float64
		want   bool
	}{
		{"a handful", []float64{0.98, 0.5123456789, 0.2, 0.0001}, true, nil, true},
		{"two", []float64{0.7, 0.1}, true, nil, true},
		{"the first dropped: the last two are a pair", []float64{0.9, 0.8, 0.7, 0.6}, true, func(s []float64) []float64 { return s[1:] }, true},
		{"the first two dropped, and the last", []float64{0.9, 0.8, 0.7, 0.6, 0.5}, true, func(s []float64) []float64 { return s[2:4] }, true},
		{"from 1 down", []float64{1, 1, 0.9999999}, true, nil, true},
		{"equal ones", []float64{0.5, 0.5, 0.5}, true, nil, true},
		{"down to 0", []float64{0.5, 0}, true, nil, true},
		{"too few", []float64{0.5}, false, nil, false},
		{"none", nil, false, nil, false},
		{"no room above 0", []float64{0.5, 0, 0}, false, nil, false},
		{"no order", []float64{0.1, 0.5}, false, nil, false},
		{"no shares", []float64{17, 0.5}, false, nil, false},
		{"no numbers", []float64{math.NaN(), 0.5}, false, nil, false},
		{"rounded to six decimals", []float64{0.9, 0.8, 0.7}, true, func(s []float64) []float64 {
			for i := range s {
				s[i] = math.Round(s[i]*1e6) / 1e6
			}
			return s
		}, false},
	}
	for _, row := range rows {
		scores := slices.Clone(row.scores)
		if got := fuzzCodec.MarkScores(scores, numbersMark); got != row.marks {
			t.Errorf("%s: marked %v", row.words, got)
		}
		if !row.marks && !slices.EqualFunc(scores, row.scores, func(a, b float64) bool { return a == b || a != a && b != b }) {
			t.Errorf("%s: %v became %v", row.words, row.scores, scores)
		}
		for i := range scores {
			if row.marks && (math.Abs(scores[i]-row.scores[i]) > 1e-6*float64(i+1) || i > 0 && scores[i] >= scores[i-1]) {
				t.Errorf("%s: %v became %v", row.words, row.scores, scores)
			}
		}
		b, err := json.Marshal(scores)
		if row.marks && (err != nil || json.Unmarshal(b, &scores) != nil) {
			t.Fatal(err)
		}
		if row.do != nil {
			scores = row.do(scores)
		}
		got, ok := fuzzCodec.FindScoreMark(scores)
		if ok != row.want || ok && (got.Attempt != numbersMark.Attempt || got.OtherRun) {
			t.Errorf("%s: %+v, %v from %v", row.words, got, ok, scores)
		}
	}
}
