import { ChatOpenAI } from '@langchain/openai'

const model = (base) => new ChatOpenAI({ model: 'gpt-4o', apiKey: 'sk-dummy', configuration: { baseURL: base + '/v1' } })

const said = (m) => ({
  text: m.text ?? '',
  stop: m.response_metadata?.finish_reason ?? '',
  tokens: m.usage_metadata?.output_tokens ?? 0,
})

export const asks = {
  chat: async (base, prompt, signal) => said(await model(base).invoke(prompt, { signal })),
  async stream(base, prompt, signal) {
    let whole
    for await (const chunk of await model(base).stream(prompt, { signal })) whole = whole ? whole.concat(chunk) : chunk
    return said(whole)
  },
}

export const raised = (err) => ({ status: err.status, code: err.code ?? err.lc_error_code, type: err.type, message: err.error?.message ?? err.message })
