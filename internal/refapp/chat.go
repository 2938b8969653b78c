package refapp

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/chaoskit/chaos/internal/wire"
)

// Bounds of what a provider may send. A longer answer is a failure, not a
// reason to run out of memory.
const (
	answerMax  = 4 << 20 // a JSON answer
	frameMax   = 1 << 20
	searchMax  = 1 << 20 // an embeddings, search or rerank answer
	choicesMax = 128     // OpenAI's own bound of n
)

// An answer is what one chat attempt said, folded from JSON or from a stream.
type answer struct {
	model   string // as the provider declares it
	content strings.Builder
	// spoken: there is content, a refusal or a tool call.
	spoken bool
	// plain: one choice of text alone, which the cache can give again.
	plain   bool
	finish  string
	open    map[int]bool // choices begun and not finished
	choices int
	usage   json.RawMessage
	letters letters
}

// newAnswer begins the answer to a question in these scripts.
func newAnswer(question scripts) *answer {
	return &answer{plain: true, open: map[int]bool{}, letters: letters{expected: question}}
}

// A chunk is chat.completion.chunk or, with message for delta, chat.completion.
type chunk struct {
	Model   string `json:"model"`
	Choices []struct {
		Index   int     `json:"index"`
		Delta   *part   `json:"delta"`
		Message *part   `json:"message"`
		Finish  *string `json:"finish_reason"`
	} `json:"choices"`
	Usage json.RawMessage `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type part struct {
	Content   string            `json:"content"`
	Refusal   string            `json:"refusal"`
	ToolCalls []json.RawMessage `json:"tool_calls"`
}

// add folds one JSON document into the answer; a whole answer is one chunk.
func (a *answer) add(data []byte) *failure {
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return unfit("malformed answer")
	}
	if len(c.Error) > 0 && string(c.Error) != "null" {
		return unfit("error in the answer " + errorCode(data))
	}
	if c.Model != "" {
		a.model = c.Model
	}
	if len(c.Usage) > 0 && string(c.Usage) != "null" {
		a.usage = c.Usage
	}
	for _, choice := range c.Choices {
		if choice.Index < 0 || choice.Index >= choicesMax {
			return unfit("malformed answer")
		}
		if _, known := a.open[choice.Index]; !known {
			a.open[choice.Index] = true
			a.choices++
		}
		p := choice.Delta
		if p == nil {
			p = choice.Message
		}
		if p != nil {
			a.say(choice.Index, p)
		}
		if choice.Finish != nil && *choice.Finish != "" {
			a.open[choice.Index] = false
			a.finish = *choice.Finish
		}
	}
	return nil
}

func (a *answer) say(index int, p *part) {
	if index > 0 || p.Refusal != "" || len(p.ToolCalls) > 0 || a.content.Len()+len(p.Content) > cacheTextMax {
		a.plain = false
	}
	if a.plain {
		a.content.WriteString(p.Content)
	}
	a.letters.count(p.Content)
	if p.Content != "" || p.Refusal != "" || len(p.ToolCalls) > 0 {
		a.spoken = true
	}
}

// check judges an answer that the provider has ended. An answer withheld by a
// content filter has said why it is empty.
func (a *answer) check() *failure {
	if a.choices == 0 {
		return unfit("empty answer")
	}
	for _, unfinished := range a.open {
		if unfinished {
			return unfit("answer cut short: no finish_reason")
		}
	}
	if !a.spoken && a.finish != "content_filter" {
		return unfit("empty answer")
	}
	if a.letters.garbage() {
		return misrouted()
	}
	return nil
}

// readJSON takes a whole chat.completion and keeps it in out for the caller.
func (a *App) readJSON(resp *http.Response, out *reply) *failure {
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerMax+1))
	if err != nil {
		return unfit("answer cut short: " + clip(err.Error(), 80))
	}
	if len(body) > answerMax {
		return unfit("answer too long")
	}
	ans := newAnswer(out.rq.scripts)
	f := ans.add(body)
	if f == nil {
		f = ans.check()
	}
	if f != nil && a.policy.CheckAnswers {
		return f
	}
	out.keep(ans, body)
	return nil
}

// readStream takes a stream, holding back what out has not shown yet. Without
// CheckAnswers whatever ends the stream is its end.
func (a *App) readStream(resp *http.Response, progress func(), out *reply) *failure {
	ans := newAnswer(out.rq.scripts)
	out.begin(ans)
	f := a.frames(resp.Body, progress, ans, out)
	if !a.policy.CheckAnswers {
		return nil
	}
	if f == nil { // [DONE] says no more than the finish reason has said
		f = ans.check()
	}
	if f != nil && out.started {
		f.final = true // the caller has seen a part; a second answer must not follow it
	}
	return f
}

// frames reads a stream up to its terminal event, its end, or what makes it
// unfit. Only a frame that speaks is progress: the first one, with the role,
// often comes with the headers, and comments say nothing about the model.
func (a *App) frames(body io.Reader, progress func(), ans *answer, out *reply) *failure {
	frames := wire.NewScanner(body, frameMax)
	for {
		frame, err := frames.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return unfit("answer cut short: " + clip(err.Error(), 80))
		case frame.Comment || frame.Data == "":
			continue
		case frame.Data == "[DONE]":
			return nil
		}
		f := ans.add([]byte(frame.Data))
		if f != nil && a.policy.CheckAnswers {
			return f
		}
		if ans.spoken || ans.finish != "" {
			progress()
		}
		out.frame([]byte(frame.Data))
		if out.failed != nil && a.policy.Cancel {
			return gone()
		}
	}
}
