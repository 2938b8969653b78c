package wire

import "github.com/chaoskit/chaos/internal/draw"

// TokenBytes is how many bytes make a token. Real tokenizers need about four
// bytes of English text for one; chaos takes that as the definition, so that
// both ends count alike and a text of n tokens can be made exactly.
const TokenBytes = 4

// Tokens counts the tokens of text: its bytes / 4, rounded up.
func Tokens(text string) int { return (len(text) + TokenBytes - 1) / TokenBytes }

// Text returns n tokens of English words, the same for the same seed and
// fields: n*4 bytes, the last of them a space.
func Text(seed uint64, n int, fields ...string) string {
	bits := draw.Bits(seed, append([]string{"text"}, fields...)...)
	return string(appendWords(make([]byte, 0, max(0, n)*TokenBytes), bits, n))
}

// appendWords appends n tokens of words that depend on bits alone. It costs
// some nanoseconds per token: one hash decides nine words.
func appendWords(dst []byte, bits uint64, n int) []byte {
	for n > 0 {
		// SplitMix64: a counter, mixed.
		bits += 0x9e3779b97f4a7c15
		for z, i := Mix(bits), 0; i < 9 && n > 0; i++ {
			// Seven bits a word: which of 64, and of which length. The last
			// token has room for a short one only.
			if z&64 == 0 || n == 1 {
				dst = append(append(dst, shortWords[z&63]...), ' ')
				n--
			} else {
				dst = append(append(dst, longWords[z&63]...), ' ')
				n -= 2
			}
			z >>= 7
		}
	}
	return dst
}

// With the space behind it a short word is one token and a long one is two.
// None of them reads like an error, an excuse or a refusal.
var shortWords = [64]string{
	"the", "and", "for", "you", "all", "new", "now", "old", "see", "two", "way", "who", "its", "say", "use", "man",
	"day", "get", "has", "him", "how", "her", "our", "out", "put", "run", "sun", "ten", "top", "try", "was", "yes",
	"air", "art", "ask", "bag", "bed", "big", "box", "car", "cup", "ear", "eat", "egg", "eye", "far", "few", "fly",
	"fun", "gas", "hat", "hot", "ice", "job", "key", "lab", "leg", "let", "map", "may", "net", "one", "pen", "sea",
}

var longWords = [64]string{
	"account", "address", "airport", "another", "balance", "between", "billing", "biology",
	"capital", "ceiling", "central", "century", "chapter", "clearly", "company", "contact",
	"control", "country", "culture", "current", "deliver", "details", "evening", "example",
	"express", "finance", "forward", "gallery", "general", "history", "however", "imagine",
	"include", "invoice", "journey", "kitchen", "largest", "library", "machine", "manager",
	"million", "morning", "musical", "natural", "observe", "options", "package", "payment",
	"perhaps", "picture", "present", "process", "product", "project", "provide", "quality",
	"railway", "receipt", "receive", "regular", "science", "service", "village", "weather",
}
