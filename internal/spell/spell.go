// Package spell writes figures, and finds the word that a misspelt one was
// meant to be.
package spell

import (
	"strconv"
	"strings"
)

// Count writes a whole number with its thousands apart.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// nameMax bounds the names that are compared: the work grows with the square.
const nameMax = 64

// Nearest returns the known name at the smallest [Distance], the first of
// equals, or "" where even that is more than a third of the name away. Case,
// and whether words are joined by - or _, does not matter.
func Nearest(name string, known []string) string {
	if len(name) > nameMax {
		return ""
	}
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	best, bestDistance := "", len(name)/3+1
	for _, k := range known {
		if d := Distance(plain(name), plain(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// Distance counts the bytes to insert, delete, replace, or swap with their
// neighbour that make a into b: the optimal string alignment distance.
func Distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
