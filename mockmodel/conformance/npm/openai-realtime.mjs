import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { tool } from './asked.mjs'
import { flight } from './clock.mjs'

// converse asks one question in a session, and listens up to the end of the
// response. What is an error to the SDK comes as its error event; that the socket
// was closed, only the socket tells.
function converse(base, prompt, signal, session) {
  const rt = new OpenAIRealtimeWS({ model: 'gpt-4o' }, new OpenAI({ baseURL: base + '/v1', apiKey: 'sk-dummy' }))
  const got = { text: '', stop: '', tools: [], tokens: 0 }
  const talk = new Promise((done, fail) => {
    signal?.addEventListener('abort', () => fail(signal.reason))
    rt.on('error', fail)
    rt.socket.on('close', (code) => done({ ...got, stop: `socket closed: ${code}` }))
    rt.socket.on('open', () => {
      if (session) rt.send({ type: 'session.update', session: { type: 'realtime', ...session } })
      rt.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: prompt }] } })
      rt.send({ type: 'response.create' })
    })
    rt.on('response.output_text.delta', (e) => (got.text += e.delta))
    rt.on('response.done', ({ response: r }) => {
      got.stop = r.status ?? ''
      got.tokens = r.usage?.output_tokens ?? 0
      got.tools = (r.output ?? []).filter((o) => o.type === 'function_call').map((o) => `${o.name}(${o.arguments})`)
      done(got)
    })
  })
  return flight(talk.finally(() => rt.socket.terminate()))
}

export const asks = {
  realtime: (base, prompt, signal) => converse(base, prompt, signal),
  'realtime tool': (base, prompt, signal) => converse(base, prompt, signal, { tools: [{ type: 'function', ...tool }] }),
}

export const raised = (err) => ({ class: err.name, code: err.error?.code, type: err.error?.type, message: err.error?.message ?? err.message })
