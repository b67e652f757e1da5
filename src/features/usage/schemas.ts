import { z } from 'zod'
import { shownId } from '../../http/schemas.ts'
import { metricNames } from './metrics.ts'

const quantityAtOnce = 1_000_000
const longestMonths = 36
const usualMonths = 12

const month = z.string().meta({ description: 'A month in UTC', example: '2026-05' })
const quantity = z.int().meta({ example: 940 })

export const NewUsage = z.strictObject({
  metric: z.enum(metricNames),
  quantity: z.int().min(1).max(quantityAtOnce).meta({ example: 3 }),
  idempotencyKey: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable characters')
    .describe('A report with the same one counts once, for a day')
    .meta({ example: 'batch-2026-05-12T10:00' })
    .optional(),
})

export const UsageCounter = z
  .object({
    metric: z.enum(metricNames),
    month,
    projectId: shownId('app'),
    quantity: quantity.describe('All that this project reported in the month'),
  })
  .meta({ id: 'UsageCounter' })

export const ShownUsage = z
  .object({
    metric: z.string().meta({ example: 'monthly_sessions' }),
    month,
    quantity: quantity.describe('Of the organization; of monthly sessions also those that were seen here'),
    projects: z
      .array(z.object({ id: shownId('app'), quantity: quantity.meta({ example: 700 }) }))
      .describe('What each project reported'),
  })
  .meta({ id: 'Usage' })

/** A month, or the month of a day or moment. */
const aMonth = z
  .union([z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/), z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a month such as 2026-05, a day or a time',
  })
  .transform((text) => new Date(text).toISOString().slice(0, 7))

export const UsageQuery = z.object({
  from: aMonth
    .describe(`The first month, or a time in it; without it, ${usualMonths} months`)
    .meta({ example: '2026-01' })
    .optional(),
  to: aMonth
    .describe('The last month, or a time in it; without it, this one')
    .meta({ example: '2026-05' })
    .optional(),
})

const monthsBefore = (text: string, count: number) => {
  const date = new Date(`${text}-01T00:00:00.000Z`)
  date.setUTCMonth(date.getUTCMonth() - count)
  return date.toISOString().slice(0, 7)
}

/** The months that are asked for; a message where they are too many or none. */
export function monthsOf(
  query: z.output<typeof UsageQuery>,
  now: Date,
): { from: string; to: string } | string {
  const to = query.to ?? now.toISOString().slice(0, 7)
  const from = query.from ?? monthsBefore(to, usualMonths - 1)
  if (from > to) return 'must not be after to'
  return from > monthsBefore(to, longestMonths)
    ? { from, to }
    : `must be within ${longestMonths} months before to`
}
