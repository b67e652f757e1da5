-- What a subscription allows beside its plan: limits that were negotiated or lent, each with who answers for it and why. In the
-- row itself, so that whoever holds the subscription holds them.
alter table subscriptions add column overrides jsonb not null default '[]';

-- What was used in a month (UTC, such as 2026-05): a row per project that told of it, and one with the project '' for all of the
-- organization. Whoever adds changes the row for all last, so that its new value is exact for everybody who looks at limits.
create table usage_counters (
  organization_id text not null references organizations (id) on delete cascade,
  month text not null check (month ~ '^\d{4}-\d\d$'),
  metric text not null,
  project_id text not null,
  quantity bigint not null,
  -- What events told of it, and since when there is more to tell.
  told_quantity bigint not null default 0,
  untold_since timestamptz,
  primary key (organization_id, month, metric, project_id)
)
-- Counting up changes no index: room on the page keeps it from moving the row.
with (fillfactor = 50);
create index usage_counters_untold on usage_counters (untold_since) where untold_since is not null;

-- Reports with an idempotency key and what was answered, so that none counts twice; the project's, since keys are rotated.
create table usage_records (
  organization_id text not null references organizations (id) on delete cascade,
  project_id text not null,
  idempotency_key text not null,
  metric text not null,
  quantity bigint not null,
  month text,
  counter bigint,
  created_at timestamptz not null default now(),
  primary key (organization_id, project_id, idempotency_key)
);
create index usage_records_by_age on usage_records (created_at);

-- Which part of which limit was told of in a month.
create table reached_limits (
  organization_id text not null references organizations (id) on delete cascade,
  month text not null,
  limit_name text not null,
  most bigint not null,
  percent integer not null,
  primary key (organization_id, month, limit_name, most, percent)
);
create index reached_limits_by_month on reached_limits (month);

-- The last month that counted this session as one of the organization's.
alter table session_organizations add column counted_month text;
