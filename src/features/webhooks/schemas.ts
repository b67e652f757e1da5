import { z } from 'zod'
import { lines, shownId, shownTime, time } from '../../http/schemas.ts'
import { type Endpoint, endpointEventData, type NewEndpoint as NewEndpointInput } from './endpoints.ts'
import { isEventSelector } from './event-types.ts'

const distinct = (items: string[]) => new Set(items).size === items.length

const EventTypes = z
  .array(
    z
      .string()
      .refine(isEventSelector, 'must be *, a known type, or all of one kind such as project.*')
      .meta({ example: 'project.*' }),
  )
  .min(1)
  .max(50)
  .refine(distinct, 'must not repeat a type')

const fields = {
  url: z.string().meta({ example: 'https://app.example.com/webhooks' }),
  description: lines(500).meta({ example: 'Billing' }).nullish(),
  projectId: shownId('app').describe('Only events about this project').nullish(),
}

export const NewEndpoint = z.strictObject({
  url: fields.url,
  description: fields.description,
  eventTypes: EventTypes,
  projectId: fields.projectId,
  enabled: z.boolean().default(true),
})

export const EndpointChange = z.strictObject({
  url: fields.url.optional(),
  description: fields.description,
  eventTypes: EventTypes.optional(),
  projectId: fields.projectId,
  enabled: z.boolean().optional(),
})

const longestOverlapSeconds = 604_800

export const SecretRotation = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(longestOverlapSeconds)
    .default(0)
    .describe('For how long the secret before signs, too'),
})

export const ShownEndpoint = z
  .object({
    id: shownId('whe'),
    url: fields.url,
    description: z.string().meta({ example: 'Billing' }).nullable(),
    eventTypes: z.array(z.string().meta({ example: 'project.*' })),
    projectId: shownId('app').nullable(),
    enabled: z.boolean(),
    disabledReason: z.enum(['manual', 'failing', 'gone', 'unreadable_secret']).nullable(),
    createdAt: time,
    updatedAt: time,
    secretRotatedAt: time.nullable(),
    health: z.object({
      lastSuccessAt: time.nullable(),
      lastFailureAt: time.nullable(),
      failingSince: time.nullable(),
      pending: z.int().describe('Deliveries that are still to be made, up to 100000'),
      failed: z.int().describe('Deliveries that were given up, up to 100000'),
    }),
  })
  .meta({ id: 'WebhookEndpoint' })

export const ShownSecret = z.string().meta({ description: 'Shown in this answer only', example: 'whsec_…' })

/** An endpoint as its routes show it. */
export const shownEndpoint = (row: Endpoint): z.input<typeof ShownEndpoint> => ({
  ...endpointEventData(row),
  createdAt: shownTime(row.created_at),
  updatedAt: shownTime(row.updated_at),
  secretRotatedAt: shownTime(row.secret_rotated_at),
  health: {
    lastSuccessAt: shownTime(row.last_success_at),
    lastFailureAt: shownTime(row.last_failure_at),
    failingSince: shownTime(row.failing_since),
    pending: row.pending,
    failed: row.failed,
  },
})

/** The use case's input from the wire's. */
export const newEndpoint = (body: z.output<typeof NewEndpoint>): NewEndpointInput => ({
  ...body,
  description: body.description ?? null,
  projectId: body.projectId ?? null,
})
