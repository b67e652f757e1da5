-- The spine: every change appends to a stream, one per organization and `platform`.

create table streams (
  id text primary key,
  audit_sequence bigint not null default 0,
  event_sequence bigint not null default 0,
  head_hash bytea not null default '\x'
);

create table audit_logs (
  stream_id text not null,
  sequence bigint not null,
  id text not null unique,
  occurred_at timestamptz not null,
  action text not null,
  actor_kind text not null,
  actor_id text,
  target_id text,
  request_id text not null,
  details_mac bytea not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (stream_id, sequence)
);
create index audit_logs_by_target on audit_logs (stream_id, target_id, sequence);
create index audit_logs_by_actor on audit_logs (stream_id, actor_id, sequence);

-- What may have to be erased: the chain holds only HMAC(salt, details), so a link outlives them.
create table audit_details (
  audit_id text primary key references audit_logs (id),
  salt bytea not null,
  details text not null
);

create table events (
  stream_id text not null,
  sequence bigint not null,
  id text not null unique,
  type text not null,
  occurred_at timestamptz not null,
  organization json,
  data json not null,
  primary key (stream_id, sequence)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on audit_logs
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_details
  for each statement execute function refuse_change();

-- Links one row to the row before it. `silver-auth audit verify` computes the same outside the database.
create function audit_hash(previous bytea, entry public.audit_logs) returns bytea
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select sha256(previous || convert_to(jsonb_build_array(
    entry.stream_id, entry.sequence::text, entry.id,
    to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    entry.action, entry.actor_kind, entry.actor_id, entry.target_id, entry.request_id,
    encode(entry.details_mac, 'hex'))::text, 'UTF8'))
$$;

-- The only way to write a stream. Locks its head until the end of the transaction, so callers come here last.
-- Runs as the owner: every name of ours is qualified, because what callers can create must never be found instead.
create function append_to_stream(stream text, entries json) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head public.streams;
  entry json;
  link public.audit_logs;
  about json;
begin
  select * into head from public.streams where id = stream for update;
  if not found then
    insert into public.streams (id) values (stream) on conflict do nothing;
    select * into head from public.streams where id = stream for update;
  end if;
  select json_build_object('id', o.id, 'slug', o.slug) into about from public.organizations o where o.id = stream;
  for entry in select value from json_array_elements(entries) loop
    head.audit_sequence := head.audit_sequence + 1;
    link := (
      stream, head.audit_sequence, entry->>'id', date_trunc('milliseconds', clock_timestamp()), entry->>'action',
      entry->>'actorKind', entry->>'actorId', entry->>'targetId', entry->>'requestId',
      decode(entry->>'detailsMac', 'hex'), head.head_hash, ''::bytea
    );
    link.hash := public.audit_hash(head.head_hash, link);
    head.head_hash := link.hash;
    insert into public.audit_logs select (link).*;
    insert into public.audit_details values (link.id, decode(entry->>'salt', 'hex'), entry->>'details');
    if entry->>'eventId' is not null then
      head.event_sequence := head.event_sequence + 1;
      insert into public.events
      values (stream, head.event_sequence, entry->>'eventId', link.action, link.occurred_at, about, entry->'data');
    end if;
  end loop;
  update public.streams
  set audit_sequence = head.audit_sequence, event_sequence = head.event_sequence, head_hash = head.head_hash
  where id = stream;
end $$;

-- Answers of creations, kept sealed for a day, so that a retry of a lost answer gets the same one.
create table idempotency_keys (
  actor_id text not null,
  key text not null,
  fingerprint text not null,
  sealed_answer bytea,
  created_at timestamptz not null default now(),
  primary key (actor_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
