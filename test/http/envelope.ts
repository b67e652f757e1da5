import { expect } from 'vitest'
import { type ErrorCode, errorCatalogue } from '../../src/errors.ts'

type Seen = { status: number; headers: Record<string, unknown>; text: string }

/** Whether an answer is a refusal in the one shape: status and type of the code, the request's id in header and body, no more. */
export function expectRefusal(answer: Seen, code: ErrorCode): void {
  const { status, type } = errorCatalogue[code]
  const body = answer.text.startsWith('{') ? JSON.parse(answer.text) : answer.text
  expect(body).toEqual({
    error: {
      code,
      message: expect.stringMatching(/^[A-Z].+/),
      type,
      requestId: answer.headers['x-request-id'],
      ...(body.error?.details ? { details: expect.any(Array) } : {}),
    },
  })
  expect(answer.status).toBe(status)
  expect(answer.headers['x-request-id']).toMatch(/^req_[\w-]{14,}$/)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
}

export const logLine = (lines: string[], requestId: unknown) =>
  lines
    .map((line) => JSON.parse(line))
    .filter((line) => line.requestId === requestId && line.msg === 'request')
