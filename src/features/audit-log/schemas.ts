import { z } from 'zod'
import { line, moment, pageQuery, shownId, shownTime, streamSequence, time } from '../../http/schemas.ts'
import type { AuditRow } from './search-queries.ts'

/** An export, which is sent as it is made. */
export const exportResponse = {
  description: 'One entry per line',
  content: {
    'application/x-ndjson': {
      schema: z.string().meta({ example: '{"id":"aud_01k9x3v7tqe4m8z2c6w5r0h1jd","sequence":1042}\n' }),
    },
    'text/csv': {
      schema: z.string().meta({ example: 'sequence,id\r\n1042,aud_01k9x3v7tqe4m8z2c6w5r0h1jd\r\n' }),
    },
  },
}

const reference = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, 'must be an id')

/** What a list of entries can be narrowed to; everything that is given must hold. */
const filters = {
  action: z
    .string()
    .regex(/^[a-z_.*]{1,100}$/, 'must be an action, in which * stands for any text')
    .optional()
    .describe('An action, in which `*` stands for any text')
    .meta({ example: 'project.*' }),
  actor: reference
    .optional()
    .describe('The id of who did it; `system` for what the service did by itself')
    .meta({ example: 'usr_01k9x3v7tqe4m8z2c6w5r0h1jd' }),
  target: reference
    .optional()
    .describe('The id of what it was done to')
    .meta({ example: 'app_01k9x3v7tqe4m8z2c6w5r0h1jd' }),
  requestId: line(100)
    .optional()
    .describe('The `X-Request-Id` of the answer')
    .meta({ example: 'req_kZ3x9aQf000001' }),
  from: moment(12).optional().describe('Done then or later'),
  to: moment(13).optional().describe('Done before'),
}

export const AuditLogSearch = pageQuery.extend(filters)

export const AuditLogExport = z.object({
  format: z
    .enum(['ndjson', 'csv'])
    .default('ndjson')
    .describe('One entry per line, as JSON or as comma-separated values'),
  ...filters,
})

export const AuditLogPart = z.object({
  before: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'must be a whole number from 1')
    .transform(Number)
    .optional()
    .describe('Checks the entries before this one')
    .meta({ example: '42' }),
})

const anything = z.unknown().meta({ example: 'SEQN' })

export const ShownAuditRow = z
  .object({
    id: shownId('aud'),
    organizationId: shownId('org'),
    sequence: streamSequence,
    occurredAt: time,
    action: z.string().meta({ example: 'project.updated' }),
    actor: z.object({
      kind: z.string().meta({ example: 'user' }),
      id: shownId('usr').nullable(),
    }),
    targetId: shownId('app').nullable(),
    requestId: z.string().meta({ example: 'req_kZ3x9aQf000001' }),
    changes: z
      .record(z.string(), z.object({ before: anything, after: anything }))
      .describe('What each changed field held before and holds since; null when erased')
      .meta({ example: { name: { before: 'SEQN', after: 'SEQN Console' } } })
      .nullable(),
    details: z
      .record(z.string(), z.unknown())
      .describe('Address, user agent, what there is now and what was before; null when erased')
      .meta({
        example: {
          address: '192.0.2.7',
          userAgent: 'curl/8.5.0',
          data: { name: 'SEQN Console' },
          previous: { name: 'SEQN' },
        },
      })
      .nullable(),
    hash: z
      .string()
      .describe('Links this row to the one before it, hexadecimal')
      .meta({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }),
  })
  .meta({ id: 'AuditLogEntry' })

export type ShownEntry = z.input<typeof ShownAuditRow>

/** An audit row as its routes show it. */
export function shownAuditRow(row: AuditRow): ShownEntry {
  const details = row.details === null ? null : JSON.parse(row.details)
  return {
    id: row.id,
    organizationId: row.stream_id,
    sequence: row.sequence,
    occurredAt: shownTime(row.occurred_at),
    action: row.action,
    actor: { kind: row.actor_kind, id: row.actor_id },
    targetId: row.target_id,
    requestId: row.request_id,
    changes: details && changesIn(details),
    details,
    hash: row.hash.toString('hex'),
  }
}

type Fields = Record<string, unknown>

function changesIn({ data = {}, previous = {} }: { data?: Fields; previous?: Fields }) {
  const changed = Object.entries(previous).map(([field, before]) => [
    field,
    { before, after: data[field] ?? null },
  ])
  return Object.fromEntries(changed)
}

export const AuditLogVerification = z
  .object({
    valid: z.boolean().describe('Whether what was checked is as it was written'),
    checked: z
      .object({ first: streamSequence, last: streamSequence, entries: z.int().meta({ example: 1042 }) })
      .describe('Which entries this answer is about; null when there is none')
      .nullable(),
    head: z
      .object({
        sequence: streamSequence,
        hash: z
          .string()
          .meta({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }),
      })
      .describe('The newest entry when this was checked'),
    checkpoint: z
      .object({
        sequence: streamSequence,
        hash: z
          .string()
          .meta({ example: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752' }),
        prunedAt: time,
      })
      .describe(
        'The last entry whose time of retention is over; null while the log is kept from its beginning',
      )
      .nullable(),
    erased: z.int().describe('Entries whose details were erased').meta({ example: 0 }),
    flaws: z.array(
      z.object({ sequence: streamSequence, message: z.string().meta({ example: 'the row was changed' }) }),
    ),
    nextCursor: z
      .string()
      .meta({ description: 'The `before` of the entries that come before these; null at the beginning' })
      .meta({ example: '42' })
      .nullable(),
  })
  .meta({ id: 'AuditLogVerification' })
