import type { ColumnType } from 'kysely'

type Column<Value, Nullable extends boolean, Defaulted extends boolean> = {
  type: string
  nullable: Nullable
  defaulted: Defaulted
  value?: Value
}

function column<Value>(type: string) {
  return {
    required: { type, nullable: false, defaulted: false } as Column<Value, false, false>,
    nullable: { type, nullable: true, defaulted: false } as Column<Value, true, false>,
    defaulted: { type, nullable: false, defaulted: true } as Column<Value, false, true>,
  }
}

const text = column<string>('text')
const oneOf = <Value extends string>() => column<Value>('text')
const texts = column<string[]>('ARRAY')
const integer = column<number>('integer')
const bigint = column<number>('bigint')
const flag = column<boolean>('boolean')
const time = column<Date>('timestamp with time zone')
const bytes = column<Buffer>('bytea')
const json = <Value>() => column<Value>('json')
const jsonb = <Value>() => column<Value>('jsonb')

export type Status = 'active' | 'trialing' | 'past_due' | 'cancelled' | 'expired' | 'inactive'
type RoleName = 'owner' | 'admin' | 'billing' | 'member' | 'viewer'
type Jwk = { kty: string; crv: string; x: string }

/** The tables as the code sees them; the types below follow from it and a test compares it with the migrated database. */
export const schema = {
  streams: {
    id: text.required,
    audit_sequence: bigint.defaulted,
    event_sequence: bigint.defaulted,
    head_hash: bytes.defaulted,
  },
  audit_logs: {
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
  },
  audit_details: { audit_id: text.required, salt: bytes.required, details: text.required },
  events: {
    stream_id: text.required,
    sequence: bigint.required,
    id: text.required,
    type: text.required,
    occurred_at: time.required,
    organization: json<{ id: string; slug: string }>().nullable,
    data: json<unknown>().required,
  },
  idempotency_keys: {
    actor_id: text.required,
    key: text.required,
    fingerprint: text.required,
    sealed_answer: bytes.nullable,
    created_at: time.defaulted,
  },
  users: {
    id: text.required,
    email: text.required,
    email_verified_at: time.nullable,
    display_name: text.nullable,
    job_title: text.nullable,
    phone_number: text.nullable,
    bio: text.nullable,
    preferences: jsonb<Record<string, unknown>>().defaulted,
    disabled_at: time.nullable,
    created_at: time.defaulted,
    updated_at: time.defaulted,
  },
  password_credentials: { user_id: text.required, password_hash: text.required, changed_at: time.defaulted },
  guess_locks: {
    kind: text.required,
    account: text.required,
    address: text.required,
    failures: integer.required,
    locked_until: time.required,
    updated_at: time.defaulted,
  },
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
  organizations: {
    id: text.required,
    slug: text.required,
    name: text.required,
    created_at: time.defaulted,
    updated_at: time.defaulted,
    deleted_at: time.nullable,
  },
  subscriptions: {
    organization_id: text.required,
    plan_key: text.required,
    status: oneOf<Status>().required,
    seat_limit: integer.nullable,
    current_period_start: time.nullable,
    current_period_end: time.nullable,
    updated_at: time.defaulted,
  },
  memberships: {
    id: text.required,
    organization_id: text.required,
    user_id: text.required,
    role: oneOf<RoleName>().required,
    created_at: time.defaulted,
  },
  sessions: {
    id: text.required,
    user_id: text.required,
    auth_method: text.required,
    aal: integer.defaulted,
    mfa_verified_at: time.nullable,
    authenticated_at: time.defaulted,
    active_organization_id: text.nullable,
    address: text.required,
    user_agent: text.nullable,
    created_at: time.defaulted,
    last_seen_at: time.defaulted,
    expires_at: time.required,
    revoked_at: time.nullable,
  },
  session_tokens: {
    hash: bytes.required,
    session_id: text.required,
    issued_at: time.defaulted,
    first_used_at: time.nullable,
    superseded_at: time.nullable,
  },
  signing_keys: {
    id: text.required,
    public_jwk: jsonb<Jwk>().required,
    sealed_private_jwk: bytes.required,
    created_at: time.defaulted,
    retired_at: time.nullable,
  },
  projects: {
    id: text.required,
    organization_id: text.required,
    slug: text.required,
    name: text.required,
    status: oneOf<'active' | 'disabled'>().defaulted,
    publishable_key: text.required,
    redirect_urls: texts.defaulted,
    origins: texts.defaulted,
    after_sign_in_url: text.nullable,
    after_sign_up_url: text.nullable,
    created_at: time.defaulted,
    updated_at: time.defaulted,
  },
  secret_keys: {
    id: text.required,
    organization_id: text.required,
    project_id: text.required,
    prefix: text.required,
    hash: bytes.required,
    created_by: text.nullable,
    created_at: time.defaulted,
    expires_at: time.nullable,
    last_used_at: time.nullable,
  },
}

type RowType<C> =
  C extends Column<infer Value, infer Nullable, infer Defaulted>
    ? Nullable extends true
      ? ColumnType<Value | null, Value | null | undefined, Value | null>
      : Defaulted extends true
        ? ColumnType<Value, Value | undefined, Value>
        : Value
    : never

export type Schema = {
  [Table in keyof typeof schema]: {
    [Name in keyof (typeof schema)[Table]]: RowType<(typeof schema)[Table][Name]>
  }
}
