import { z } from 'zod'
import { line, shownTime, time } from '../../http/schemas.ts'
import { limitsOf, overridesInForce } from './limits.ts'
import type { SubscriptionFields } from './queries.ts'
import { statuses } from './states.ts'
import type { SubscriptionView } from './subscriptions.ts'

const most = 1_000_000_000
const limitNames = ['projects', 'users', 'webhookEndpoints', 'monthlySessions'] as const

const perLimit = () =>
  z.object({ projects: z.int(), users: z.int(), webhookEndpoints: z.int(), monthlySessions: z.int() })

export const Limits = perLimit().meta({
  id: 'Limits',
  example: { projects: 25, users: 10_000, webhookEndpoints: 25, monthlySessions: 100_000 },
})

const planKey = z.string().meta({ example: 'pro' })
const seatLimit = z.int().min(1).max(most).describe('Lowers the limit of users').meta({ example: 50 })

const later = z.iso.datetime().meta({ example: '2036-05-12T00:00:00.000Z' })

const Override = z.object({
  limit: z.enum(limitNames),
  value: z.int().min(0).max(most).describe('Counts instead of the limit of the plan').meta({ example: 40 }),
  owner: z.string().meta({ example: 'Sales' }),
  reason: z.string().meta({ example: 'Migration of the old console' }),
  expiresAt: later.nullable(),
})

export const ShownSubscription = z
  .object({
    planKey,
    status: z.enum(statuses),
    seatLimit: seatLimit.nullable(),
    currentPeriodStart: time.nullable(),
    currentPeriodEnd: later.nullable(),
    limits: Limits.describe('What is allowed now, with overrides and seats'),
    usage: perLimit().meta({
      example: { projects: 3, users: 12, webhookEndpoints: 1, monthlySessions: 940 },
    }),
    overrides: z.array(Override).describe('Those that count now'),
  })
  .meta({ id: 'Subscription' })

const NewOverride = Override.extend({
  owner: line(200).describe('Who answers for it').meta({ example: 'Sales' }),
  reason: line(500).meta({ example: 'Migration of the old console' }),
  expiresAt: later.nullish().describe('Required, but for the plan Scale'),
}).strict()

export const SubscriptionChange = z
  .strictObject({
    planKey: planKey.max(100).optional(),
    status: z.enum(statuses).optional(),
    seatLimit: seatLimit.nullish(),
    currentPeriodStart: time.nullish(),
    currentPeriodEnd: later.nullish(),
    overrides: z
      .array(NewOverride)
      .max(limitNames.length)
      .refine(
        (list) => new Set(list.map(({ limit }) => limit)).size === list.length,
        'must not repeat a limit',
      )
      .describe('Takes the place of all there were')
      .optional(),
  })
  .refine((fields) => Object.keys(fields).length > 0, 'must change something')

/** The use case's input from the wire's. */
export function changedFields(body: z.output<typeof SubscriptionChange>): SubscriptionFields {
  const { currentPeriodStart: start, currentPeriodEnd: end, overrides } = body
  const fields = {
    plan_key: body.planKey,
    status: body.status,
    seat_limit: body.seatLimit,
    current_period_start: start && new Date(start),
    current_period_end: end && new Date(end),
    overrides: overrides?.map((each) => ({
      ...each,
      expiresAt: each.expiresAt ? new Date(each.expiresAt).toISOString() : null,
    })),
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** A subscription as its routes show it. */
export const shownSubscription = ({
  subscription,
  usage,
}: SubscriptionView): z.input<typeof ShownSubscription> => ({
  planKey: subscription.plan_key,
  status: subscription.status,
  seatLimit: subscription.seat_limit,
  currentPeriodStart: shownTime(subscription.current_period_start),
  currentPeriodEnd: shownTime(subscription.current_period_end),
  limits: limitsOf(subscription),
  usage,
  overrides: overridesInForce(subscription),
})
