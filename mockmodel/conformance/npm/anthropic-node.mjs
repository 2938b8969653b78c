import Anthropic from '@anthropic-ai/sdk'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import { said as read, structured, tool } from './asked.mjs'

const client = (base) => new Anthropic({ baseURL: base, apiKey: 'sk-dummy' })
const question = (prompt) => ({ model: 'claude-sonnet-5-5', max_tokens: 300, messages: [{ role: 'user', content: prompt }] })
const forced = (prompt) => ({
  ...question(prompt),
  tools: [{ name: tool.name, description: tool.description, input_schema: tool.parameters }],
  tool_choice: { type: 'any' },
})
const formatted = (prompt) => ({ ...question(prompt), output_config: { format: zodOutputFormat(structured) } })

const said = (whole) =>
  read(whole, (m) => ({
    text: (m.content ?? []).filter((b) => b.type === 'text').map((b) => b.text).join(''),
    tools: (m.content ?? []).filter((b) => b.type === 'tool_use').map((b) => `${b.name}(${JSON.stringify(b.input)})`),
    stop: m.stop_reason ?? '',
    tokens: m.usage?.output_tokens,
  }))
// The helper that puts the events of a stream together again, and so judges them.
const streamed = async (base, body, signal) => said(await client(base).messages.stream(body, { signal }).finalMessage())

export const asks = {
  chat: async (base, prompt, signal) => said(await client(base).messages.create(question(prompt), { signal })),
  stream: (base, prompt, signal) => streamed(base, question(prompt), signal),
  tool: async (base, prompt, signal) => said(await client(base).messages.create(forced(prompt), { signal })),
  'tool stream': (base, prompt, signal) => streamed(base, forced(prompt), signal),
  async structured(base, prompt, signal) {
    const m = await client(base).messages.parse(formatted(prompt), { signal })
    return { ...said(m), text: JSON.stringify(m.parsed_output) }
  },
  'structured stream': (base, prompt, signal) => streamed(base, formatted(prompt), signal),
}

export const raised = (err) => ({ status: err.status, type: err.type, code: err.errorCode, message: err.apiMessage ?? err.message })
