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
