package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// searcher is a small vector store: POST /v1/search with {query_vector or
// query, top_k} gives {documents: [{id, score, text}]}. It is nobody's dialect;
// its errors look like OpenAI's, and its limits are told in OpenAI's headers.
var searcher = vendor{
	name:     "search",
	bodyMax:  4 << 20,
	hintMS:   true,
	overload: http.StatusServiceUnavailable,
	twin:     &twinPlain,
	words:    openAIWords,
	notJSON:  func() *refusal { return searchInvalid("", "the body is not valid JSON") },
	limited:  openAILimited,
	body:     openAIBody,
	headers:  func(h http.Header, request string, _ time.Duration) { h["X-Request-Id"] = []string{"req_" + request} },
	quota:    openAIQuota,
}

// searchModel is the name under which the store can be configured as a model.
const searchModel = "search"

func searchInvalid(param, message string) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", param: param, message: message}
}

const topDefault = 8

// readSearch understands POST /v1/search.
func readSearch(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return searchInvalid("", "the body is not a JSON object")
	}
	f := &vectorSearch{top: topDefault}
	c.form = f
	if c.model = body.get("model").text(); c.model == "" {
		c.model = searchModel
	}
	vector := body.get("query_vector")
	if !vector.present() {
		vector = body.get("vector")
	}
	switch {
	case vector.kind() == '[':
		for v := range vector.items {
			x, err := strconv.ParseFloat(string(v), 64)
			if err != nil || len(f.vector) == dimensionsMax {
				return searchInvalid("query_vector", fmt.Sprintf("expected at most %d numbers", dimensionsMax))
			}
			f.vector = append(f.vector, float32(x))
		}
		if len(f.vector) == 0 {
			return searchInvalid("query_vector", "expected an array that is not empty")
		}
	case body.get("query").kind() == '"':
		query := body.get("query").text()
		c.carrier, c.tokensIn = query, wire.Tokens(query)
		f.query = wire.StripMarkers(query)
	default:
		return searchInvalid("query_vector", "query_vector, an array of numbers, or query, a string, is required")
	}
	if v := body.get("top_k"); v.present() {
		n, ok := v.integer()
		if !ok || n < 1 {
			return searchInvalid("top_k", "expected an integer above 0")
		}
		f.top = n
	}
	return nil
}

// vectorSearch writes the documents that are nearest to a vector.
type vectorSearch struct {
	vector []float32
	query  string
	top    int
}

func (f *vectorSearch) whole(dst []byte, a *answer) []byte {
	dst = append(dst, `{"object":"list","documents":[`...)
	if !a.empty {
		v := f.vector
		if v == nil {
			v = make([]float32, rerankDimensions)
			embed(v, a.seed, f.query)
		}
		found := a.store.nearest(v)
		for i, x := range found[:min(f.top, len(found))] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"id":"doc-`...)
			dst = strconv.AppendInt(dst, int64(x.index+1), 10)
			dst = append(dst, `","score":`...)
			dst = appendFloat(dst, x.score)
			dst = append(dst, `,"text":`...)
			dst = appendString(dst, corpus[x.index])
			dst = append(dst, '}')
		}
	}
	return append(dst, `],"model":"`+searchModel+`"}`...)
}

// store holds the vectors of the corpus, in as many dimensions as queries have
// come with.
type store struct {
	seed uint64
	mu   sync.Mutex
	by   map[int][][]float32 // dimensions to one vector per document
}

// storeMax bounds the different dimensions that are kept; a target has one.
const storeMax = 8

// nearest orders the corpus by nearness to v.
func (s *store) nearest(v []float32) []scored {
	v = unit(v)
	out := make([]scored, len(corpus))
	for i, d := range s.vectors(len(v)) {
		out[i] = scored{i, likeness(v, d)}
	}
	sortScored(out)
	return out
}

func (s *store) vectors(dimensions int) [][]float32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.by[dimensions]; ok {
		return have
	}
	made := make([][]float32, len(corpus))
	for i, text := range corpus {
		made[i] = make([]float32, dimensions)
		embed(made[i], s.seed, text)
	}
	if len(s.by) >= storeMax || s.by == nil {
		s.by = map[int][][]float32{}
	}
	s.by[dimensions] = made
	return made
}

// corpus is what the store holds: the help pages of a shop. They belong to no
// tenant, so that no answer can leak one.
var corpus = strings.Split(strings.TrimSpace(`
Orders can be changed or cancelled within one hour after they were placed, on the order page.
A parcel that was not delivered after ten working days counts as lost; we send it again or refund it.
Refunds go to the card or account that paid and arrive within five working days.
Items can be returned within thirty days in their original packaging; the return label is free.
Gift cards have no expiry date and cannot be exchanged for cash.
The warranty of electronic devices is two years from the day of delivery.
Passwords can be reset with the link on the sign-in page; the link is valid for one hour.
Two-factor sign-in is switched on under account, security.
Invoices can be downloaded as PDF from the order page for seven years.
Business customers pay by invoice within fourteen days once their account is approved.
Delivery to islands and mountain regions takes two working days longer.
Express orders placed before noon are shipped on the same day.
Prices include value-added tax; the tax of other countries is shown at checkout.
A damaged item is replaced at no cost; please send us a photo of it and of the packaging.
Subscriptions renew every month and can be ended at any time before the next renewal.
Personal data are deleted on request within thirty days, as far as no law requires us to keep them.
Support answers chats from eight to twenty and letters within two working days.
Spare parts of discontinued models are kept in stock for five years.
Discount codes cannot be combined; the better one is applied at checkout.
Customs duties outside of the customs union are paid by the receiver.
`), "\n")
