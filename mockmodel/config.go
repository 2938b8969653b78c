package mockmodel

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"time"
)

// Problem is one thing wrong with a part of a plan. Path is relative to the
// part and written as in YAML; Msg says what is wrong and what to do.
type Problem = struct{ Path, Msg string }

// Config is the part `provider` of a plan: who answers the target's calls, how
// fast, how much of it, and what it says.
type Config struct {
	Listen    string   `yaml:"listen" doc:"host:port to listen on; left out: a free port of 127.0.0.1"`
	Advertise string   `yaml:"advertise" doc:"host name under which the target reaches the provider, such as host.docker.internal; left out: the address listened on"`
	Models    []Model  `yaml:"models" doc:"the models and how they behave; a model that is not listed is served with the defaults and named in the report"`
	Answers   []Answer `yaml:"answers" doc:"what the chat models say; the first answer whose when matches, else generated words"`
	// UnknownModels says what becomes of a call for a model that is not listed.
	UnknownModels string `yaml:"unknown_models" default:"serve" enum:"serve,refuse" doc:"what happens to a call for a model that its endpoint does not list: served with the defaults and named in the report, or refused as the provider refuses it (404)"`
	Watermark     string `yaml:"watermark" default:"on" enum:"on,off" doc:"marks in generated words, embeddings and rerank scores that prove which call they came from; off: none anywhere, and what rests on them is not judged"`
	// Endpoints stand beside the main one.
	Endpoints []Endpoint `yaml:"endpoints" doc:"further providers by name, each with a port, models, limits and faults of its own: ${provider.NAME} is where it is, match: {endpoint: NAME} whom a rule is for"`
	Upstream  []Upstream `yaml:"upstream" doc:"real providers by dialect that calls are passed on to, {openai: https://api.openai.com}: faults hit them, and their answers are recorded; limits and capacity are the real provider's; the caller's own key goes with the call and is not kept"`
}

// Model is how one model behaves.
type Model struct {
	Name string `yaml:",key"`
	// TTFT nil is the default of the kind of call: defaultTTFT for chat,
	// defaultLookup for embed, rerank and search, which have no tokens to make.
	TTFT            *time.Duration `yaml:"ttft" doc:"time to the first token; 0s answers at once; left out: 300ms for chat, 3ms for embeddings, rerank and search"`
	TokensPerSecond *float64       `yaml:"tokens_per_second" default:"80" doc:"tokens per second after the first one; 0 is all at once"`
	OutputTokens    int            `yaml:"output_tokens" default:"120" doc:"tokens of an answer whose request id does not say how many; max_tokens of the call may cut it"`
	ReasoningTokens int            `yaml:"reasoning_tokens" doc:"tokens that the model thinks before it answers: they take time, are billed as output, and are shown where the dialect shows them; left out: none, and a few where the call asks for thoughts"`
	Slots           int            `yaml:"slots" default:"1000" doc:"calls served at the same time"`
	Queue           *int           `yaml:"queue" default:"256" doc:"calls that may wait for a slot, first come first served; for more see when_full"`
	WhenFull        string         `yaml:"when_full" enum:"http_429,http_503,http_529,late" doc:"what happens to a call that finds the queue full: refused with that status, or it waits all the same and is late; left out: refused as the provider does (OpenAI 503, Anthropic 529)"`
	// Throughput, PrefillTokensPerSecond and PrefixCache make the model as fast
	// as its load lets it be; left out, calls do not slow each other down.
	Throughput             float64   `yaml:"throughput" doc:"tokens per second of all answers together when every slot is taken: from tokens_per_second, what one call alone gets, to slots times that; tokens come the slower the more calls are served; left out: calls do not slow each other down"`
	PrefillTokensPerSecond float64   `yaml:"prefill_tokens_per_second" doc:"tokens of prompts that the model reads per second, one prompt after the other; left out: a prompt takes no time of its own"`
	PrefixCache            int       `yaml:"prefix_cache" doc:"tokens of prompts that the model remembers: what a prompt shares with earlier ones from its start on is not read again; left out: none"`
	OnHangup               string    `yaml:"on_hangup" default:"free" enum:"free,finish" doc:"what the model does when a caller hangs up: free its slot at once, or finish the answer for nobody, and charge for it"`
	ColdStart              ColdStart `yaml:"cold_start" doc:"a model that is switched off while nobody calls it; left out: it is always ready"`
	Price                  Price     `yaml:"price" doc:"what tokens cost"`
	Limits                 Limits    `yaml:"limits" doc:"rate limits of the model, counted and told as the provider does that it is asked at; each one holds in every dialect; left out: none"`
	Dimensions             int       `yaml:"dimensions" default:"1536" doc:"length of an embedding whose call does not say how long"`
}

// ColdStart says when a model has to be started, and for how long that takes.
type ColdStart struct {
	After time.Duration `yaml:"after" doc:"how long nobody has called before it is switched off; 0s: it is off at the start of the run alone"`
	For   time.Duration `yaml:"for" doc:"how long calls wait until it is ready; Bedrock refuses them so long, with ModelNotReadyException"`
}

// What a model does with a call that finds its queue full, and when a caller
// hangs up.
const (
	whenFullLate = "late"
	hangupFinish = "finish"
	modelsRefuse = "refuse" // of unknown_models
)

// shedStatus are the statuses of when_full.
var shedStatus = map[string]int{"http_429": 429, "http_503": 503, "http_529": 529}

// Price of a model in USD per million tokens.
type Price struct {
	Input  float64 `yaml:"input" doc:"USD per million tokens of input"`
	Cached float64 `yaml:"cached_input" doc:"USD per million tokens of input that the prefix cache held; left out: as other input"`
	Output float64 `yaml:"output" doc:"USD per million tokens of output"`
}

// NanoPerToken returns what one token costs, in nano-USD.
func (p Price) NanoPerToken() (input, output int64) {
	nano := func(usdPerMillion float64) int64 { return int64(usdPerMillion*1000 + 0.5) }
	return nano(p.Input), nano(p.Output)
}

// nanoPerCached returns what one token of input costs that the prefix cache held.
func (p Price) nanoPerCached() int64 {
	if p.Cached > 0 {
		p.Input = p.Cached
	}
	input, _ := p.NanoPerToken()
	return input
}

// ServiceTime returns how long a chat call whose answer has so many tokens is
// in service where nothing goes wrong.
func (m Model) ServiceTime(tokens int) time.Duration {
	service := defaultTTFT
	if m.TTFT != nil {
		service = *m.TTFT
	}
	if rate := m.withDefaults().TokensPerSecond; *rate > 0 {
		service += time.Duration(float64(tokens) / *rate * float64(time.Second))
	}
	return service
}

// Answer is something that a chat model says, word for word: without
// watermarks, as they would break what the service parses.
type Answer struct {
	When   When      `yaml:"when" doc:"calls that get this answer; left out: all"`
	Text   string    `yaml:"text" doc:"the answer as text"`
	JSON   any       `yaml:"json" doc:"the answer as a value, written as compact JSON"`
	File   string    `yaml:"file" doc:"a file of recorded answers, as a run with provider.upstream writes them: a call that stands in it is answered as it was, and as fast; one that does not gets the next answer"`
	Vector []float64 `yaml:"vector" doc:"the embedding of inputs that contain the text, where the step is embed: cut to the dimensions of the call or else of the model and made a unit vector again, as OpenAI does, or filled up with zeros"`
	// ToolCalls may stand beside a text, as models do.
	ToolCalls []ToolCall `yaml:"tool_calls" doc:"tools that the model calls, all at once"`
}

// ToolCall is a tool that the model asks the caller to run.
type ToolCall struct {
	Name      string `yaml:"name" doc:"name of the tool, whether the call offers it or not"`
	Arguments any    `yaml:"arguments" doc:"its arguments, written as compact JSON; left out: none"`
}

// When selects calls. All that is given must hold; text is compared as it is.
type When struct {
	Contains       string `yaml:"contains" doc:"text in any message that is not a system message"`
	SystemContains string `yaml:"system_contains" doc:"text in a system message"`
	Model          string `yaml:"model" doc:"model that the call asks for"`
	Step           string `yaml:"step" enum:"chat,moderation,embed" doc:"kind of call; left out: chat. The answer to embed is a vector. The answer to moderation is a verdict in json: flagged, categories and category_scores as far as they differ from those of a harmless text, for the inputs that contain the text"`
	HasTool        string `yaml:"has_tool" doc:"name of a tool that the call offers"`
	Turn           int    `yaml:"turn" doc:"number of the turn of the conversation, from 1: one more than the answers of the model that the call quotes"`
}

// Defaults of a model.
const (
	defaultTTFT         = 300 * time.Millisecond
	defaultLookup       = 3 * time.Millisecond // an index or a small network: no tokens to generate
	defaultRate         = 80.0                 // tokens per second, about what gpt-4o streams
	defaultOutputTokens = 120
	defaultSlots        = 1000
	defaultQueue        = 256
	defaultDimensions   = 1536 // of text-embedding-3-small
	thinkingTokens      = 32   // where a call asks for thoughts and the model has no number
)

// Bounds of a configuration: what a bucket in int64 nanoseconds and an answer
// in memory can hold.
const (
	limitMax        = 50_000_000 // per minute or day; twice that times 6e10 ns or 8.64e10 us stays below 2^63
	creditMax       = 1e6        // USD, in nano-USD
	outputTokensMax = 1_000_000
	slotsMax        = 1_000_000
	dimensionsMax   = 65_536
	toolCallsMax    = 128     // of an answer; as many as OpenAI takes tools
	turnMax         = 100_000 // of a conversation
	literalMax      = 1 << 20 // bytes of an answer given in the plan
)

// WithDefaults returns a copy in which what was left out has its default.
func (c Config) WithDefaults() Config {
	c.Models = withDefaults(c.Models)
	endpoints := make([]Endpoint, len(c.Endpoints))
	for i, e := range c.Endpoints {
		e.Models = withDefaults(e.Models)
		endpoints[i] = e
	}
	if c.Endpoints != nil {
		c.Endpoints = endpoints
	}
	if c.Watermark == "" {
		c.Watermark = "on"
	}
	return c
}

// withDefaults returns a copy of models; nil stays nil.
func withDefaults(models []Model) []Model {
	if models == nil {
		return nil
	}
	out := make([]Model, len(models))
	for i, m := range models {
		out[i] = m.withDefaults()
	}
	return out
}

func (m Model) withDefaults() Model {
	if m.TokensPerSecond == nil {
		rate := defaultRate
		m.TokensPerSecond = &rate
	}
	if m.OutputTokens == 0 {
		m.OutputTokens = defaultOutputTokens
	}
	if m.Slots == 0 {
		m.Slots = defaultSlots
	}
	if m.Queue == nil {
		queue := defaultQueue
		m.Queue = &queue
	}
	if m.Dimensions == 0 {
		m.Dimensions = defaultDimensions
	}
	if m.Limits.limited() && m.Limits.Per == "" {
		m.Limits.Per = perModel
	}
	return m
}

// ModelNames returns the names of the listed models in plan order, those of the
// main endpoint first; of equal names one.
func (c Config) ModelNames() []string {
	names := make([]string, 0, len(c.Models))
	add := func(models []Model) {
		for _, m := range models {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	add(c.Models)
	for _, e := range c.Endpoints {
		add(e.Models)
	}
	return names
}

type problems []Problem

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{path, fmt.Sprintf(format, args...)})
}

// Validate returns everything that is wrong with the part.
func (c Config) Validate() []Problem {
	var out problems
	if !slices.Contains([]string{"", "on", "off"}, c.Watermark) {
		out.add("watermark", "%q is neither on nor off", c.Watermark)
	}
	if c.Listen != "" {
		validateListen(&out, "listen", c.Listen)
	}
	validateModels(c.Models, "", &out)
	c.validateEndpoints(&out)
	c.validateUpstreams(&out)
	for i, a := range c.Answers {
		a.validate(fmt.Sprintf("answers[%d]", i), &out)
	}
	return out
}

func validateListen(out *problems, path, listen string) {
	if _, port, err := net.SplitHostPort(listen); err != nil {
		out.add(path, "%q is no host:port: write an address such as 127.0.0.1:4010", listen)
	} else if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		out.add(path, "port %q is not between 0 and 65535: write an address such as 127.0.0.1:4010", port)
	}
}

// validateModels refuses models below the part at prefix, which ends in a dot
// unless it is empty.
func validateModels(models []Model, prefix string, out *problems) {
	seen := map[string]bool{}
	for _, m := range models {
		path := prefix + "models." + m.Name
		if m.Name == "" {
			out.add(prefix+"models", "a model has an empty name: write the name that calls ask for")
		}
		if seen[m.Name] {
			out.add(path, "is listed twice: keep one of them")
		}
		seen[m.Name] = true
		m.validate(path+".", out)
	}
}

func (m Model) validate(path string, out *problems) {
	if m.TTFT != nil && (*m.TTFT < 0 || *m.TTFT > time.Hour) {
		out.add(path+"ttft", "is %s: give a duration from 0s to 1h", *m.TTFT)
	}
	if r := m.TokensPerSecond; r != nil && *r != 0 && !(*r >= 1e-3 && *r <= 1e9) {
		out.add(path+"tokens_per_second", "is %v: give a rate from 0.001 to 1000000000, or 0 for all at once", *r)
	}
	within(out, path+"output_tokens", m.OutputTokens, 1, outputTokensMax)
	within(out, path+"reasoning_tokens", m.ReasoningTokens, 1, outputTokensMax)
	within(out, path+"slots", m.Slots, 1, slotsMax)
	if m.Queue != nil && (*m.Queue < 0 || *m.Queue > slotsMax) {
		out.add(path+"queue", "is %d: give a number from 0 to %d", *m.Queue, slotsMax)
	}
	within(out, path+"dimensions", m.Dimensions, 1, dimensionsMax)
	m.validateCapacity(path, out)
	for _, p := range []struct {
		key string
		usd float64
	}{{"input", m.Price.Input}, {"cached_input", m.Price.Cached}, {"output", m.Price.Output}} {
		if !(p.usd >= 0 && p.usd <= 1e6) || math.IsNaN(p.usd) {
			out.add(path+"price."+p.key, "is %v: give USD per million tokens, from 0 to 1000000", p.usd)
		}
	}
	m.validateLimits(path, out)
}

// within refuses n outside [low, high]; 0 is "left out" and fine.
func within(out *problems, path string, n, low, high int) {
	if n != 0 && (n < low || n > high) {
		out.add(path, "is %d: give a number from %d to %d", n, low, high)
	}
}

func (a Answer) validate(path string, out *problems) {
	if a.When.Step == embedStep || a.Vector != nil {
		a.validateVector(path, out)
		return
	}
	switch {
	case a.File != "" && (a.Text != "" || a.JSON != nil || len(a.ToolCalls) > 0):
		out.add(path+".file", "contradicts text, json and tool_calls: what is recorded is said as it is, keep one")
	case a.Text == "" && a.JSON == nil && len(a.ToolCalls) == 0 && a.File == "":
		out.add(path, "says nothing: give text, json, tool_calls, file or vector")
	case a.Text != "" && a.JSON != nil:
		out.add(path+".json", "contradicts text: an answer is one of them, keep one")
	}
	if len(a.Text) > literalMax {
		out.add(path+".text", "is %d bytes long: an answer has at most %d", len(a.Text), literalMax)
	}
	if a.JSON != nil {
		validJSON(out, path+".json", a.JSON)
	}
	if n := len(a.ToolCalls); n > toolCallsMax {
		out.add(path+".tool_calls", "are %d: an answer calls at most %d tools", n, toolCallsMax)
	}
	for i, t := range a.ToolCalls {
		at := fmt.Sprintf("%s.tool_calls[%d]", path, i)
		if t.Name == "" {
			out.add(at+".name", "is missing: write the name of the tool")
		}
		if _, object := t.Arguments.(map[string]any); !object && t.Arguments != nil {
			out.add(at+".arguments", "must be a mapping: the arguments by their names")
		}
		validJSON(out, at+".arguments", t.Arguments)
	}
	if a.When.Step == moderationStep {
		a.validateVerdict(path, out)
	}
	a.When.validate(path+".when.", out)
}

func (w When) validate(path string, out *problems) {
	switch w.Step {
	case "", "chat":
	case moderationStep:
		if w.SystemContains != "" || w.HasTool != "" || w.Turn != 0 {
			out.add(path+"step", "moderation has no system message, tools or turns: keep contains and model")
		}
	default:
		out.add(path+"step", "%q has no words to say: chat does, leave step out; moderation has verdicts", w.Step)
	}
	within(out, path+"turn", w.Turn, 1, turnMax)
}

// validJSON refuses a value that cannot be an answer as JSON.
func validJSON(out *problems, path string, v any) {
	if b, err := json.Marshal(v); err != nil {
		out.add(path, "cannot be written as JSON: %v", err)
	} else if len(b) > literalMax {
		out.add(path, "is %d bytes long as JSON: an answer has at most %d", len(b), literalMax)
	}
}
