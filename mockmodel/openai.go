package mockmodel

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// openAI is what OpenAI's endpoints share. Shapes and headers: the API
// reference and the types of openai/openai-python; words of the errors: the
// guide to error codes, and what the API answers.
var openAI = vendor{
	name:      "openai",
	bodyMax:   32 << 20,
	hintMS:    true,
	overload:  http.StatusServiceUnavailable,
	twin:      &twinOpenAI,
	toolText:  toolTextAlways,
	words:     openAIWords,
	notJSON:   openAINotJSON,
	limited:   openAILimited,
	blocked:   openAIFlagged,
	tooLong:   openAIOverlong,
	exhausted: openAISpent,
	body:      openAIBody,
	headers:   openAIHeaders,
	quota:     openAIQuota,
}

// openAIOrganization is whose quota it is, in headers and messages.
const openAIOrganization = "org-chaos"

// openAIErrors are type, code and message by status, from the guide to error
// codes.
var openAIErrors = map[int]refusal{
	400: {kind: "invalid_request_error", message: "Invalid request. Please check your parameters and try again."},
	401: {kind: "invalid_request_error", code: "invalid_api_key", message: "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."},
	403: {kind: "invalid_request_error", code: "unsupported_country_region_territory", message: "Country, region, or territory not supported"},
	404: {kind: "invalid_request_error", code: "model_not_found"},
	408: {kind: "server_error", message: "Request timed out."},
	409: {kind: "invalid_request_error", message: "The resource was updated by another request."},
	413: {kind: "invalid_request_error", message: "Request body is too large."},
	422: {kind: "invalid_request_error", message: "Unable to process the request despite the format being correct."},
	429: {kind: "requests", code: "rate_limit_exceeded"},
	500: {kind: "server_error", message: "The server had an error while processing your request. Sorry about that!"},
	503: {kind: "service_unavailable_error", code: "server_is_overloaded", message: "Our servers are currently overloaded. Please try again later."},
}

func openAIWords(status int, c *call) refusal {
	r, known := openAIErrors[status]
	switch {
	case !known && status >= 500:
		r = refusal{kind: "server_error", message: "The server is temporarily unable to handle your request."}
	case !known:
		r = refusal{kind: "invalid_request_error", message: http.StatusText(status)}
	case status == 404:
		r.message = fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", c.model)
	}
	r.status = status
	return r
}

func openAIBody(dst []byte, r *refusal, _ string) []byte {
	dst = append(dst, `{"error":`...)
	dst = openAIError(dst, r)
	return append(dst, '}')
}

func openAIError(dst []byte, r *refusal) []byte {
	dst = append(dst, `{"message":`...)
	dst = appendString(dst, r.message)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, r.kind)
	dst = append(dst, `,"param":`...)
	dst = appendOrNull(dst, r.param)
	dst = append(dst, `,"code":`...)
	dst = appendOrNull(dst, r.code)
	return append(dst, '}')
}

func appendOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

// Values that every answer shares, so that setting them costs nothing.
var (
	openAIVersion = []string{"2020-10-01"}
	openAIOrg     = []string{openAIOrganization}
)

func openAIHeaders(h http.Header, request string, took time.Duration) {
	h["X-Request-Id"] = []string{"req_" + request}
	h["Openai-Version"] = openAIVersion
	h["Openai-Organization"] = openAIOrg
	h["Openai-Processing-Ms"] = []string{strconv.FormatInt(took.Milliseconds(), 10)}
}

// Errors that several of OpenAI's endpoints share.
func openAINotJSON() *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", message: "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. " +
		"The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)"}
}

func openAIMissing(param string) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", code: "missing_required_parameter", param: param, message: "Missing required parameter: '" + param + "'."}
}

func openAIWrongType(param, want string, got doc) *refusal {
	return &refusal{status: 400, kind: "invalid_request_error", code: "invalid_type", param: param,
		message: fmt.Sprintf("Invalid type for '%s': expected %s, but got %s instead.", param, want, openAIKind(got))}
}

// openAIKind names the type of a value as OpenAI's messages do.
func openAIKind(d doc) string {
	switch d.kind() {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n', 0:
		return "null"
	}
	if _, ok := d.integer(); ok {
		return "an integer"
	}
	return "a decimal number"
}

// openAIModel reads the model, without which no endpoint works.
func openAIModel(body doc, c *call) *refusal {
	if body.kind() != '{' {
		return openAINotJSON()
	}
	if c.at != "" { // a deployment of Azure's, which the path names
		c.model = c.at
		return nil
	}
	model := body.get("model")
	switch {
	case !model.present() || model == `""`:
		return &refusal{status: 400, kind: "invalid_request_error", message: "you must provide a model parameter"}
	case model.kind() != '"':
		return openAIWrongType("model", "a string", model)
	}
	c.model = model.text()
	return nil
}
