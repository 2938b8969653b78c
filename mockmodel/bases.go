package mockmodel

// Base says how the SDKs of a dialect are sent to a provider other than their
// own.
type Base struct {
	Dialect string
	// Path stands behind the origin in a base URL: what an SDK appends to
	// differs.
	Path string
	// Variables are the environment variables in which an SDK looks for its
	// base URL.
	Variables []string
}

// bases is the visible list: a dialect whose SDKs are told where to go has a
// line here.
//
// The SDKs append /chat/completions to OPENAI_BASE_URL, but /v1/messages to
// ANTHROPIC_BASE_URL: openai-python _client.py, anthropic-sdk-python _client.py.
// Google's append /v1beta/models: _api_client.py of python-genai, client.go of
// go-genai; Ollama's append /api: _client.py of ollama-python, envconfig/config.go
// of ollama. The dialects of rerankers stand in their paths, as Cohere, Jina and
// Voyage share one; no SDK asks the environment for the latter two.
var bases = []Base{
	{"openai", "/v1", []string{"OPENAI_BASE_URL", "OPENAI_API_BASE"}},
	{"anthropic", "", []string{"ANTHROPIC_BASE_URL"}},
	{"azure", "", []string{"AZURE_OPENAI_ENDPOINT"}}, // openai-python lib/azure.py
	{"gemini", "", []string{"GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"}},
	{"ollama", "", []string{"OLLAMA_HOST"}},
	{"bedrock", "", []string{"AWS_ENDPOINT_URL_BEDROCK_RUNTIME"}}, // SDKs reference, service-specific endpoints
	{"cohere", "", []string{"CO_API_URL"}},                        // cohere-python base_client.py
	{"jina", "/jina/v1", nil},
	{"qdrant", "", nil}, // its clients are told in code
	{"voyage", "/voyage/v1", nil},
}

// Bases returns how the SDKs of the dialects are sent to the provider, in the
// order of the list. The caller owns it.
func Bases() []Base { return append([]Base(nil), bases...) }
