import { z } from 'zod'
import { moment, pageQuery, shownId, shownTime, time } from '../../http/schemas.ts'
import { isId } from '../../lib/ids.ts'
import { eventTypes } from '../webhooks/event-types.ts'
import { type Delivery, deliveredTypes, deliveryStatuses, type getDelivery } from './deliveries.ts'

export const DeliverySearch = pageQuery.extend({
  endpoint: z
    .string()
    .refine((text) => isId('whe', text), 'must be the id of an endpoint')
    .optional()
    .describe('The id of an endpoint, which may be deleted'),
  status: z.enum(deliveryStatuses).optional(),
  eventType: z.enum(deliveredTypes).optional(),
  from: moment(12).optional().describe('Made then or later'),
  to: moment(13).optional().describe('Made before'),
})

export const EndpointTest = z.strictObject({
  eventType: z
    .enum(eventTypes)
    .optional()
    .describe('The test carries an example of this type')
    .meta({ example: 'project.created' }),
})

export const TestDelivery = z.object({ deliveryId: shownId('dlv') }).meta({ id: 'WebhookTest' })

export const EndpointReplay = z
  .strictObject({
    from: moment(12).describe('Events from then on'),
    to: moment(13).describe('Events before; without it, all until now').optional(),
    status: z
      .enum(['failed', 'all'])
      .default('failed')
      .describe('`failed`: whose delivery failed or was cancelled; `all`: also that succeeded or never was'),
    dryRun: z.boolean().default(false).describe('Only counts').meta({ example: true }),
  })
  .refine(({ from, to }) => to === undefined || from < to, { path: ['to'], message: 'must be after from' })

export const ReplayCount = z
  .object({ count: z.int().describe('Deliveries').meta({ example: 42 }) })
  .meta({ id: 'WebhookReplay' })

const AttemptResult = z.object({
  at: time,
  status: z.int().nullable().describe('Of the answer; null when there was none').meta({ example: 503 }),
  latencyMs: z.int().meta({ example: 87 }),
  error: z.string().nullable().describe('Null when it succeeded').meta({ example: 'the answer was 503' }),
})

const fields = {
  id: shownId('dlv'),
  eventId: shownId('evt'),
  eventType: z.string().meta({ example: 'project.created' }),
  endpointId: shownId('whe'),
  status: z.enum(deliveryStatuses).meta({ example: 'retrying' }),
  attempts: z.int().describe('How many there were').meta({ example: 1 }),
  nextAttemptAt: time.nullable().describe('Null while one is under way, and when no more is to come'),
  lastAttempt: AttemptResult.nullable(),
  createdAt: time,
}

export const ShownDelivery = z.object(fields).meta({ id: 'WebhookDelivery' })

export const ShownDeliveryInFull = z
  .object({
    ...fields,
    body: z
      .string()
      .nullable()
      .describe('What every attempt sends, to the letter; null once the event is forgotten')
      .meta({
        example:
          '{"id":"evt_01k9x3v7tqe4m8z2c6w5r0h1jd","type":"project.created","timestamp":"2026-05-12T00:00:00.000Z","sequence":1042,"organization":{"id":"org_01k9x3v7tqe4m8z2c6w5r0h1jd","slug":"seqn"},"data":{"id":"app_01k9x3v7tqe4m8z2c6w5r0h1jd","name":"SEQN Console"}}',
      }),
    allAttempts: z
      .array(
        AttemptResult.extend({
          number: z.int().meta({ example: 1 }),
          requestHeaders: z.record(z.string(), z.string()).meta({
            example: {
              'content-type': 'application/json',
              'webhook-id': 'evt_01k9x3v7tqe4m8z2c6w5r0h1jd',
              'webhook-timestamp': '1778544000',
              'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
            },
          }),
          answer: z
            .string()
            .nullable()
            .describe('The start of the answer’s body')
            .meta({ example: 'upstream is down' }),
        }),
      )
      .describe('The first one first'),
  })
  .meta({ id: 'WebhookDeliveryInFull' })

/** A delivery as its routes show it. While it is under way, the row tells the end of a lease, which is nobody's business. */
export const shownDelivery = (row: Delivery): z.input<typeof ShownDelivery> => ({
  id: row.id,
  eventId: row.event_id,
  eventType: row.event_type,
  endpointId: row.endpoint_id,
  status: row.status,
  attempts: row.attempts,
  nextAttemptAt: row.status === 'delivering' ? null : shownTime(row.next_attempt_at),
  lastAttempt: row.at && {
    at: shownTime(row.at),
    status: row.answered,
    latencyMs: row.latency_ms ?? 0,
    error: row.error,
  },
  createdAt: shownTime(row.created_at),
})

export const shownDeliveryInFull = ({
  delivery,
  attempts,
  body,
}: Awaited<ReturnType<typeof getDelivery>>): z.input<typeof ShownDeliveryInFull> => ({
  ...shownDelivery(delivery),
  body,
  allAttempts: attempts.map((attempt) => ({
    number: attempt.number,
    at: shownTime(attempt.at),
    status: attempt.status,
    latencyMs: attempt.latency_ms,
    error: attempt.error,
    requestHeaders: attempt.request_headers,
    answer: attempt.answer,
  })),
})
