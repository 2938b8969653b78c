import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'

const model = (base) => createOpenAI({ baseURL: base + '/v1', apiKey: 'sk-dummy' }).chat('gpt-4o')

export const asks = {
  async chat(base, prompt, abortSignal) {
    const r = await generateText({ model: model(base), prompt, abortSignal })
    return { text: r.text, stop: r.finishReason, tokens: r.usage.outputTokens }
  },
  async stream(base, prompt, abortSignal) {
    let failed
    const got = { text: '', stop: '', tokens: 0 }
    // An error is a part of the stream: the program that reads it has to look.
    const r = streamText({ model: model(base), prompt, abortSignal, onError: () => {} })
    for await (const part of r.fullStream) {
      if (part.type === 'text-delta') got.text += part.text
      if (part.type === 'error') failed = part.error
      if (part.type === 'finish') {
        got.stop = part.finishReason
        got.tokens = part.totalUsage.outputTokens
      }
    }
    if (failed) throw failed
    return got
  },
}

// A failure after retries is wrapped; what it wraps carries the status.
export function raised(err) {
  const inner = err.lastError ?? err
  const own = inner.data?.error ?? {}
  return {
    class: err.name + (inner === err ? '' : ` of ${inner.name}`),
    status: inner.statusCode, code: own.code, type: own.type, message: inner.message,
  }
}
