import { describe, expect, it } from 'vitest'
import { AppError, type ErrorCode, errorCatalogue, invalidInput } from '../../src/errors.ts'
import { asAppError, errorBody, statusOf } from '../../src/http/error-handler.ts'

const withCode = (code: string, more = {}) => Object.assign(new Error('secret text'), { code, ...more })

describe('an error that nobody meant to show', () => {
  it.each<[what: string, thrown: unknown]>([
    ['an Error', new Error('secret text')],
    ['a TypeError', new TypeError('secret text')],
    ['a text', 'secret text'],
    ['undefined', undefined],
    ['null', null],
    ['an object', { statusCode: 404, message: 'secret text' }],
    ['an error of Postgres', withCode('23505', { detail: 'secret text' })],
    ['a lost connection of our own', withCode('ECONNRESET')],
    ['a failing response schema', withCode('FST_ERR_RESPONSE_SERIALIZATION', { statusCode: 500 })],
    ['an error with a status of somebody else', Object.assign(new Error('secret text'), { statusCode: 404 })],
    ['a plugin that broke', Object.assign(new Error('secret text'), { statusCode: 502, expose: true })],
  ])('is internal_error, says nothing and keeps its cause: %s', (_what, thrown) => {
    const error = asAppError(thrown)
    expect(error.code).toBe('internal_error')
    expect(JSON.stringify(errorBody(error, 'req_1'))).not.toContain('secret')
    expect(error.cause).toBe(thrown)
  })
})

it.each<[code: string, as: ErrorCode]>([
  ['FST_ERR_BAD_URL', 'invalid_input'],
  ['FST_ERR_MAX_PARAM_LENGTH', 'not_found'],
  ['FST_STATIC_FORBIDDEN_PATH', 'not_found'],
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'payload_too_large'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'invalid_input'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported_media_type'],
])('%s of the framework is %s', (code, as) => {
  expect(asAppError(withCode(code)).code).toBe(as)
})

it('takes a caller who hung up for a timeout', () => {
  expect(asAppError(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })).code).toBe('request_timeout')
})

it('takes the refusal of a plugin for invalid input, in our words', () => {
  const error = asAppError(
    Object.assign(new Error('Range Not Satisfiable'), { statusCode: 416, expose: true }),
  )
  expect([error.code, error.message]).toEqual(['invalid_input', 'The request cannot be answered as it asks.'])
})

it('leaves what was meant as it is', () => {
  const error = invalidInput('slug', 'is taken')
  expect(asAppError(error)).toBe(error)
  expect(errorBody(error, 'req_1')).toEqual({
    error: {
      code: 'invalid_input',
      message: 'The request has fields that cannot be accepted.',
      type: 'validation_error',
      requestId: 'req_1',
      details: [{ path: 'slug', message: 'is taken' }],
    },
  })
})

it.each(Object.entries(errorCatalogue))('%s has its one status and type', (code, { status, type }) => {
  const error = new AppError(code as ErrorCode, 'Said.')
  expect(statusOf(error)).toBe(status)
  expect(errorBody(error, 'req_1')).toEqual({ error: { code, message: 'Said.', type, requestId: 'req_1' } })
})
