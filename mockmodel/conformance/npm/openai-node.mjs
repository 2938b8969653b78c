import OpenAI from 'openai'

const client = (base) => new OpenAI({ baseURL: base + '/v1', apiKey: 'sk-dummy' })
const question = (prompt) => ({ model: 'gpt-4o', messages: [{ role: 'user', content: prompt }] })

export const asks = {
  async chat(base, prompt, signal) {
    const c = await client(base).chat.completions.create(question(prompt), { signal })
    return { text: c.choices[0]?.message.content ?? '', stop: c.choices[0]?.finish_reason ?? '', tokens: c.usage?.completion_tokens }
  },
  async stream(base, prompt, signal) {
    const got = { text: '', stop: '', tokens: 0 }
    const stream = await client(base).chat.completions.create({ ...question(prompt), stream: true, stream_options: { include_usage: true } }, { signal })
    for await (const chunk of stream) {
      got.text += chunk.choices[0]?.delta.content ?? ''
      got.stop = chunk.choices[0]?.finish_reason ?? got.stop
      got.tokens = chunk.usage?.completion_tokens ?? got.tokens
    }
    return got
  },
}

export const raised = (err) => ({ status: err.status, code: err.code, type: err.type, message: err.error?.message ?? err.message })
