import { AppError, invalidInput } from '../errors.ts'
import type { App } from './server.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const deepest = 32

/** The only body parser of the API: strict JSON in UTF-8, with nothing in it that Postgres or an object would trip over. */
export function parseJsonBodies(app: App): void {
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    let value: unknown
    try {
      refuseOtherCharsets(request.headers['content-type'] ?? '')
      value = body.length === 0 ? undefined : parseStrictJson(body)
    } catch (error) {
      return done(error as AppError)
    }
    done(null, value)
  })
}

function refuseOtherCharsets(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]
  if (charset && !/^utf-?8$/i.test(charset))
    throw new AppError('unsupported_media_type', 'Send JSON in UTF-8.')
}

/** Parses, or throws `400 invalid_input` that names the place; never tolerates what JSON.parse silently repairs. */
export function parseStrictJson(body: Buffer): unknown {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(body)
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('invalid_input', 'The body is not valid JSON in UTF-8.', { cause })
  }
  const keys = inspect(value)
  if (keys !== keysWritten(text)) throw invalidInput('', 'A key is written twice in one object.')
  return value
}

/** Counts the keys of all objects, and refuses on the way what must not come in. */
function inspect(root: unknown): number {
  let keys = 0
  const check = (value: unknown, path: string, depth: number): void => {
    if (depth > deepest) throw invalidInput(path, 'is nested too deeply')
    if (typeof value === 'string') refuseUnstorable(value, path)
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
      throw invalidInput(path, 'is a number that is too large to be kept exactly')
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) {
      const itemPath = path === '' ? key : `${path}.${key}`
      if (!Array.isArray(value)) keys++
      if (key === '__proto__') throw invalidInput(itemPath, 'is not an allowed name')
      refuseUnstorable(key, itemPath)
      check(item, itemPath, depth + 1)
    }
  }
  check(root, '', 0)
  return keys
}

function refuseUnstorable(text: string, path: string): void {
  if (text.includes('\0') || !text.isWellFormed())
    throw invalidInput(path, 'has characters that cannot be stored')
}

/** Strings that are followed by a colon, by one pass over the text. */
function keysWritten(text: string): number {
  let keys = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon) keys++
  return keys
}
