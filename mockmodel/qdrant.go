package mockmodel

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// qdrant is the REST API of Qdrant over the store of search.go: every collection
// holds the same pages, numbered from 1, in as many dimensions as a query has.
// Filters are accepted and not evaluated: every page passes. Shapes: the OpenAPI
// of qdrant/qdrant; errors: its StorageError, and the validation of bodies in
// src/actix.
var qdrant = vendor{
	name:     "qdrant",
	bodyMax:  32 << 20, // max_request_size_mb of config/config.yaml
	overload: http.StatusServiceUnavailable,
	twin:     &twinPlain,
	words:    qdrantWords,
	notJSON:  func() *refusal { return qdrantFormat("the body is not valid JSON") },
	limited: func(*call, quotas, refused, time.Duration) refusal {
		return refusal{status: http.StatusTooManyRequests, message: "Rate limiting exceeded: Read rate limit exceeded"}
	},
	body:    qdrantBody,
	headers: func(http.Header, string, time.Duration) {},
	quota:   func(http.Header, quotas, time.Time) {},
}

var qdrantErrors = map[int]string{
	400: "Wrong input: Bad request", 401: "Invalid API key or JWT", 403: "Forbidden: Access denied", 404: "Not found: Collection doesn't exist!",
	408: "Timeout error: Operation 'Query' timed out after 60 seconds", 413: "Payload error: JSON payload is larger than allowed",
	500: "Service internal error: 1 of 1 read operations failed",
}

func qdrantWords(status int, _ *call) refusal {
	message, known := qdrantErrors[status]
	if !known {
		message = http.StatusText(status)
	}
	return refusal{status: status, message: message}
}

// qdrantFormat is the error for a body that has not the form of the call, and
// qdrantInvalid the one for a value out of bounds.
func qdrantFormat(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, message: "Format error in JSON body: " + message}
}

func qdrantInvalid(message string) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, message: "Validation error in JSON body: [" + message + "]"}
}

func qdrantBody(dst []byte, r *refusal, _ string) []byte {
	dst = append(dst, `{"status":{"error":`...)
	dst = appendString(dst, r.message)
	return append(dst, `},"time":0.0}`...)
}

// qdrantDone writes an answer that is no attempt.
func qdrantDone(result string) ([]byte, *refusal) {
	return []byte(`{"result":` + result + `,"status":"ok","time":0.0}`), nil
}

func qdrantCollections(*Server, *http.Request, found) ([]byte, *refusal) {
	return qdrantDone(`{"collections":[]}`)
}

// qdrantCollection describes a collection: clients compare its size with that of
// their vectors, which is the dimensions of the model search.
func qdrantCollection(_ *Server, _ *http.Request, f found) ([]byte, *refusal) {
	n := strconv.Itoa(len(corpus))
	size := strconv.Itoa(f.endpoint.station(searchModel).Dimensions)
	return qdrantDone(`{"status":"green","optimizer_status":"ok","indexed_vectors_count":` + n + `,"points_count":` + n + `,"segments_count":1,` +
		`"config":{"params":{"vectors":{"size":` + size + `,"distance":"Cosine"},"shard_number":1,"replication_factor":1,"write_consistency_factor":1,"on_disk_payload":true},` +
		`"hnsw_config":{"m":16,"ef_construct":100,"full_scan_threshold":10000},"optimizer_config":{"deleted_threshold":0.2,"vacuum_min_vector_number":1000,"default_segment_number":0,"flush_interval_sec":5},"wal_config":{"wal_capacity_mb":32,"wal_segments_ahead":0}},"payload_schema":{}}`)
}

func qdrantExists(*Server, *http.Request, found) ([]byte, *refusal) {
	return qdrantDone(`{"exists":true}`)
}

func qdrantCreate(*Server, *http.Request, found) ([]byte, *refusal) { return qdrantDone("true") }

// qdrantUpsert acknowledges points, which nobody finds again.
func qdrantUpsert(_ *Server, r *http.Request, _ found) ([]byte, *refusal) {
	status := "acknowledged"
	if r.URL.Query().Get("wait") == "true" {
		status = "completed"
	}
	return qdrantDone(`{"operation_id":0,"status":"` + status + `"}`)
}

// qdrantUnbuilt answers what else there is below a collection.
func qdrantUnbuilt(s *Server, r *http.Request, f found) ([]byte, *refusal) {
	s.noteUnserved(r)
	_, what, _ := strings.Cut(f.at, "/")
	return nil, &refusal{status: http.StatusNotFound, message: "Not found: " + journal.Clip(what, textMax) + " is not built in the chaos mock model yet: points/query, points/query/batch, points/search and points/scroll are"}
}
