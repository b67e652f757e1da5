import { bigint, bytes, json, text, time } from './columns.ts'

/** One row of a chain. */
const link = {
  stream_id: text.required,
  sequence: bigint.required,
  id: text.required,
  occurred_at: time.required,
  action: text.required,
  actor_kind: text.required,
  actor_id: text.nullable,
  target_id: text.nullable,
  request_id: text.required,
  details_mac: bytes.required,
  previous_hash: bytes.required,
  hash: bytes.required,
}

/** What the spine writes: heads, audit rows and events; migrations 0001 and 0009. */
export const streamTables = {
  streams: {
    id: text.required,
    audit_sequence: bigint.defaulted,
    event_sequence: bigint.defaulted,
    head_hash: bytes.defaulted,
  },
  audit_logs: link,
  audit_details: { audit_id: text.required, salt: bytes.required, details: text.required },
  audit_checkpoints: { ...link, pruned_at: time.required },
  events: {
    stream_id: text.required,
    sequence: bigint.required,
    id: text.required,
    type: text.required,
    occurred_at: time.required,
    organization: json<{ id: string; slug: string }>().nullable,
    data: json<unknown>().required,
    project_id: text.nullable,
  },
}
