package refapp

import "testing"

func TestGarbage(t *testing.T) {
	for _, c := range []struct {
		words, question, answer string
		want                    bool
	}{
		{"English for English", "what is chaos?", "A state of disorder.", false},
		{"letters of Thai amid the words", "what is chaos?", "A st ก of di ข der.", true},
		{"Thai in answer to Thai", "ความโกลาหลคืออะไร", "ความโกลาหลคือความไม่เป็นระเบียบ", false},
		{"English in answer to Thai", "ความโกลาหลคืออะไร", "A state of disorder.", false},
		{"Chinese in answer to Thai", "ความโกลาหลคืออะไร", "混乱", true},
		{"a letter of Greek in a formula", "how long is a circle?", "Its length is 2πr, r being the distance from its centre to any point of it.", false},
		{"figures and signs, which are in no script", "1+1?", "2 √ … ✓ 😀", false},
		{"a script that is not listed", "what is chaos?", "ᚠᚢᚦ", true},
		{"nothing", "what is chaos?", "", false},
	} {
		l := letters{expected: scriptsOf(c.question)}
		for _, r := range c.answer {
			l.count(string(r)) // as a stream does
		}
		if got := l.garbage(); got != c.want {
			t.Errorf("%s: garbage is %t, %d of %d letters are foreign", c.words, got, l.foreign, l.all)
		}
	}
}
