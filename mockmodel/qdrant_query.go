package mockmodel

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// qdrantSearches bounds a batch, and qdrantNumbers the vectors of an answer.
const (
	qdrantSearches = 100
	qdrantNumbers  = 1 << 22
)

// qdrantSearch is one search of a call.
type qdrantSearch struct {
	vector  []float32 // nil: none
	id      int       // of the point that is looked for; 0: none
	limit   int
	offset  int
	payload bool
	vectors bool
	least   float64 // score_threshold
}

// qdrantPoints writes what was found.
type qdrantPoints struct {
	searches            []qdrantSearch
	batch, bare, scroll bool
}

func qdrantForm(c *call, f *qdrantPoints) { c.form, c.model = f, searchModel }

// readQdrantQuery understands POST /collections/{collection}/points/query.
func readQdrantQuery(body doc, c *call) *refusal {
	f := &qdrantPoints{}
	qdrantForm(c, f)
	return f.read(body, "query")
}

// readQdrantSearch understands POST /collections/{collection}/points/search, the
// older way to ask, whose vector may have a name.
func readQdrantSearch(body doc, c *call) *refusal {
	f := &qdrantPoints{bare: true}
	qdrantForm(c, f)
	return f.read(body, "vector")
}

// readQdrantBatch understands POST /collections/{collection}/points/query/batch.
func readQdrantBatch(body doc, c *call) *refusal {
	f := &qdrantPoints{batch: true}
	qdrantForm(c, f)
	searches := body.get("searches")
	if searches.kind() != '[' {
		return qdrantFormat("missing field `searches`")
	}
	for s := range searches.items {
		if len(f.searches) == qdrantSearches {
			return qdrantInvalid(fmt.Sprintf("searches: at most %d are built in the chaos mock model", qdrantSearches))
		}
		if r := f.read(s, "query"); r != nil {
			return r
		}
	}
	return nil
}

// readQdrantScroll understands POST /collections/{collection}/points/scroll. An
// offset is the id of the first point.
func readQdrantScroll(body doc, c *call) *refusal {
	f := &qdrantPoints{scroll: true}
	qdrantForm(c, f)
	r := f.read(body, "")
	if r == nil && !body.get("with_payload").present() {
		f.searches[0].payload = true
	}
	return r
}

// read takes in a search whose query stands in a member of that name.
func (f *qdrantPoints) read(body doc, query string) *refusal {
	if body.kind() != '{' {
		return qdrantFormat("invalid type, expected struct")
	}
	s := qdrantSearch{limit: 10, least: math.Inf(-1), payload: qdrantWith(body.get("with_payload")), vectors: qdrantWith(body.get("with_vector"))}
	for i, to := range []*int{&s.limit, &s.offset} {
		name := []string{"limit", "offset"}[i]
		v := body.get(name)
		if !v.present() {
			continue
		}
		n, ok := v.integer()
		switch {
		case !ok:
			return qdrantFormat(name + ": expected usize")
		case i == 0 && n < 1:
			return qdrantInvalid(fmt.Sprintf("%s: value %d invalid, must be 1 or larger", name, n))
		case n < 0:
			return qdrantFormat(name + ": invalid value: integer `" + strconv.Itoa(n) + "`, expected usize")
		}
		*to = n
	}
	if v := body.get("score_threshold"); v.present() {
		least, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return qdrantFormat("score_threshold: expected f32")
		}
		s.least = least
	}
	if query != "" {
		v := body.get(query)
		if query == "vector" && v.kind() == '{' { // {name, vector}
			v = v.get("vector")
		}
		if query == "vector" && v.kind() != '[' {
			return qdrantFormat("missing field `vector`")
		}
		if r := s.aim(v); r != nil {
			return r
		}
	}
	if body.get("prefetch").present() {
		return qdrantInvalid("prefetch: is not built in the chaos mock model yet")
	}
	if s.vectors && min(s.limit, len(corpus))*max(rerankDimensions, len(s.vector))*(len(f.searches)+1) > qdrantNumbers {
		return qdrantInvalid(fmt.Sprintf("with_vector: more than %d numbers", qdrantNumbers))
	}
	f.searches = append(f.searches, s)
	return nil
}

// qdrantWith reports whether something is to be given: true, or some of it.
func qdrantWith(v doc) bool { return v.truth() || v.kind() == '[' || v.kind() == '{' }

const qdrantNoQuery = "Expected some form of vector, id, or a type of query"

// aim reads what is looked for: a vector, the id of a point, or either as nearest.
func (s *qdrantSearch) aim(v doc) *refusal {
	if v.kind() == '{' {
		near := v.get("nearest")
		if !near.present() {
			for key := range v.fields {
				if slices.Contains([]string{"recommend", "discover", "context", "order_by", "fusion", "rrf", "formula", "sample", "indices"}, key) {
					return qdrantInvalid("query." + key + ": is not built in the chaos mock model yet: a vector, an id and nearest are")
				}
			}
			return qdrantFormat(qdrantNoQuery)
		}
		v = near
	}
	switch v.kind() {
	case 0, 'n':
		return nil
	case '[':
		for x := range v.items {
			n, err := strconv.ParseFloat(string(x), 32)
			if err != nil {
				return qdrantFormat(qdrantNoQuery)
			}
			if len(s.vector) == dimensionsMax {
				return qdrantInvalid(fmt.Sprintf("query: vectors have at most %d dimensions", dimensionsMax))
			}
			s.vector = append(s.vector, float32(n))
		}
		if len(s.vector) == 0 {
			return qdrantInvalid("query: vector must not be empty")
		}
		return nil
	case '"':
		return &refusal{status: 404, message: "Not found: No point with id " + v.text() + " found"}
	}
	id, ok := v.integer()
	if !ok {
		return qdrantFormat(qdrantNoQuery)
	}
	if id < 1 || id > len(corpus) {
		return &refusal{status: 404, message: fmt.Sprintf("Not found: No point with id %d found", id)}
	}
	s.id = id
	return nil
}

// find returns the points in order, the nearest first; without a query as they are
// numbered.
func (s *qdrantSearch) find(a *answer) []scored {
	var all []scored
	switch {
	case s.vector != nil:
		all = a.store.nearest(s.vector)
	case s.id > 0:
		all = a.store.nearest(a.store.vectors(rerankDimensions)[s.id-1])
		all = slices.DeleteFunc(all, func(x scored) bool { return x.index == s.id-1 })
	default:
		for i := range corpus {
			all = append(all, scored{i, 0.5})
		}
	}
	all = slices.DeleteFunc(all, func(x scored) bool { return qdrantScore(x) < s.least })
	from := min(s.offset, len(all))
	return all[from:min(len(all), from+min(s.limit, len(corpus)))]
}

// qdrantScore is the cosine.
func qdrantScore(x scored) float64 { return 2*x.score - 1 }

func (f *qdrantPoints) whole(dst []byte, a *answer) []byte {
	dst = append(dst, `{"result":`...)
	switch {
	case f.batch:
		dst = append(dst, '[')
		for i := range f.searches {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(f.points(append(dst, `{"points":`...), a, &f.searches[i]), '}')
		}
		dst = append(dst, ']')
	case f.bare:
		dst = f.points(dst, a, &f.searches[0])
	case f.scroll:
		dst = f.page(dst, a, &f.searches[0])
	default:
		dst = append(f.points(append(dst, `{"points":`...), a, &f.searches[0]), '}')
	}
	dst = append(dst, `,"status":"ok","time":`...)
	dst = strconv.AppendFloat(dst, float64(max(0, a.nowNs-a.arrivedNs))/float64(time.Second), 'f', -1, 64)
	return append(dst, '}')
}

// page writes the points from an id on, and where the next page begins.
func (f *qdrantPoints) page(dst []byte, a *answer, s *qdrantSearch) []byte {
	first := max(1, s.offset)
	s.offset = first - 1
	dst = f.points(append(dst, `{"points":`...), a, s)
	dst = append(dst, `,"next_page_offset":`...)
	if next := first + min(s.limit, len(corpus)); next > first && next <= len(corpus) && !a.empty {
		return append(strconv.AppendInt(dst, int64(next), 10), '}')
	}
	return append(dst, "null}"...)
}

// points writes what a search found. The payload has the members that LangChain
// looks for, page_content and metadata, and text.
func (f *qdrantPoints) points(dst []byte, a *answer, s *qdrantSearch) []byte {
	var all []scored
	if !a.empty {
		all = s.find(a)
	}
	dst = append(dst, '[')
	for i, x := range all {
		if i > 0 {
			dst = append(dst, ',')
		}
		id := strconv.Itoa(x.index + 1)
		dst = append(append(dst, `{"id":`...), id...)
		if !f.scroll {
			dst = append(dst, `,"version":0,"score":`...)
			dst = appendFloat(dst, qdrantScore(x))
		}
		if s.payload {
			dst = append(dst, `,"payload":{"text":`...)
			dst = appendString(dst, corpus[x.index])
			dst = append(dst, `,"page_content":`...)
			dst = appendString(dst, corpus[x.index])
			dst = append(append(append(dst, `,"metadata":{"source":"help-`...), id...), `"}}`...)
		}
		if s.vectors {
			dst = append(dst, `,"vector":`...)
			dst = appendVector(dst, a.store.vectors(s.dimensions())[x.index], false)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// dimensions of the vectors that are given where the query has none.
func (s *qdrantSearch) dimensions() int {
	if s.vector != nil {
		return len(s.vector)
	}
	return rerankDimensions
}
