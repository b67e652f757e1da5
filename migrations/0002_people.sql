create table users (
  id text primary key,
  email text not null unique,
  email_verified_at timestamptz,
  display_name text,
  job_title text,
  phone_number text,
  bio text,
  preferences jsonb not null default '{}',
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table password_credentials (
  user_id text primary key references users (id) on delete cascade,
  password_hash text not null,
  changed_at timestamptz not null default now()
);

-- Guesses in a row against one secret (`kind` and `account`) from one place; survives a restart.
create table guess_locks (
  kind text not null,
  account text not null,
  address text not null,
  failures integer not null,
  locked_until timestamptz not null,
  updated_at timestamptz not null default now(),
  primary key (kind, account, address)
);
create index guess_locks_by_age on guess_locks (updated_at);

create table plans (
  key text primary key,
  name text not null,
  intended_use text not null,
  listed boolean not null,
  position integer not null,
  project_limit integer not null,
  user_limit integer not null,
  webhook_endpoint_limit integer not null,
  monthly_session_limit integer not null,
  features text[] not null
);

insert into plans values
  ('free', 'Free', 'Side projects and first customers', true, 1, 2, 3, 1, 1000,
    array['Hosted sign-in', 'Secret key rotation', 'Signed webhooks', 'Audit log']),
  ('starter', 'Starter', 'Kept for tenants of the first plans', false, 2, 5, 25, 3, 5000,
    array['Hosted sign-in', 'Secret key rotation', 'Signed webhooks', 'Audit log']),
  ('pro', 'Pro', 'Growing products with paying customers', true, 3, 25, 10000, 25, 100000,
    array['Everything in Free', '25 projects', '10,000 users', 'Audit log export']),
  ('scale', 'Scale', 'Platforms with many products', true, 4, 250, 1000000, 250, 1000000,
    array['Everything in Pro', '250 projects', 'Negotiated limits']);

create table organizations (
  id text primary key,
  slug text not null unique,
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index organizations_by_deletion on organizations (deleted_at) where deleted_at is not null;

create table subscriptions (
  organization_id text primary key references organizations (id) on delete cascade,
  plan_key text not null references plans (key),
  status text not null check (status in ('active', 'trialing', 'past_due', 'cancelled', 'expired', 'inactive')),
  seat_limit integer check (seat_limit > 0),
  current_period_start timestamptz,
  current_period_end timestamptz,
  updated_at timestamptz not null default now()
);

create table memberships (
  id text not null unique,
  organization_id text not null references organizations (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'billing', 'member', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index memberships_by_user on memberships (user_id);

create table sessions (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  auth_method text not null,
  aal integer not null default 1,
  mfa_verified_at timestamptz,
  authenticated_at timestamptz not null default now(),
  active_organization_id text references organizations (id) on delete set null,
  address text not null,
  user_agent text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index sessions_by_user on sessions (user_id, created_at);
create index sessions_by_expiry on sessions (expires_at);
-- Removing an organization looks for the sessions that work in it.
create index sessions_by_active_organization on sessions (active_organization_id);

-- Every token a session ever had, so that a stolen old one is recognised when it comes back.
create table session_tokens (
  hash bytea primary key,
  session_id text not null references sessions (id) on delete cascade,
  issued_at timestamptz not null default clock_timestamp(),
  first_used_at timestamptz,
  superseded_at timestamptz
);
create index session_tokens_by_session on session_tokens (session_id, issued_at);

create table signing_keys (
  id text primary key,
  public_jwk jsonb not null,
  sealed_private_jwk bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
