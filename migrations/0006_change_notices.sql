-- Whoever changes a row that cached answers rest on, by whatever way, tells every process at COMMIT which answers to forget.
-- `silver_auth.changed` keeps the same tags for the process that did it, which must forget them before it answers.
-- Inserts need no notice where nothing cached can have missed the row.

create function notice_change() returns trigger language plpgsql as $$
declare
  changed jsonb;
  tag text;
  tags text := coalesce(current_setting('silver_auth.changed', true), '');
begin
  if tg_op = 'DELETE' then changed := to_jsonb(old); else changed := to_jsonb(new); end if;
  tag := tg_argv[0] || ':' || (changed ->> tg_argv[1]);
  if tags = '*' or strpos(tags, tag || ' ') > 0 then
    return null;
  end if;
  -- A transaction that changes this much is cheaper told as a whole.
  if length(tags) > 65536 then
    tags := '*';
    tag := '*';
  else
    tags := tags || tag || ' ';
  end if;
  perform set_config('silver_auth.changed', tags, true);
  perform pg_notify('silver_auth_changed', tag);
  return null;
end $$;

create trigger notice_change after update or delete on users
  for each row execute function notice_change('user', 'id');
create trigger notice_change after insert or update or delete on memberships
  for each row execute function notice_change('user', 'user_id');
create trigger notice_change after insert or update or delete on platform_admins
  for each row execute function notice_change('user', 'user_id');
create trigger notice_change after delete on app_grants
  for each row execute function notice_change('user', 'user_id');

create trigger notice_change after update or delete on organizations
  for each row execute function notice_change('organization', 'id');
create trigger notice_change after update or delete on subscriptions
  for each row execute function notice_change('organization', 'organization_id');

create trigger notice_change after update or delete on projects
  for each row execute function notice_change('project', 'id');
create trigger notice_change after update on secret_keys
  for each row when (old.expires_at is distinct from new.expires_at)
  execute function notice_change('project', 'project_id');
create trigger notice_deletion after delete on secret_keys
  for each row when (old.expires_at is null or old.expires_at > now())
  execute function notice_change('project', 'project_id');

-- That a session was seen changes nothing, unless it is moved back.
create trigger notice_change after update on sessions
  for each row when (
    (old.user_id, old.auth_method, old.aal, old.mfa_verified_at, old.authenticated_at, old.active_organization_id,
      old.expires_at, old.revoked_at, old.issuer, old.platform_admin_until)
    is distinct from
    (new.user_id, new.auth_method, new.aal, new.mfa_verified_at, new.authenticated_at, new.active_organization_id,
      new.expires_at, new.revoked_at, new.issuer, new.platform_admin_until)
    or new.last_seen_at < old.last_seen_at)
  execute function notice_change('session', 'id');
create trigger notice_deletion after delete on sessions
  for each row when (old.revoked_at is null and old.expires_at > now())
  execute function notice_change('session', 'id');
create trigger notice_change after update on session_tokens
  for each row when (old.superseded_at is distinct from new.superseded_at)
  execute function notice_change('session', 'session_id');
create trigger notice_deletion after delete on session_tokens
  for each row when (old.superseded_at is null)
  execute function notice_change('session', 'session_id');
create trigger notice_change after update on session_organizations
  for each row when (old.revoked_at is distinct from new.revoked_at)
  execute function notice_change('session', 'session_id');

create trigger notice_change after update on project_sessions
  for each row when (old.revoked_at is distinct from new.revoked_at or new.last_seen_at < old.last_seen_at)
  execute function notice_change('session', 'id');
create trigger notice_deletion after delete on project_sessions
  for each row when (old.revoked_at is null)
  execute function notice_change('session', 'id');
create trigger notice_change after update on project_session_tokens
  for each row when (old.superseded_at is distinct from new.superseded_at)
  execute function notice_change('session', 'project_session_id');
create trigger notice_deletion after delete on project_session_tokens
  for each row when (old.superseded_at is null)
  execute function notice_change('session', 'project_session_id');
