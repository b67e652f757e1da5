import { bigint, flag, integer, jsonb, oneOf, text, texts, time } from './columns.ts'

export type Status = 'active' | 'trialing' | 'past_due' | 'cancelled' | 'expired' | 'inactive'
export type LimitName = 'projects' | 'users' | 'webhookEndpoints' | 'monthlySessions'
/** A limit that counts instead of the plan's until it expires; without an end, for as long as the subscription is what it is. */
export type Override = {
  limit: LimitName
  value: number
  owner: string
  reason: string
  expiresAt: string | null
}

/** What plans allow and what is used of it. */
export const planTables = {
  plans: {
    key: text.required,
    name: text.required,
    intended_use: text.required,
    listed: flag.required,
    position: integer.required,
    project_limit: integer.required,
    user_limit: integer.required,
    webhook_endpoint_limit: integer.required,
    monthly_session_limit: integer.required,
    features: texts.required,
  },
  subscriptions: {
    organization_id: text.required,
    plan_key: text.required,
    status: oneOf<Status>().required,
    seat_limit: integer.nullable,
    current_period_start: time.nullable,
    current_period_end: time.nullable,
    updated_at: time.defaulted,
    overrides: jsonb<Override[]>().defaulted,
  },
  usage_counters: {
    organization_id: text.required,
    month: text.required,
    metric: text.required,
    project_id: text.required,
    quantity: bigint.required,
    told_quantity: bigint.defaulted,
    untold_since: time.nullable,
  },
  usage_records: {
    organization_id: text.required,
    project_id: text.required,
    idempotency_key: text.required,
    metric: text.required,
    quantity: bigint.required,
    month: text.nullable,
    counter: bigint.nullable,
    created_at: time.defaulted,
  },
  reached_limits: {
    organization_id: text.required,
    month: text.required,
    limit_name: text.required,
    most: bigint.required,
    percent: integer.required,
  },
}
