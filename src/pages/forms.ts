import type { z } from 'zod'
import { AppError, type ErrorDetail } from '../errors.ts'

export type FormBody = Record<string, unknown>
export type FieldErrors = Record<string, string>
export type LineErrors = Record<string, { line: number; message: string }[]>
export type Refused = { errors: FieldErrors; lineErrors: LineErrors; banner: string | undefined }

/** A field as it was typed; anything but one text counts as empty. */
export const typed = (body: FormBody, name: string): string => {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

/** An optional field: undefined when it was left empty. */
export const given = (body: FormBody, name: string): string | undefined =>
  typed(body, name).trim() || undefined

const linesOf = (text: string) => text.split(/\r?\n/).map((line) => line.trim())

/** The lines of a text area without the empty ones. */
export const filledLines = (body: FormBody, name: string): string[] =>
  linesOf(typed(body, name)).filter((line) => line !== '')

type Parsed<Output> = { data: Output; refused?: never } | { data?: never; refused: Refused }

/** Judges a form by the API's own schema; what is refused is told by the names of the form's fields. */
export function parseForm<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  body: FormBody,
): Parsed<z.output<Schema>> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return { data: parsed.data }
  const details = parsed.error.issues.map(({ path, message }) => ({
    path: path.map(String).join('.'),
    message,
  }))
  return { refused: refusedBy(details, body) }
}

/** What a use case refused, for the page to show beside its fields; throws on what is no matter of the input. */
export function refusedByUseCase(
  error: unknown,
  body: FormBody,
): { status: 409 | 422 | 429 | 401 | 402; refused: Refused } {
  if (!(error instanceof AppError)) throw error
  const status = shownInPlace[error.code]
  if (!status) throw error
  const refused = refusedBy(error.details ?? [], body)
  const isTold = Object.keys(refused.errors).length + Object.keys(refused.lineErrors).length > 0
  return { status, refused: { ...refused, banner: isTold && status === 422 ? undefined : bannerOf(error) } }
}

const shownInPlace: Partial<Record<AppError['code'], 409 | 422 | 429 | 401 | 402>> = {
  invalid_input: 422,
  conflict: 422,
  authentication_required: 401,
  rate_limited: 429,
  subscription_inactive: 402,
  subscription_limit_exceeded: 402,
}

const bannerOf = (error: AppError) =>
  error.retryAfterSeconds === undefined
    ? error.message
    : `Too many attempts. Try again in ${inWords(error.retryAfterSeconds)}.`

/** `40 seconds`, `4 minutes`. */
export function inWords(seconds: number): string {
  const [count, unit] =
    seconds < 90 ? [Math.max(1, Math.ceil(seconds)), 'second'] : [Math.ceil(seconds / 60), 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const sentence = (message: string) =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`

function refusedBy(details: ErrorDetail[], body: FormBody): Refused {
  const errors: FieldErrors = {}
  const lineErrors: LineErrors = {}
  for (const { path, message } of details) {
    const [name = '', item] = path.split('.')
    const field = snake(name)
    if (item === undefined) errors[field] ??= sentence(message)
    else
      lineErrors[field] = [
        ...(lineErrors[field] ?? []),
        { line: lineNumber(body, field, Number(item)), message: sentence(message) },
      ]
  }
  return { errors, lineErrors, banner: undefined }
}

/** Where in the text area the n-th filled line stands, counted from 1. */
function lineNumber(body: FormBody, field: string, index: number): number {
  const filled = linesOf(typed(body, field)).flatMap((line, at) => (line === '' ? [] : [at + 1]))
  return filled[index] ?? index + 1
}
