import { FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import { z } from 'zod'
import { structured, texts, tool, vectors } from './asked.mjs'

const client = (base) => new GoogleGenAI({ apiKey: 'dummy', httpOptions: { baseUrl: base } })
const question = (prompt, abortSignal, config = {}) => ({ model: 'gemini-2.5-flash', contents: prompt, config: { abortSignal, ...config } })

const forced = {
  tools: [{ functionDeclarations: [{ name: tool.name, description: tool.description, parametersJsonSchema: tool.parameters }] }],
  toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
}
const formatted = { responseMimeType: 'application/json', responseJsonSchema: z.toJSONSchema(structured) }

const said = (r) => ({
  text: r.candidates?.[0]?.content?.parts?.map((p) => p?.text ?? '').join('') ?? '',
  tools: r.functionCalls?.map((c) => `${c.name}(${JSON.stringify(c.args)})`) ?? [],
  stop: r.candidates?.[0]?.finishReason ?? '',
  tokens: r.usageMetadata?.candidatesTokenCount ?? 0,
})
const whole = async (base, ...asked) => said(await client(base).models.generateContent(question(...asked)))

async function streamed(base, ...asked) {
  const got = { text: '', tools: [], stop: '', tokens: 0 }
  for await (const chunk of await client(base).models.generateContentStream(question(...asked))) {
    const one = said(chunk)
    got.text += one.text
    got.tools.push(...one.tools)
    got.stop = one.stop || got.stop
    got.tokens = Math.max(got.tokens, one.tokens)
  }
  return got
}

// The answer of a schema is held against zod by the caller.
const checked = (got) => ({ ...got, text: JSON.stringify(structured.parse(JSON.parse(got.text))) })

export const asks = {
  chat: (base, prompt, signal) => whole(base, prompt, signal),
  stream: (base, prompt, signal) => streamed(base, prompt, signal),
  tool: (base, prompt, signal) => whole(base, prompt, signal, forced),
  'tool stream': (base, prompt, signal) => streamed(base, prompt, signal, forced),
  structured: async (base, prompt, signal) => checked(await whole(base, prompt, signal, formatted)),
  'structured stream': async (base, prompt, signal) => checked(await streamed(base, prompt, signal, formatted)),
  async embed(base, prompt) {
    const r = await client(base).models.embedContent({ model: 'gemini-embedding-001', contents: prompt })
    return { text: `${r.embeddings[0].values.length} dimensions` }
  },
  async three(base, prompt, abortSignal) {
    const r = await client(base).models.embedContent({ model: 'gemini-embedding-001', contents: texts(prompt), config: { abortSignal } })
    return vectors((r.embeddings ?? []).map((e) => e.values))
  },
}

// The body of an error is the message of the SDK's.
export function raised(err) {
  let own = {}
  try {
    own = JSON.parse(err.message).error ?? {}
  } catch {}
  return { status: err.status, type: own.status, message: own.message ?? err.message }
}
