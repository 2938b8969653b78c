package wire

import (
	"strconv"

	"github.com/chaoskit/chaos/internal/draw"
)

// TokenBytes is how many bytes make a token. Real tokenizers average about
// four bytes of English text; chaos takes that as its definition, so that both
// ends count alike and a text of n tokens can be made exactly.
const TokenBytes = 4

// Tokens counts the tokens of a text.
func Tokens(text string) int { return (len(text) + TokenBytes - 1) / TokenBytes }

// words are 3 or 7 letters long: with the space behind them, one or two tokens.
var words = []string{
	"the", "and", "for", "you", "not", "are", "all", "new", "now", "old", "see", "two", "way", "who", "did", "its", "say", "use", "man", "day",
	"account", "address", "balance", "between", "billing", "capital", "central", "century", "clearly", "company",
	"contact", "control", "country", "current", "deliver", "details", "example", "express", "finance", "general",
	"history", "however", "include", "invoice", "journey", "largest", "library", "machine", "manager", "message",
	"million", "natural", "nothing", "options", "package", "payment", "perhaps", "picture", "present", "problem",
	"process", "product", "project", "provide", "quality", "receipt", "receive", "regular", "request", "service",
}

// Text returns n tokens of words, the same for the same seed and fields.
func Text(seed uint64, n int, fields ...string) string {
	return string(AppendText(make([]byte, 0, n*TokenBytes), seed, n, fields...))
}

// AppendText appends n tokens of words. One hash yields eight words, so long
// prompts stay cheap.
func AppendText(dst []byte, seed uint64, n int, fields ...string) []byte {
	for block := 0; n > 0; block++ {
		bits := draw.Bits(seed, append(append(make([]string, 0, len(fields)+2), "text"), append(fields, strconv.Itoa(block))...)...)
		for i := 0; i < 8 && n > 0; i++ {
			w := words[int(bits>>(8*i)&0xff)%len(words)]
			if len(w) > 3 && n < 2 {
				w = "end"
			}
			dst = append(append(dst, w...), ' ')
			n -= (len(w) + 1) / TokenBytes
		}
	}
	return dst
}
