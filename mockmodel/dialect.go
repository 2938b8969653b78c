package mockmodel

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// A route is an inference endpoint of the provider: a path, whose it is, and
// what is done there.
type route struct {
	path   string
	kind   string // of step, as in the records: chat, embed, rerank, search
	vendor *vendor
	read   func(body doc, c *call) *refusal // understands a request
}

// routes is the visible list of dialects: a new one is a file and a line here.
// All are POST.
var routes = []route{
	{"/v1/chat/completions", "chat", &openAI, readOpenAIChat},
	{"/v1/embeddings", "embed", &openAI, readOpenAIEmbeddings},
	{"/v1/messages", "chat", &anthropic, readAnthropicMessages},
	{"/v1/rerank", "rerank", &cohere, readRerank},
	{"/v2/rerank", "rerank", &cohere, readRerank},
	{"/v1/search", "search", &searcher, readSearch},
}

// Dialects returns the names of the dialects that the provider speaks, in the
// order of the list.
func Dialects() []string {
	var names []string
	for _, r := range routes {
		if len(names) == 0 || names[len(names)-1] != r.vendor.name {
			names = append(names, r.vendor.name)
		}
	}
	return names
}

// StepsUnbuilt are the kinds of step for which the provider has no endpoint yet.
var StepsUnbuilt = []string{"moderation", "tool"}

// A vendor is what the endpoints of one provider share: its error bodies and
// its headers.
type vendor struct {
	name     string
	bodyMax  int64  // bytes; a longer body is answered 413
	version  string // header that a call must have; "" is none
	hintMS   bool   // sends retry-after-ms beside retry-after
	overload int    // status when the queue is full

	// tokensAsked is what a call takes from the bucket of tokens when it is
	// admitted; billsOutput adds the tokens of the answer when it ends.
	tokensAsked func(c *call) int
	billsOutput bool

	// words returns the provider's error for a status; c may be empty.
	words func(status int, c *call) refusal
	// noVersion returns the error for a call without that header.
	noVersion func() *refusal
	// notJSON returns the error for a body that is not JSON.
	notJSON func() *refusal
	// limited returns the 429 for a call that a limit refuses. hint is the
	// wait that the caller is told, 0 for none.
	limited func(c *call, q quotas, r refused, hint time.Duration) refusal
	// body appends the body of an error.
	body func(dst []byte, r *refusal, request string) []byte
	// headers sets what every answer carries: the id of the request and,
	// where there are limits, the state of the buckets at wall time now.
	headers func(h http.Header, request string, took time.Duration)
	quota   func(h http.Header, q quotas, now time.Time)
}

// A refusal is an error in the provider's own words.
type refusal struct {
	status  int
	kind    string // the dialect's error type
	code    string // the dialect's error code; "" is null
	param   string // the field at fault; "" is null
	message string
}

// name is what a record calls the error: its code, else its type.
func (r *refusal) name() string { return cmp.Or(r.code, r.kind) }

// A message is what a call says of one message.
type message struct {
	role, text string
}

func (m message) system() bool { return m.role == "system" || m.role == "developer" }

// A call is what a dialect has understood of a request.
type call struct {
	kind      string
	model     string
	stream    bool
	maxTokens int       // 0: not given
	messages  []message // of a chat
	tokensIn  int
	// carrier is the text in which a marker may stand: the last user message,
	// or what stands for it.
	carrier string
	form    form
}

// hear takes in a message: it is counted, and the last text of a user may carry
// a request id. A user's message without text, an image or the result of a tool
// in Anthropic's dialect, carries none and hides none.
func (c *call) hear(m message) {
	c.messages = append(c.messages, m)
	c.tokensIn += wire.Tokens(m.text)
	if m.role == "user" && m.text != "" {
		c.carrier = m.text
	}
}

// contentText returns the text of a message's content: a string, or parts of
// which those with a text count.
func contentText(content doc) string {
	if content.kind() != '[' {
		return content.text()
	}
	var parts []string
	for p := range content.items {
		if t := p.get("text"); t.kind() == '"' {
			parts = append(parts, t.text())
		}
	}
	return strings.Join(parts, "\n")
}

// A form writes whole answers.
type form interface {
	// whole appends the body of an answer, and notes in a where its text begins.
	whole(dst []byte, a *answer) []byte
}

// A streamer is a form that writes answers as a stream too.
type streamer interface {
	// open writes what is sent with the headers, before the first token.
	open(f *frames, a *answer)
	// delta writes a piece of text.
	delta(f *frames, a *answer, text []byte)
	// finish writes what follows the last token.
	finish(f *frames, a *answer)
	// fail writes the error that ends a stream in the middle.
	fail(f *frames, a *answer, r *refusal)
}

// frames are the frames of a stream that are ready to be sent.
type frames struct {
	buf  []byte
	ends []frameEnd
	said int  // tokens said before the frame that is being written
	last bool // the last frame of the answer is in buf
}

// end notes that buf ends with a whole frame.
func (f *frames) end() { f.ends = append(f.ends, frameEnd{len(f.buf), f.said}) }

func (f *frames) reset() { f.buf, f.ends = f.buf[:0], f.ends[:0] }

// An answer is what a form writes.
type answer struct {
	id        string // 24 characters, unique in the run
	created   int64  // Unix seconds
	model     string // as the answer declares it
	say       *script
	cut       bool // max_tokens ended it
	empty     bool // it has no content, and its usage is zero
	tokensIn  int
	tokensOut int
	nowNs     int64  // when its text is minted
	seed      uint64 // of vectors
	store     *store
	contentAt int // index in the body where the text begins; 0: there is none
	content   []byte
}

// text returns all that the answer says, to be called once.
func (a *answer) text() []byte {
	if a.empty || a.say == nil {
		return nil
	}
	a.content = a.say.say(a.content[:0], 0, a.say.tokens, a.nowNs)
	return a.content
}
