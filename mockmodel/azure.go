package mockmodel

import (
	"fmt"
	"net/http"
	"time"

	"github.com/chaoskit/chaos/internal/wire"
)

// azure is Azure OpenAI: the endpoints of OpenAI behind a gateway that knows
// deployments, asks for a version of the API, and writes errors of its own,
// whose codes are strings. Sources: Azure's REST reference (inference,
// 2024-10-21) and what its callers quote, see at each.
var azure = vendor{
	name:     "azure",
	bodyMax:  32 << 20,
	hintMS:   true,
	overload: http.StatusTooManyRequests,
	twin:     &twinAzure,
	toolText: toolTextAlways,
	words:    azureWords,
	notJSON:  openAINotJSON,
	limited:  azureRefused,
	blocked:  func() refusal { return azureWords(http.StatusBadRequest, nil) },
	tooLong:  openAIOverlong,
	body:     azureBody,
	headers:  azureHeaders,
	quota:    azureQuota,
}

// azureErrors are those of the gateway, which have a code and a message alone,
// and those of the model behind it, which look like OpenAI's. A 400 is the one
// that callers of Azure meet: the content filter. Words as quoted in
// dify-official-plugins #2199 (408), azure-search-openai-demo #1390 (500) and
// pollinations #6260 (429 of a full model).
var azureErrors = map[int]refusal{
	400: {code: "content_filter", param: "prompt", message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
		details: `{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":false,"severity":"safe"},"jailbreak":{"filtered":false,"detected":false},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":true,"severity":"medium"}}}`},
	401: {code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."},
	403: {code: "AccessDenied", message: "Access denied due to Virtual Network/Firewall rules."},
	404: {code: "DeploymentNotFound", message: "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."},
	408: {code: "Timeout", message: "The operation was timeout."},
	429: {code: "429", message: "The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load. For improved capacity reliability, consider switching to Provisioned Throughput."},
	500: {kind: "server_error", message: "The server had an error while processing your request. Sorry about that!"},
	503: {code: "InternalServerError", message: "The service is temporarily unable to process your request. Please try again later."},
}

func azureWords(status int, _ *call) refusal {
	r, known := azureErrors[status]
	if !known {
		r = refusal{code: fmt.Sprint(status), message: http.StatusText(status)}
		if r.message == "" {
			r.message = "The request failed."
		}
	}
	r.status = status
	return r
}

// azureLost is the error for a path that nothing answers, and for a call that
// does not say its version of the API: openai-python #1387.
func azureLost() *refusal {
	return &refusal{status: http.StatusNotFound, code: "404", message: "Resource not found"}
}

// azurePage answers what is below /openai/deployments and is nothing else.
func azurePage(*Server, *http.Request, found) ([]byte, *refusal) { return nil, azureLost() }

// azureOperations are the names of the operations by the kind of step, as the
// error messages have them.
var azureOperations = map[string]string{"chat": "ChatCompletions_Create", "embed": "Embeddings_Create"}

func azureRefused(c *call, _ quotas, r refused, told time.Duration) refusal {
	operation := azureOperations[c.kind]
	if _, ok := c.form.(*openAIResponses); ok {
		operation = "Responses_Create"
	}
	version := "v1"
	if c.http != nil && azureVersion(c) != "" {
		version = azureVersion(c)
	}
	return azureLimited(operation, version, r, told)
}

func azureVersion(c *call) string { return c.http.URL.Query().Get("api-version") }

// azureBody writes the errors of the gateway, those of OpenAI, and the content
// filter's, which has more to say.
func azureBody(dst []byte, r *refusal, request string) []byte {
	switch {
	case r.details != "":
		dst = append(dst, `{"error":{"message":`...)
		dst = appendString(dst, r.message)
		dst = append(dst, `,"type":null,"param":`...)
		dst = appendOrNull(dst, r.param)
		dst = append(dst, `,"code":`...)
		dst = appendString(dst, r.code)
		dst = append(dst, `,"status":`...)
		dst = fmt.Append(dst, r.status)
		dst = append(dst, `,"innererror":`...)
		dst = append(dst, r.details...)
		return append(dst, "}}"...)
	case r.kind == "":
		dst = append(dst, `{"error":{"code":`...)
		dst = appendString(dst, r.code)
		dst = append(dst, `,"message":`...)
		dst = appendString(dst, r.message)
		return append(dst, "}}"...)
	}
	return openAIBody(dst, r, request)
}

// azureRegion is where the one resource stands.
var (
	azureRegion  = []string{"East US"}
	azureSniff   = []string{"nosniff"}
	azureFilters = []string{"true"}
)

// azureHeaders are those of the API gateway.
func azureHeaders(h http.Header, request string, _ time.Duration) {
	h["Apim-Request-Id"] = []string{uuidOf("apim", request)}
	h["X-Request-Id"] = []string{uuidOf("request", request)}
	h["X-Ms-Region"] = azureRegion
	h["X-Ms-Rai-Invoked"] = azureFilters
	h["X-Content-Type-Options"] = azureSniff
}

// uuidOf writes the id of a request as a UUID of version 4.
func uuidOf(what, request string) string {
	high := wire.Mix(wire.FoldMore(wire.FoldMore(wire.FoldStart, what), request))
	low := wire.Mix(high)
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff, low>>48&0x3fff|0x8000, low&0xffffffffffff)
}

// azureRead reads a call as OpenAI would, behind the gateway. dated: the path
// wants a version of the API, as all but those below /openai/v1 do.
func azureRead(read func(doc, *call) *refusal, dated bool) func(doc, *call) *refusal {
	return func(body doc, c *call) *refusal {
		if dated && azureVersion(c) == "" {
			return azureLost()
		}
		r := read(body, c)
		if f, ok := c.form.(*openAIChat); ok {
			f.azure = true
		}
		return r
	}
}
