import { bytes, flag, integer, json, oneOf, text, texts, time, uuid } from './columns.ts'

export type DisabledReason = 'manual' | 'failing' | 'gone' | 'unreadable_secret'
export type DeliveryStatus = 'pending' | 'delivering' | 'retrying' | 'succeeded' | 'failed' | 'cancelled'

/** The part of the schema that migration 0007 made. */
export const webhookTables = {
  webhook_endpoints: {
    id: text.required,
    organization_id: text.required,
    project_id: text.nullable,
    url: text.required,
    description: text.nullable,
    event_types: texts.required,
    enabled: flag.defaulted,
    disabled_reason: oneOf<DisabledReason>().nullable,
    sealed_secret: bytes.required,
    sealed_previous_secret: bytes.nullable,
    previous_secret_expires_at: time.nullable,
    secret_rotated_at: time.nullable,
    failing_since: time.nullable,
    last_success_at: time.nullable,
    last_failure_at: time.nullable,
    created_at: time.defaulted,
    updated_at: time.defaulted,
    deleted_at: time.nullable,
  },
  webhook_deliveries: {
    id: text.required,
    organization_id: text.required,
    endpoint_id: text.required,
    event_id: text.required,
    event_type: text.required,
    status: oneOf<DeliveryStatus>().defaulted,
    attempts: integer.defaulted,
    next_attempt_at: time.nullable,
    lease_token: uuid.nullable,
    created_at: time.defaulted,
    completed_at: time.nullable,
  },
  webhook_attempts: {
    delivery_id: text.required,
    number: integer.required,
    at: time.required,
    status: integer.nullable,
    latency_ms: integer.required,
    error: text.nullable,
    request_headers: json<Record<string, string>>().required,
    answer: text.nullable,
  },
}
