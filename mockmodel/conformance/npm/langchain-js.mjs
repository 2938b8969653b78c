import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { said as read, structured, texts, tool, vectors } from './asked.mjs'

const settings = (base) => ({ apiKey: 'sk-dummy', configuration: { baseURL: base + '/v1' } })
const model = (base, more = {}) => new ChatOpenAI({ model: 'gpt-4o', ...settings(base), ...more })
const armed = (base) => model(base).bindTools([{ type: 'function', function: tool }], { tool_choice: 'required' })

const said = (whole) =>
  read(whole, (m) => ({
    text: m.text ?? '',
    // A call that it cannot read it hands on, among those that are invalid.
    tools: [
      ...(m.tool_calls ?? []).map((t) => `${t.name}(${JSON.stringify(t.args)})`),
      ...(m.invalid_tool_calls ?? []).map((t) => `invalid ${t.name}(${t.args})`),
    ],
    stop: m.response_metadata?.finish_reason ?? m.response_metadata?.status ?? '',
    tokens: m.usage_metadata?.output_tokens ?? 0,
  }))
async function streamed(of, prompt, signal) {
  let whole
  for await (const chunk of await of.stream(prompt, { signal })) whole = whole ? whole.concat(chunk) : chunk
  return said(whole)
}

export const asks = {
  chat: async (base, prompt, signal) => said(await model(base).invoke(prompt, { signal })),
  stream: (base, prompt, signal) => streamed(model(base), prompt, signal),
  tool: async (base, prompt, signal) => said(await armed(base).invoke(prompt, { signal })),
  'tool stream': (base, prompt, signal) => streamed(armed(base), prompt, signal),
  async structured(base, prompt, signal) {
    const r = await model(base).withStructuredOutput(structured, { includeRaw: true }).invoke(prompt, { signal })
    return { ...said(r.raw), text: JSON.stringify(r.parsed) }
  },
  async embed(base, prompt) {
    const vector = await new OpenAIEmbeddings({ model: 'text-embedding-3-small', ...settings(base) }).embedQuery(prompt)
    return { text: `${vector.length} dimensions` }
  },
  async three(base, prompt) {
    return vectors(await new OpenAIEmbeddings({ model: 'text-embedding-3-small', ...settings(base) }).embedDocuments(texts(prompt)))
  },
  response: async (base, prompt, signal) => said(await model(base, { useResponsesApi: true }).invoke(prompt, { signal })),
  'response stream': (base, prompt, signal) => streamed(model(base, { useResponsesApi: true }), prompt, signal),
}

export const raised = (err) => ({ status: err.status, code: err.code ?? err.lc_error_code, type: err.type, message: err.error?.message ?? err.message })
