package loadgen

import (
	"strconv"

	"github.com/chaoskit/chaos/internal/wire"
)

// Prompt returns the prompt of an arrival: words of exactly its length in
// tokens, the same for the same PromptOf, whoever asks.
func Prompt(seed uint64, a Arrival) string {
	return wire.Text(seed, a.PromptTokens, "prompt", a.PromptOf.Phase, strconv.FormatInt(a.PromptOf.Index, 10))
}
