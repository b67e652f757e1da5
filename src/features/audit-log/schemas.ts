import { z } from 'zod'
import { shownId, shownTime, streamSequence, time } from '../../http/schemas.ts'
import type { AuditRow } from './audit-log.ts'

export const ShownAuditRow = z
  .object({
    id: shownId('aud'),
    sequence: streamSequence,
    occurredAt: time,
    action: z.string().meta({ example: 'project.created' }),
    actor: z.object({
      kind: z.string().meta({ example: 'user' }),
      id: shownId('usr').nullable(),
    }),
    targetId: shownId('app').nullable(),
    requestId: z.string().meta({ example: 'req_kZ3x9aQf000001' }),
    details: z
      .record(z.string(), z.unknown())
      .describe('Address, user agent, what there is now and what was before; null when erased')
      .meta({ example: { address: '192.0.2.7', userAgent: 'curl/8.5.0', data: { name: 'SEQN Console' } } })
      .nullable(),
    hash: z
      .string()
      .describe('Links this row to the one before it, hexadecimal')
      .meta({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }),
  })
  .meta({ id: 'AuditLogEntry' })

/** An audit row as its routes show it. */
export const shownAuditRow = (row: AuditRow): z.input<typeof ShownAuditRow> => ({
  id: row.id,
  sequence: row.sequence,
  occurredAt: shownTime(row.occurred_at),
  action: row.action,
  actor: { kind: row.actor_kind, id: row.actor_id },
  targetId: row.target_id,
  requestId: row.request_id,
  details: row.details === null ? null : JSON.parse(row.details),
  hash: row.hash.toString('hex'),
})
