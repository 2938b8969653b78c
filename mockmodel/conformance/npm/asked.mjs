// What every SDK is asked for beside words: a tool that it must call, and an
// answer of a schema. The same in the Go adapters (asked_test.go).
import { z } from 'zod'

export const tool = {
  name: 'find_orders',
  description: 'Finds the orders of a customer.',
  parameters: {
    type: 'object',
    properties: { customer: { type: 'string' }, limit: { type: 'integer', minimum: 1, maximum: 50 } },
    required: ['customer', 'limit'],
    additionalProperties: false,
  },
}

// structured is the schema as zod writes it, which the SDKs turn into JSON Schema
// and hold the answer against.
export const structured = z.object({ answer: z.string(), score: z.number().min(0).max(1), tags: z.array(z.string()) })

// vectors tells vectors by their lengths and first values, as the Go tests do
// (faults_three_test.go): what they are for three texts, a fault may mix up.
const first = (v) => (v?.length ? `of ${v.length} from ${v[0] == null ? v[0] : v[0].toFixed(3)}` : 'of nothing')
export const vectors = (of, indexes) => ({ text: 'vectors ' + of.map((v, i) => (indexes ? `${indexes[i]}: ` : '') + first(v)).join(', ') })
export const texts = (prompt) => [prompt, 'b', 'c']

// said reads an answer, where it is one: some SDKs hand on whatever came.
export function said(answer, read) {
  if (answer && typeof answer === 'object') return read(answer)
  return { text: '', stop: `${typeof answer} instead of an answer` }
}
