-- Reading the audit log by filters, and letting go of what had its time without breaking its chains.

-- Newest first, by the time and then the number. A filtered list is read from the one index whose key it asks for. The time is
-- written otherwise in those, so that the first, which offers the same order, is never taken for them: it would walk through
-- all that does not fit. A key ends with the action, and which actions there are is found by hopping from one to the next.
drop index audit_logs_by_target;
drop index audit_logs_by_actor;
create index audit_logs_by_time on audit_logs (stream_id, occurred_at, sequence);
create index audit_logs_by_action on audit_logs
  (stream_id, action collate "C", (occurred_at at time zone 'UTC'), sequence);
create index audit_logs_by_actor on audit_logs
  (stream_id, ((coalesce(actor_id, actor_kind) || '/' || action) collate "C"), (occurred_at at time zone 'UTC'), sequence);
create index audit_logs_by_target on audit_logs
  (stream_id, ((target_id || '/' || action) collate "C"), (occurred_at at time zone 'UTC'), sequence);
create index audit_logs_by_target_and_actor on audit_logs
  (stream_id, ((target_id || '/' || coalesce(actor_id, actor_kind) || '/' || action) collate "C"),
    (occurred_at at time zone 'UTC'), sequence);
create index audit_logs_by_request on audit_logs (stream_id, request_id, (occurred_at at time zone 'UTC'), sequence);
create index audit_logs_by_age on audit_logs (occurred_at);

-- Where the rest of a chain begins: the last row of it that was pruned, whole, so that its hash, which the next row follows,
-- proves how old it was.
create table audit_checkpoints (
  like audit_logs,
  pruned_at timestamptz not null,
  primary key (stream_id)
);

-- The two functions below say of themselves that they are no accident. It gives nobody a privilege.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  if current_setting('silver_auth.audit_upkeep', true) = 'on' and tg_op <> 'TRUNCATE' then
    return null;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger append_only before update or delete or truncate on audit_checkpoints
  for each statement execute function refuse_change();

-- Lets rows go that are older than so many days, the oldest of each stream first and none behind one that is kept, and writes
-- a checkpoint for each stream. Returns how many went; none while another call is at it. Locks no head: nobody waits for it.
create function audit_prune(days integer, most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  cutoff timestamptz := now() - make_interval(days => days);
  pruned integer := 0;
  removed integer;
  stream text;
  last bigint;
begin
  if coalesce(days, 0) < 30 then
    raise exception 'audit rows are kept for 30 days at least' using errcode = 'insufficient_privilege';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('silver_auth.audit_prune', 0)) then
    return 0;
  end if;
  perform set_config('silver_auth.audit_upkeep', 'on', true);
  for stream in
    select distinct stream_id from (
      select old.stream_id from public.audit_logs old
      where old.occurred_at < cutoff and cutoff > (
        select first.occurred_at from public.audit_logs first
        where first.stream_id = old.stream_id order by first.sequence limit 1)
      order by old.occurred_at limit most) oldest
    order by stream_id
  loop
    exit when pruned >= most;
    select max(sequence) into last from (
      select sequence, bool_and(occurred_at < cutoff) over (order by sequence) as is_old from (
        select sequence, occurred_at from public.audit_logs
        where stream_id = stream order by sequence limit most - pruned) first) prefix
    where is_old;
    delete from public.audit_checkpoints where stream_id = stream;
    insert into public.audit_checkpoints (stream_id, sequence, id, occurred_at, action, actor_kind, actor_id, target_id,
      request_id, details_mac, previous_hash, hash, pruned_at)
    select stream_id, sequence, id, occurred_at, action, actor_kind, actor_id, target_id,
      request_id, details_mac, previous_hash, hash, now() from public.audit_logs
    where stream_id = stream and sequence = last;
    delete from public.audit_details where audit_id in (
      select id from public.audit_logs where stream_id = stream and sequence <= last);
    delete from public.audit_logs where stream_id = stream and sequence <= last;
    get diagnostics removed = row_count;
    pruned := pruned + removed;
  end loop;
  perform set_config('silver_auth.audit_upkeep', 'off', true);
  return pruned;
end $$;

-- Erases the details of rows that somebody did, that were done to somebody, or that have one of these texts as a value; their
-- links stay. Looks at so many rows behind the id `after`; tells the last it looked at (null at the end) and how many it erased.
create function audit_erase(mentions text[], after text, most integer, out last text, out erased integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if coalesce(array_position(mentions, null), array_position(mentions, '')) is not null then
    raise exception 'nothing is no text to erase' using errcode = 'invalid_parameter_value';
  end if;
  select max(audit_id) into last from (
    select audit_id from public.audit_details where audit_id > after order by audit_id limit most) page;
  perform set_config('silver_auth.audit_upkeep', 'on', true);
  delete from public.audit_details detail using public.audit_logs entry
  where detail.audit_id > after and detail.audit_id <= last and entry.id = detail.audit_id
    and (entry.actor_id = any (mentions) or entry.target_id = any (mentions)
      or exists (select from unnest(mentions) mention where strpos(detail.details, to_json(mention)::text) > 0));
  get diagnostics erased = row_count;
  perform set_config('silver_auth.audit_upkeep', 'off', true);
end $$;
