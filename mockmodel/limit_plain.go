package mockmodel

// twinPlain counts for those whose way of counting is not known, or who count
// in the plain way, as rerankers do: buckets for requests and for the tokens of
// the call.
var twinPlain = twin{asks: func(u use) int64 { return int64(u.in) }}
