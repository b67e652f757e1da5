-- Where customers want their events sent, and what became of each.

-- The project that an event is about, for endpoints that want those of one project alone.
alter table events add column project_id text;
create index events_by_time on events (stream_id, occurred_at);
create index events_by_age on events (occurred_at);

-- Deleted ones stay, so that their deliveries can be read; nothing but those looks at them.
-- Lock them FOR NO KEY UPDATE: append_to_stream, which holds a stream's head, must not wait to point to one.
create table webhook_endpoints (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  project_id text,
  url text not null,
  description text,
  event_types text[] not null,
  enabled boolean not null default true,
  disabled_reason text check (disabled_reason in ('manual', 'failing', 'gone', 'unreadable_secret')),
  sealed_secret bytea not null,
  sealed_previous_secret bytea,
  previous_secret_expires_at timestamptz,
  secret_rotated_at timestamptz,
  failing_since timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  unique (organization_id, id),
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete cascade,
  check (enabled = (disabled_reason is null)),
  check ((sealed_previous_secret is null) = (previous_secret_expires_at is null))
);

-- An organization's list and what each event looks through, however many were deleted.
create index webhook_endpoints_in_use on webhook_endpoints (organization_id, id) where deleted_at is null;

create table webhook_deliveries (
  id text primary key,
  organization_id text not null,
  endpoint_id text not null,
  event_id text not null,
  event_type text not null,
  status text not null default 'pending'
    check (status in ('pending', 'delivering', 'retrying', 'succeeded', 'failed', 'cancelled')),
  attempts integer not null default 0,
  -- Null: nothing more to do. While it is `delivering`, the end of the lease that `lease_token` names.
  next_attempt_at timestamptz,
  lease_token uuid,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  unique (event_id, endpoint_id),
  foreign key (organization_id, endpoint_id) references webhook_endpoints (organization_id, id) on delete cascade,
  check ((status in ('pending', 'delivering', 'retrying')) = (next_attempt_at is not null))
);
-- What is due is looked for endpoint by endpoint, so that a long queue at one costs the others nothing.
create index webhook_deliveries_by_due on webhook_deliveries (endpoint_id, next_attempt_at)
  where next_attempt_at is not null;
-- Answers every filter, newest first, one probe per endpoint, status and type that fits. In a collation of their own, so that
-- the primary key, which offers the same order, is never taken for them: it would walk through all that does not fit.
create index webhook_deliveries_by_kind on webhook_deliveries (endpoint_id, status, event_type, id collate "C");
create index webhook_deliveries_by_organization on webhook_deliveries (organization_id, id collate "C");
-- Whether an endpoint took anything since it began failing.
create index webhook_deliveries_by_success on webhook_deliveries (endpoint_id, completed_at) where status = 'succeeded';
create index webhook_deliveries_by_age on webhook_deliveries (created_at);

create table webhook_attempts (
  delivery_id text not null references webhook_deliveries (id) on delete cascade,
  number integer not null,
  at timestamptz not null,
  status integer,
  latency_ms integer not null,
  error text,
  request_headers json not null,
  answer text,
  primary key (delivery_id, number)
);

-- What an endpoint may have selected that wants events of this type.
create function event_selectors(type text) returns text[]
language sql immutable parallel safe
return array['*', split_part(type, '.', 1) || '.*', type];

-- The one id of a delivery per endpoint and event. It sorts with `made`, another id, and looks as every id does: hexadecimal
-- digits are among those of ids.
create function webhook_delivery_id(endpoint_id text, event_id text, made text) returns text
language sql stable parallel safe
return 'dlv_' || substr(made, 5, 10) || left(encode(sha256(convert_to(endpoint_id || event_id, 'UTF8')), 'hex'), 16);

-- As in migration 0001, and besides it makes the deliveries of each event, one per endpoint that wants it; returns how many.
-- A test goes to its endpoint alone, whether that is enabled or not.
drop function append_to_stream(text, json);
create function append_to_stream(stream text, entries json) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head public.streams;
  entry json;
  link public.audit_logs;
  about json;
  made integer;
  deliveries integer := 0;
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
      insert into public.events (stream_id, sequence, id, type, occurred_at, organization, data, project_id)
      values (stream, head.event_sequence, entry->>'eventId', link.action, link.occurred_at, about, entry->'data',
        entry->>'projectId');
      insert into public.webhook_deliveries
        (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at, created_at)
      select public.webhook_delivery_id(endpoint.id, entry->>'eventId', entry->>'eventId'),
        stream, endpoint.id, entry->>'eventId', link.action, link.occurred_at, link.occurred_at
      from public.webhook_endpoints endpoint
      where endpoint.organization_id = stream and endpoint.deleted_at is null
        and case link.action when 'webhook.test' then endpoint.id = link.target_id
          else endpoint.enabled
            and endpoint.event_types && public.event_selectors(link.action)
            and (endpoint.project_id is null or endpoint.project_id = entry->>'projectId')
          end;
      get diagnostics made = row_count;
      deliveries := deliveries + made;
    end if;
  end loop;
  update public.streams
  set audit_sequence = head.audit_sequence, event_sequence = head.event_sequence, head_hash = head.head_hash
  where id = stream;
  return deliveries;
end $$;

-- The only way for events to go: the oldest first, so that what is left of a stream has no gap, and none before its time.
-- Returns how many went.
create function delete_old_events(days integer, most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  deleted integer;
begin
  if days < 1 then
    raise exception 'events are kept for a day at least' using errcode = 'insufficient_privilege';
  end if;
  delete from public.events where (stream_id, sequence) in (
    select stream_id, sequence from public.events
    where occurred_at < now() - make_interval(days => days) order by occurred_at, sequence limit most);
  get diagnostics deleted = row_count;
  return deleted;
end $$;
