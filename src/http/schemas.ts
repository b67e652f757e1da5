import { z } from 'zod'
import { errorCatalogue } from '../errors.ts'
import type { IdPrefix } from '../lib/ids.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in
const control = /[\u0000-\u001f\u007f-\u009f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above, line breaks and tabs allowed
const controlButLines = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/

/** One line of text: trimmed, NFC, without control characters, `least` to `most` characters. */
export const line = (most: number, least = 1) =>
  z
    .string()
    .refine((text) => !control.test(text), 'must not have control characters')
    .transform((text) => text.trim().normalize('NFC'))
    .pipe(z.string().min(least).max(most))

/** Several lines of text, otherwise as `line`. */
export const lines = (most: number) =>
  z
    .string()
    .refine((text) => !controlButLines.test(text), 'must not have control characters')
    .transform((text) => text.trim().normalize('NFC'))
    .pipe(z.string().max(most))

/** An id as it is shown. */
export const shownId = (prefix: IdPrefix) =>
  z.string().meta({ example: `${prefix}_01k9x3v7tqe4m8z2c6w5r0h1jd` })

export const time = z.iso.datetime().meta({ example: '2026-05-12T00:00:00.000Z' })

/** A moment as callers write it; the example is of this day. */
export const moment = (day: 12 | 13) =>
  z.iso
    .datetime({ offset: true, abort: true })
    .meta({ example: `2026-05-${day}T00:00:00.000Z` })
    .transform((text) => new Date(text))

/** How dates leave: ISO 8601, UTC, milliseconds. */
export function shownTime(date: Date): string
export function shownTime(date: Date | null): string | null
export function shownTime(date: Date | null): string | null {
  return date === null ? null : date.toISOString()
}

export const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$/, 'must be 1 to 100 of a-z, 0-9 and hyphens between them')
  .meta({ example: 'seqn-console' })

const limit = z
  .string()
  .regex(/^([1-9]\d?|100)$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .default(25)

export const pageQuery = z.object({ limit, cursor: z.string().max(512).optional() })

/** For lists that are read on and on, oldest first, by the numbers of a stream. */
export const feedQuery = z.object({
  limit,
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number from 0')
    .transform(Number)
    .optional()
    .describe(
      'The sequence of the last one that is known; without it, what is kept is told from its beginning',
    ),
})

/** The number of an entry of a feed. */
export const streamSequence = z
  .int()
  .meta({ description: 'Grows by one per organization, without gaps', example: 1042 })

/** A page of a feed; without `nextCursor` it is the end for now, and the last one's number is what to ask with later. */
export const feedOf = <T extends z.ZodType>(item: T) =>
  z.object({
    data: z.array(item),
    nextCursor: z
      .string()
      .meta({ description: 'The `after` of the next page, null at the end', example: '1042' })
      .nullable(),
  })

/** A page of a list, newest first. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() })

export const ErrorBody = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(errorCatalogue) as [string, ...string[]]),
      message: z.string(),
      type: z.string(),
      requestId: z.string(),
      details: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
    }),
  })
  .meta({ id: 'Error' })
