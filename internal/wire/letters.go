package wire

// Letters sums up the words between two marks, so that text which was lost,
// doubled or changed between them is found. Only the 26 letters count, in
// either case: white space, digits and the punctuation that a renderer of
// Markdown or HTML escapes, adds or takes away makes no difference. The zero
// value is no words.
//
// What changes letters between marks changes the sum: an entity such as &amp;
// and a tag such as <b> are letters too. Texts that get long marks hold words
// and spaces alone, so no escaping adds any.
type Letters struct{ one, all uint64 }

// letterSum has a random number for each letter but those of the prefixes of
// marks, which words do without: so a mark that breaks off behind its prefix
// needs no second look. letterMask is all ones where letterSum is not zero.
var letterSum, letterMask = func() (sum, mask [256]uint64) {
	for c := byte('a'); c <= 'z'; c++ {
		if c == 'q' || c == 'z' || c == 'x' || c == 'j' {
			continue
		}
		for _, c := range []byte{c, c &^ 0x20} {
			sum[c], mask[c] = Mix(uint64(c|0x20)), ^uint64(0)
		}
	}
	return sum, mask
}()

// Add goes on with text. Two additions a byte: one sum of what letters there
// are, and one of the first at each letter, which is how their order counts.
func (l *Letters) Add(text []byte) {
	one, all := l.one, l.all
	for _, c := range text {
		one += letterSum[c]
		all += one & letterMask[c]
	}
	l.one, l.all = one, all
}

// Sum is what [Mark.Text] says of the words so far: 15 bits, never 0.
func (l Letters) Sum() int {
	const values = 1<<markTextBits - 1
	return int(Mix(l.one^Mix(l.all))%values) + 1
}
