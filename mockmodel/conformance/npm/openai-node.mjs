import OpenAI from 'openai'
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod'
import { said as read, structured, texts, tool, vectors } from './asked.mjs'

const client = (base) => new OpenAI({ baseURL: base + '/v1', apiKey: 'sk-dummy' })
const question = (prompt) => ({ model: 'gpt-4o', messages: [{ role: 'user', content: prompt }] })
const forced = (prompt) => ({ ...question(prompt), tools: [{ type: 'function', function: tool }], tool_choice: 'required' })

const said = (whole) =>
  read(whole, (c) => {
    const m = c.choices?.[0]?.message
    return {
      text: m?.content ?? '',
      stop: c.choices?.[0]?.finish_reason ?? '',
      tools: m?.tool_calls?.map((t) => `${t.function.name}(${t.function.arguments})`),
      tokens: c.usage?.completion_tokens,
    }
  })

// The helper that puts the chunks of a stream together again, and so judges them.
const streamed = async (base, body, signal) =>
  said(await client(base).chat.completions.stream({ ...body, stream_options: { include_usage: true } }, { signal }).finalChatCompletion())

const responded = (whole) =>
  read(whole, (r) => ({
    text: r.output_text ?? '',
    stop: r.status ?? '',
    tools: r.output?.filter((o) => o.type === 'function_call').map((o) => `${o.name}(${o.arguments})`),
    tokens: r.usage?.output_tokens,
  }))
const asked = (prompt) => ({ model: 'gpt-4o', input: prompt })
const respond = async (base, body, signal) => responded(await client(base).responses.create(body, { signal }))
const respondStreamed = async (base, body, signal) => responded(await client(base).responses.stream(body, { signal }).finalResponse())
const forcedResponse = (prompt) => ({ ...asked(prompt), tools: [{ type: 'function', strict: true, ...tool }], tool_choice: 'required' })

export const asks = {
  chat: async (base, prompt, signal) => said(await client(base).chat.completions.create(question(prompt), { signal })),
  async stream(base, prompt, signal) {
    const got = { text: '', stop: '', tokens: 0 }
    const stream = await client(base).chat.completions.create({ ...question(prompt), stream: true, stream_options: { include_usage: true } }, { signal })
    for await (const chunk of stream) {
      got.text += chunk.choices?.[0]?.delta?.content ?? ''
      got.stop = chunk.choices?.[0]?.finish_reason ?? got.stop
      got.tokens = chunk.usage?.completion_tokens ?? got.tokens
    }
    return got
  },
  tool: async (base, prompt, signal) => said(await client(base).chat.completions.create(forced(prompt), { signal })),
  'tool stream': (base, prompt, signal) => streamed(base, forced(prompt), signal),
  async structured(base, prompt, signal) {
    const c = await client(base).chat.completions.parse({ ...question(prompt), response_format: zodResponseFormat(structured, 'reply') }, { signal })
    return { ...said(c), text: JSON.stringify(c.choices[0].message.parsed) }
  },
  'structured stream': (base, prompt, signal) => streamed(base, { ...question(prompt), response_format: zodResponseFormat(structured, 'reply') }, signal),
  async embed(base, prompt) {
    const e = await client(base).embeddings.create({ model: 'text-embedding-3-small', input: prompt })
    return { text: `${e.data[0].embedding.length} dimensions` }
  },
  async three(base, prompt, signal) {
    const e = await client(base).embeddings.create({ model: 'text-embedding-3-small', input: texts(prompt) }, { signal })
    return read(e, () => vectors((e.data ?? []).map((d) => d.embedding), (e.data ?? []).map((d) => d.index)))
  },
  response: (base, prompt, signal) => respond(base, asked(prompt), signal),
  'response stream': (base, prompt, signal) => respondStreamed(base, asked(prompt), signal),
  'response tool': (base, prompt, signal) => respond(base, forcedResponse(prompt), signal),
  'response tool stream': (base, prompt, signal) => respondStreamed(base, forcedResponse(prompt), signal),
  async 'response structured'(base, prompt, signal) {
    const r = await client(base).responses.parse({ ...asked(prompt), text: { format: zodTextFormat(structured, 'reply') } }, { signal })
    return { ...responded(r), text: JSON.stringify(r.output_parsed) }
  },
}

export const raised = (err) => ({ status: err.status, code: err.code, type: err.type, message: err.error?.message ?? err.message })
