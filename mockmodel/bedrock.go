package mockmodel

import (
	"net/http"
	"time"

	"github.com/chaoskit/chaos/internal/journal"
)

// bedrockDialect is the name of the dialect in a plan and in the records.
const bedrockDialect = "bedrock"

// bedrock is the runtime of Amazon Bedrock: Converse and ConverseStream. Shapes:
// service/bedrockruntime of aws/aws-sdk-go-v2 (types, and the statuses of its
// schemas) and the API reference of both operations. Signatures are accepted,
// whatever they say.
var bedrock = vendor{
	name:     bedrockDialect,
	bodyMax:  25_000_000, // of a body: the API reference, InvokeModel
	overload: http.StatusServiceUnavailable,
	twin:     &twinBedrock,
	toolText: toolTextStreams,
	words:    bedrockWords,
	notJSON:  func() *refusal { return bedrockMalformed("The request body is not valid JSON.") },
	limited:  bedrockLimited,
	guarded:  bedrockGuarded,
	tooLong:  bedrockTooLong,
	notReady: func() refusal {
		return refusal{status: http.StatusTooManyRequests, kind: "ModelNotReadyException", message: "Model is not ready for inference."}
	},
	body:      bedrockBody,
	errorHead: func(h http.Header, r *refusal) { h["X-Amzn-Errortype"] = []string{r.kind} },
	headers: func(h http.Header, request string, _ time.Duration) {
		h["X-Amzn-Requestid"] = []string{uuidOf("bedrock", request)}
	},
	quota: bedrockQuota,
}

const bedrockUnexpected = "The system encountered an unexpected error during processing. Try your request again."

// bedrockErrors are the exceptions by their status. Words: the user guide,
// troubleshooting API error codes, and as quoted in foundation-model-benchmarking-tool
// #247 (503) and litellm #20473 (the token, there with 403).
var bedrockErrors = map[int]refusal{
	400: {kind: "ValidationException", message: "Malformed input request, please reformat your input and try again."},
	401: {kind: "UnrecognizedClientException", message: "The security token included in the request is invalid."},
	403: {kind: "AccessDeniedException", message: "You don't have access to the model with the specified model ID."},
	404: {kind: "ResourceNotFoundException"},
	408: {kind: "ModelTimeoutException", message: "Model has timed out in processing the request. Try your request again."},
	409: {kind: "ConflictException", message: "The request conflicts with another request."},
	413: {kind: "RequestEntityTooLargeException", message: "Request entity too large."},
	424: {kind: "ModelErrorException", message: bedrockUnexpected, details: `"originalStatusCode":500`},
	503: {kind: "ServiceUnavailableException", message: "Bedrock is unable to process your request."},
}

func bedrockWords(status int, c *call) refusal {
	r, known := bedrockErrors[status]
	switch {
	case !known && status >= 500:
		r = refusal{kind: "InternalServerException", message: bedrockUnexpected}
	case !known:
		r = refusal{kind: "ValidationException", message: http.StatusText(status)}
	case status == 404:
		r.message = "Could not resolve the foundation model from this model identifier: " + c.model
	}
	r.status = status
	return r
}

// bedrockMalformed is the error of the protocol for a body that does not have
// the types of the model: awslabs/smithy, protocol tests of restJson1, malformed
// requests.
func bedrockMalformed(message string) *refusal {
	return &refusal{status: 400, kind: "SerializationException", message: message}
}

func bedrockInvalid(message string) *refusal {
	return &refusal{status: 400, kind: "ValidationException", message: message}
}

// bedrockConstraint is the error for a value that breaks a rule of the API's model.
// value is as it stands in the error: null, or in quotes.
func bedrockConstraint(value, at, must string) *refusal {
	return bedrockInvalid("1 validation error detected: Value " + value + " at '" + at + "' failed to satisfy constraint: Member must " + must)
}

func bedrockBody(dst []byte, r *refusal, _ string) []byte {
	dst = append(dst, `{"message":`...)
	dst = appendString(dst, r.message)
	if r.details != "" {
		dst = append(append(dst, ','), r.details...)
	}
	return append(dst, '}')
}

// bedrockOperations are the operations of the service that are not built, by
// what stands behind the model in their paths: the API reference.
var bedrockOperations = map[string]string{
	"invoke": "InvokeModel", "invoke-with-response-stream": "InvokeModelWithResponseStream",
	"invoke-with-bidirectional-stream": "InvokeModelWithBidirectionalStream", "count-tokens": "CountTokens",
}

// bedrockUnbuilt answers what is below /model and is neither Converse nor
// ConverseStream.
func bedrockUnbuilt(s *Server, r *http.Request, f found) ([]byte, *refusal) {
	s.noteUnserved(r)
	name, known := bedrockOperations[f.at]
	if !known {
		name = journal.Clip(f.at, textMax)
	}
	return nil, &refusal{status: http.StatusNotFound, kind: "UnknownOperationException",
		message: "The operation " + name + " is not built in the chaos mock model yet: Converse and ConverseStream are."}
}
