import { createOpenAI } from '@ai-sdk/openai'
import { embed, embedMany, generateText, jsonSchema, Output, streamText, tool as makeTool } from 'ai'
import { structured, texts, tool, vectors } from './asked.mjs'

const openai = (base) => createOpenAI({ baseURL: base + '/v1', apiKey: 'sk-dummy' })
const chat = (base) => openai(base).chat('gpt-4o')
// What the provider speaks where nobody says which API.
const responses = (base) => openai(base)('gpt-4o')

const forced = {
  tools: { [tool.name]: makeTool({ description: tool.description, inputSchema: jsonSchema(tool.parameters) }) },
  toolChoice: 'required',
}
const formatted = { output: Output.object({ schema: structured }) }
// A call that it cannot read it hands on, marked as invalid.
const called = (calls) => calls.map((c) => `${c.invalid ? 'invalid ' : ''}${c.toolName}(${JSON.stringify(c.input)})`)

async function whole(model, prompt, abortSignal, more = {}) {
  const r = await generateText({ model, prompt, abortSignal, ...more })
  return { text: more.output ? JSON.stringify(r.output) : r.text, tools: called(r.toolCalls), stop: r.finishReason, tokens: r.usage.outputTokens }
}

async function streamed(model, prompt, abortSignal, more = {}) {
  let failed
  const got = { text: '', tools: [], stop: '', tokens: 0 }
  // An error is a part of the stream: the program that reads it has to look.
  const r = streamText({ model, prompt, abortSignal, onError: () => {}, ...more })
  for await (const part of r.fullStream) {
    if (part.type === 'text-delta') got.text += part.text
    if (part.type === 'tool-call') got.tools.push(...called([part]))
    if (part.type === 'error') failed = part.error
    if (part.type === 'abort') got.stop = 'abort' // that the caller gave up, is a part, too
    if (part.type === 'finish') {
      got.stop = part.finishReason
      got.tokens = part.totalUsage.outputTokens
    }
  }
  if (failed) throw failed
  return got
}

// Who reads no more than the text, hears of nothing else.
async function textOnly(model, prompt, abortSignal) {
  let text = ''
  for await (const more of streamText({ model, prompt, abortSignal, onError: () => {} }).textStream) text += more
  return { text, stop: '', tokens: 0 }
}

export const asks = {
  chat: (base, prompt, signal) => whole(chat(base), prompt, signal),
  stream: (base, prompt, signal) => streamed(chat(base), prompt, signal),
  'text stream': (base, prompt, signal) => textOnly(chat(base), prompt, signal),
  tool: (base, prompt, signal) => whole(chat(base), prompt, signal, forced),
  'tool stream': (base, prompt, signal) => streamed(chat(base), prompt, signal, forced),
  structured: (base, prompt, signal) => whole(chat(base), prompt, signal, formatted),
  'structured stream': (base, prompt, signal) => streamed(chat(base), prompt, signal, formatted),
  async embed(base, prompt) {
    const e = await embed({ model: openai(base).embedding('text-embedding-3-small'), value: prompt })
    return { text: `${e.embedding.length} dimensions`, tokens: 0 }
  },
  async three(base, prompt, abortSignal) {
    const e = await embedMany({ model: openai(base).embedding('text-embedding-3-small'), values: texts(prompt), abortSignal })
    return vectors(e.embeddings)
  },
  response: (base, prompt, signal) => whole(responses(base), prompt, signal),
  'response stream': (base, prompt, signal) => streamed(responses(base), prompt, signal),
  'response tool': (base, prompt, signal) => whole(responses(base), prompt, signal, forced),
  'response tool stream': (base, prompt, signal) => streamed(responses(base), prompt, signal, forced),
  'response structured': (base, prompt, signal) => whole(responses(base), prompt, signal, formatted),
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
