import Anthropic from '@anthropic-ai/sdk'

const client = (base) => new Anthropic({ baseURL: base, apiKey: 'sk-dummy' })
const question = (prompt) => ({ model: 'claude-sonnet-5-5', max_tokens: 100, messages: [{ role: 'user', content: prompt }] })

const said = (m) => ({
  text: m.content.filter((b) => b.type === 'text').map((b) => b.text).join(''),
  stop: m.stop_reason ?? '',
  tokens: m.usage.output_tokens,
})

export const asks = {
  chat: async (base, prompt, signal) => said(await client(base).messages.create(question(prompt), { signal })),
  // The helper that puts the events of a stream together again, and so judges them.
  stream: async (base, prompt, signal) => said(await client(base).messages.stream(question(prompt), { signal }).finalMessage()),
}

export const raised = (err) => ({ status: err.status, type: err.type, code: err.errorCode, message: err.apiMessage ?? err.message })
