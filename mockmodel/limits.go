package mockmodel

// Limits of a model. They are counted, told and refused
// as the provider does that the model is asked at: see the twins. A model that
// is asked at two providers has the limits at each of them. 0 is no limit.
type Limits struct {
	RequestsPerMinute     int64   `yaml:"requests_per_minute" doc:"requests per minute; Azure holds them to windows of 1 s and 10 s, Gemini to the minute, the others have a bucket that is refilled without pause; at OpenAI failed calls count too"`
	TokensPerMinute       int64   `yaml:"tokens_per_minute" doc:"tokens per minute: at OpenAI the greater of text and max_tokens, at Azure both, at Bedrock both until the call ends, at Anthropic input and output as used, at Gemini, rerankers and search the input"`
	InputTokensPerMinute  int64   `yaml:"input_tokens_per_minute" doc:"tokens of input per minute, as Anthropic and Gemini limit them"`
	OutputTokensPerMinute int64   `yaml:"output_tokens_per_minute" doc:"tokens of output per minute, as Anthropic limits them: a call is let in while there are some, and takes what it has said"`
	RequestsPerDay        int64   `yaml:"requests_per_day" doc:"requests per day; at Azure and Gemini the day begins with the run, the others have a bucket"`
	TokensPerDay          int64   `yaml:"tokens_per_day" doc:"tokens per day, counted as those of a minute"`
	Per                   string  `yaml:"per" default:"model" enum:"model,key" doc:"whose limits they are: model, all callers share them, as the keys of one organisation do; key, each API key has its own"`
	CreditUSD             float64 `yaml:"credit_usd" doc:"USD of credit: when the calls have cost as much, by the model's price, the provider refuses all further ones as an account without credit, and no wait helps"`
}

// Whose limits they are.
const (
	perModel = "model"
	perKey   = "key"
)

func (l Limits) limited() bool { return l.tally() != tally{} }

// tally returns the limits by what they limit; 0 is no limit.
func (l Limits) tally() tally {
	return tally{
		requestsMinute: l.RequestsPerMinute, tokensMinute: l.TokensPerMinute, inputMinute: l.InputTokensPerMinute, outputMinute: l.OutputTokensPerMinute,
		requestsDay: l.RequestsPerDay, tokensDay: l.TokensPerDay, credit: int64(l.CreditUSD*1e9 + 0.5),
	}
}

func (m Model) validateLimits(path string, out *problems) {
	path += "limits."
	switch per := m.Limits.Per; {
	case per != "" && per != perModel && per != perKey:
		out.add(path+"per", "is %q: write model, or key for limits of each API key", per)
	case per == perKey && !m.Limits.limited():
		out.add(path+"per", "limits nothing by itself: give a limit beside it, such as requests_per_minute")
	}
	for what, n := range m.Limits.tally() {
		if key := meterWords[what].key; meter(what) != credit && (n < 0 || n > limitMax) {
			out.add(path+key, "is %d: give a number from 1 to %d, or leave it out for no limit", n, limitMax)
		}
	}
	usd := m.Limits.CreditUSD
	switch {
	case usd == 0:
	case !(usd >= 1e-6 && usd <= creditMax):
		out.add(path+"credit_usd", "is %v: give USD from 0.000001 to %d, or leave it out for no limit", usd, int64(creditMax))
	case m.Price == (Price{}):
		out.add(path+"credit_usd", "is never used up: the model costs nothing, give it a price")
	}
}
