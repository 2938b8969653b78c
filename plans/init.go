package plans

import (
	"fmt"
	"strconv"
	"strings"
)

// Init returns the text of a first plan. With a command, chaos starts the
// service with it; without one, the plan names a service that runs already.
func Init(command []string) string {
	target := `target:
  url: http://127.0.0.1:8080/v1/chat/completions   # your service; start it with
                                                   # OPENAI_BASE_URL=http://127.0.0.1:4010/v1`
	provider := `
  listen: 127.0.0.1:4010     # fixed, as your service must know it`
	if len(command) > 0 {
		var args []string
		for _, a := range command {
			// In YAML's double quotes, which know what Go's do; $${ is a literal ${.
			args = append(args, strconv.Quote(strings.ReplaceAll(a, "${", "$${")))
		}
		target = fmt.Sprintf(`target:
  command: [%s]
  # It gets PORT, OPENAI_BASE_URL, ANTHROPIC_BASE_URL and the like, and dummy API keys. Other names:
  # env: {LLM_URL: "${provider.openai}"}
  # path: /v1/chat/completions
  # ready: {path: /healthz, within: 15s}`, strings.Join(args, ", "))
		provider = ""
	}
	return fmt.Sprintf(initText, target, provider)
}

const initText = `# A first plan. Try one request with ` + "`chaos run --once FILE`" + `, look at the timeline with
# ` + "`chaos validate FILE`" + `, then ` + "`chaos run FILE`" + `. All keys: chaos schema.
name: first
description: A spike while the provider rate-limits and fails.

%s
  # What a user sends and reads; left out: an OpenAI chat completion. For another shape:
  # request:
  #   body: '{"question": {{json .Prompt}}, "stream": {{.Stream}}}'
  # response:
  #   answer: $.answer          # JSONPath of the text
  #   degraded:                 # how your service says that it degraded
  #     - {kind: cached, header: {x-cache: hit}}

provider:%s
  models:                      # the models that your service asks for
    gpt-4o: {ttft: 300ms, tokens_per_second: 80, output_tokens: 120, price: {input: 2.50, output: 10.00}}

load:
  arrivals: poisson
  phases:
    - {name: warm, rate: 5, for: 10s}
    - {name: spike, rate: 25, for: 30s}
    - {name: recovery, rate: 5, for: 40s}
  mix:
    - {name: chat, model: gpt-4o, prompt_tokens: 200, stream: true}
  tenants: 3
  client: {timeout: 20s}

faults:
  - {name: limited, rate_limit: {retry_after: 2s}, during: spike, probability: 0.2, match: {step: chat}}
  - {name: failing, http_503: {}, during: spike, probability: 0.1, match: {step: chat}}

assertions:                    # left out: all of them, with their defaults
  - retries.attempts: {max: 3}
  - retries.retry_after
  - retries.amplification: {max: 1.5}
  - degradation.available: {min: 95%%, during: spike}
  - degradation.no_empty
  - collapse.recovers: {to: 95%%, within: 15s, hold: 10s, after: spike}
`
