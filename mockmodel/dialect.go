package mockmodel

import (
	"cmp"
	"net/http"
	"time"
)

// routes is the visible list of dialects: a new one is a file and its lines here.
var routes = []route{
	{"POST", "/v1/chat/completions", "chat", &openAI, readOpenAIChat},
	{"POST", "/v1/responses", "chat", &openAI, readOpenAIResponses},
	{"POST", "/v1/embeddings", "embed", &openAI, readOpenAIEmbeddings},
	{"POST", "/v1/moderations", moderationStep, &openAI, readOpenAIModerations},
	{"POST", "/openai/deployments/{model}/chat/completions", "chat", &azure, azureRead(readOpenAIChat, true)},
	{"POST", "/openai/deployments/{model}/embeddings", "embed", &azure, azureRead(readOpenAIEmbeddings, true)},
	{"POST", "/openai/responses", "chat", &azure, azureRead(readOpenAIResponses, true)},
	{"POST", "/openai/v1/chat/completions", "chat", &azure, azureRead(readOpenAIChat, false)},
	{"POST", "/openai/v1/embeddings", "embed", &azure, azureRead(readOpenAIEmbeddings, false)},
	{"POST", "/openai/v1/responses", "chat", &azure, azureRead(readOpenAIResponses, false)},
	{"POST", "/v1/messages", "chat", &anthropic, readAnthropicMessages},
	{"POST", "/v1/rerank", "rerank", &cohere, readCohereRerank}, // of three that share a path, the first: see rerankVendor
	{"POST", "/v2/rerank", "rerank", &cohere, readCohereRerank2},
	{"POST", "/v1/rerank", "rerank", &jina, readJinaRerank},
	{"POST", "/v1/rerank", "rerank", &voyage, readVoyageRerank},
	{"POST", "/v1/search", "search", &searcher, readSearch},
	{"POST", "/collections/{collection}/points/query", "search", &qdrant, readQdrantQuery},
	{"POST", "/collections/{collection}/points/query/batch", "search", &qdrant, readQdrantBatch},
	{"POST", "/collections/{collection}/points/search", "search", &qdrant, readQdrantSearch},
	{"POST", "/collections/{collection}/points/scroll", "search", &qdrant, readQdrantScroll},
	{"POST", "/v{version}/models/{model}:generateContent", "chat", &gemini, readGemini},
	{"POST", "/v{version}/models/{model}:streamGenerateContent", "chat", &gemini, readGeminiStream},
	{"POST", "/v{version}/models/{model}:embedContent", "embed", &gemini, readGeminiEmbed},
	{"POST", "/v{version}/models/{model}:batchEmbedContents", "embed", &gemini, readGeminiBatch},
	{"POST", "/v{version}/projects/{project}/locations/{location}/publishers/google/models/{model}:generateContent", "chat", &gemini, readGemini},
	{"POST", "/v{version}/projects/{project}/locations/{location}/publishers/google/models/{model}:streamGenerateContent", "chat", &gemini, readGeminiStream},
	{"POST", "/v{version}/projects/{project}/locations/{location}/publishers/google/models/{model}:embedContent", "embed", &gemini, readGeminiEmbed},
	{"POST", "/v{version}/projects/{project}/locations/{location}/publishers/google/models/{model}:predict", "embed", &gemini, readGeminiPredict},
	{"POST", "/v{version}/publishers/google/models/{model}:predict", "embed", &gemini, readGeminiPredict},
	{"POST", "/v{version}/publishers/google/models/{model}:embedContent", "embed", &gemini, readGeminiEmbed},
	{"POST", "/v{version}/publishers/google/models/{model}:generateContent", "chat", &gemini, readGemini},
	{"POST", "/v{version}/publishers/google/models/{model}:streamGenerateContent", "chat", &gemini, readGeminiStream},
	{"POST", "/model/{model}/converse", "chat", &bedrock, readBedrock},
	{"POST", "/model/{model}/converse-stream", "chat", &bedrock, readBedrockStream},
	{"POST", "/api/chat", "chat", &ollama, readOllamaChat},
	{"POST", "/api/generate", "chat", &ollama, readOllamaGenerate},
	{"POST", "/api/embed", "embed", &ollama, readOllamaEmbed},
	{"POST", "/api/embeddings", "embed", &ollama, readOllamaEmbeddings},
}

// pages is the visible list of what the dialects have beside inference.
var pages = []page{
	{"GET", "/v{version}/models", &gemini, geminiModels, geminiPage},
	{"GET", "/v{version}/models/{model}", &gemini, geminiModelPage, geminiPage},
	{"POST", "/v{version}/models/{model}:countTokens", &gemini, geminiCount, nil},
	{"POST", "/v{version}/projects/{project}/locations/{location}/publishers/google/models/{model}:countTokens", &gemini, geminiCount, nil},
	{"POST", "/v1/messages/count_tokens", &anthropic, anthropicCount, nil},
	{"GET", "/v1/models", &anthropic, anthropicModels, anthropicPage},
	{"GET", "/v1/models/{model...}", &anthropic, anthropicModelPage, anthropicPage},
	{"GET", "/v1/models", &openAI, openAIModels, nil},
	{"GET", "/v1/models/{model...}", &openAI, openAIModelPage, nil},
	{"GET", "/v1/responses/{id...}", &openAI, openAIStored, nil},
	{"DELETE", "/v1/responses/{id...}", &openAI, openAIStored, nil},
	{"POST", "/v1/responses/{id...}", &openAI, openAIStored, nil},
	{"GET", "/openai/deployments/{path...}", &azure, azurePage, nil},
	{"POST", "/openai/deployments/{path...}", &azure, azurePage, nil},
	{"GET", "/collections", &qdrant, qdrantCollections, nil},
	{"GET", "/collections/{collection}", &qdrant, qdrantCollection, nil},
	{"GET", "/collections/{collection}/exists", &qdrant, qdrantExists, nil},
	{"PUT", "/collections/{collection}", &qdrant, qdrantCreate, nil},
	{"PUT", "/collections/{collection}/points", &qdrant, qdrantUpsert, nil},
	{"POST", "/collections/{path...}", &qdrant, qdrantUnbuilt, nil},
	{"POST", "/v1/chat", &cohere, cohereUnbuilt, nil},
	{"POST", "/v2/chat", &cohere, cohereUnbuilt, nil},
	{"POST", "/v1/embed", &cohere, cohereUnbuilt, nil},
	{"POST", "/v2/embed", &cohere, cohereUnbuilt, nil},
	{"POST", "/model/{model}/{operation...}", &bedrock, bedrockUnbuilt, nil},
	{"GET", "/", &ollama, ollamaHome, nil},
	{"GET", "/api/version", &ollama, ollamaVersionPage, nil},
	{"GET", "/api/tags", &ollama, ollamaTags, nil},
	{"GET", "/api/ps", &ollama, ollamaLoaded, nil},
	{"POST", "/api/show", &ollama, ollamaShow, nil},
}

// sockets is the visible list of what is spoken over a WebSocket.
var sockets = []socket{
	{"/v1/realtime", &openAI, serveRealtime},
}

// A vendor is what the endpoints of one provider share: its error bodies and
// its headers.
type vendor struct {
	name     string
	bodyMax  int64  // bytes; a longer body is answered 413
	anyBody  bool   // a body need not be JSON
	version  string // header that a call must have; "" is none
	hintMS   bool   // sends retry-after-ms beside retry-after
	overload int    // status when the queue is full

	// twin is how the provider counts what it limits.
	twin *twin

	// words returns the provider's error for a status; c may be empty.
	words func(status int, c *call) refusal
	// noVersion returns the error for a call without that header.
	noVersion func() *refusal
	// notJSON returns the error for a body that is not JSON.
	notJSON func() *refusal
	// malformed is notJSON for a dialect whose words depend on the body; nil: it
	// has none.
	malformed func(body []byte) *refusal
	// limited returns the error for a call that a limit refuses. told is the
	// wait that the caller is told, 0 for none.
	limited  func(c *call, q quotas, r refused, told time.Duration) refusal
	toolText toolText // what arguments of tool calls are
	// exhausted returns the error for an account that may not go on, whose code is
	// OpenAI's; nil: the one for a limit on money.
	exhausted func(c *call, code string, now time.Time) refusal
	// tooLong returns the error for a call of so many tokens that does not fit into
	// a context of window; nil: the one for a wrong call.
	tooLong func(c *call, tokens, window int) refusal
	// blocked returns the error for a prompt that a content filter refuses; nil: it
	// is answered, with guarded if there are such words.
	blocked func() refusal
	guarded string
	// hint puts a hint into the body of an error and returns it as it stands
	// there; nil: hints stand in Retry-After.
	hint func(r *refusal, t hint) string
	// body appends the body of an error.
	body func(dst []byte, r *refusal, request string) []byte
	// envelope puts the body of an error to a call into what that call expects;
	// nil: as it is.
	envelope func(c *call, body []byte) []byte
	// errorHead sets the headers of an error; nil: there are none.
	errorHead func(h http.Header, r *refusal)
	// notReady returns the error for a call that finds its model switched off;
	// nil: the call waits.
	notReady func() refusal
	// headers sets what every answer carries: the id of the request and,
	// where there are limits, the state of the buckets at wall time now.
	headers func(h http.Header, request string, took time.Duration)
	quota   func(h http.Header, q quotas, now time.Time)
}

// unreadable returns the error for a body that is not JSON.
func (v *vendor) unreadable(body []byte) *refusal {
	if v.malformed != nil {
		return v.malformed(body)
	}
	return v.notJSON()
}

// A refusal is an error in the provider's own words.
type refusal struct {
	status  int
	kind    string // the dialect's error type
	code    string // the dialect's error code; "" is null
	param   string // the field at fault; "" is null
	message string
	details string // JSON that stands in the dialect's member of that name; "" is none
}

// name is what a record calls the error: its code, else its type.
func (r *refusal) name() string { return cmp.Or(r.code, r.kind) }

// A form writes whole answers.
type form interface {
	// whole appends the body of an answer; it writes parts with put and its
	// like, which note where they stand.
	whole(dst []byte, a *answer) []byte
}

// A headed form has a status and headers of its own.
type headed interface {
	// head sets the headers and returns the status.
	head(h http.Header) int
}

// A mediaTyped form has media types of its own; JSON and an event stream are
// those of the others.
type mediaTyped interface {
	// media returns the value of Content-Type, shared and not to be changed.
	media(stream bool) []string
}

// A sized form writes vectors.
type sized interface {
	// size fills in how long a vector is where the call does not say.
	size(own int)
}

// A streamer is a form that writes answers as a stream too. Framing is its
// business: it appends bytes to f.buf and calls f.end behind each frame.
type streamer interface {
	// open writes what is sent with the headers, before the first token.
	open(f *frames, a *answer)
	// begin writes what precedes the first piece of a part.
	begin(f *frames, a *answer, p *part)
	// delta writes a piece of a part, which may not be empty.
	delta(f *frames, a *answer, p *part, text []byte)
	// close writes what follows the last piece of a part.
	close(f *frames, a *answer, p *part)
	// finish writes what follows the last token.
	finish(f *frames, a *answer)
	// fail writes the error that ends a stream in the middle.
	fail(f *frames, a *answer, r *refusal)
}

// frames are the frames of a stream that are ready to be sent.
type frames struct {
	buf  []byte
	ends []frameEnd
	said int  // tokens said when the frame that is being written has been sent
	last bool // the last frame of the answer is in buf

	from, to int   // where the text of the latest piece stands; 0, 0: nowhere
	all      bool  // that text is all of its part
	seen     int   // up to where a fault has looked for what it cuts in two
	omitted  bool  // what the answer wants left out of its end was left out
	changed  int   // 1 + where the first change by a fault ends; 0: there is none
	shaped   int   // frames that have the form that a fault asks for
	breaks   []int // where writes end, beside the end
}

// put appends a piece of text as the inside of a JSON string.
func (f *frames) put(text []byte) {
	f.from, f.all = len(f.buf), false
	f.buf = appendEscaped(f.buf, text)
	f.to = len(f.buf)
}

// putCall appends all arguments of a call, as they are.
func (f *frames) putCall(arguments []byte) {
	f.from, f.all = len(f.buf), true
	f.buf = append(f.buf, arguments...)
	f.to = len(f.buf)
}

// end notes that buf ends with a whole frame.
func (f *frames) end() { f.ends = append(f.ends, frameEnd{len(f.buf), f.said}) }

func (f *frames) reset() {
	f.buf, f.ends, f.breaks = f.buf[:0], f.ends[:0], f.breaks[:0]
	f.changed, f.shaped = 0, 0
	f.from, f.to, f.seen = 0, 0, 0
}
