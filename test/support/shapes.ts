import { expect } from 'vitest'
import { type ErrorCode, errorCatalogue } from '../../src/errors.ts'
import type { IdPrefix } from '../../src/lib/ids.ts'
import type { Answer } from './http.ts'

/** A moment as every answer writes it. */
export const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

export const anId = (prefix: IdPrefix) => expect.stringMatching(new RegExp(`^${prefix}_[0-9a-z]{26}$`))

/** Expects the one shape of refusals, whole: code, its status and type, and exactly these details. */
export function expectRefusal(answer: Answer, code: ErrorCode, details?: unknown[]): void {
  const { status, type } = errorCatalogue[code]
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      error: {
        code,
        type,
        message: expect.any(String),
        requestId: answer.headers['x-request-id'],
        ...(details ? { details } : {}),
      },
    },
  })
}

/** The same for `400 invalid_input` about these places of the input. */
export function expectInvalid(answer: Answer, ...paths: string[]): void {
  expectRefusal(
    answer,
    'invalid_input',
    paths.map((path) => ({ path, message: expect.any(String) })),
  )
}

const ofOneRequest = ['date', 'x-request-id', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after']

/** All that an answer tells but what is different in every request: two of these are equal when nobody can tell them apart. */
export function indistinct(answer: Answer) {
  const headers = Object.fromEntries(
    Object.entries(answer.headers).filter(([name]) => !ofOneRequest.includes(name)),
  )
  const requestId = String(answer.headers['x-request-id'])
  return { status: answer.status, headers, text: answer.text.replaceAll(requestId, '') }
}
