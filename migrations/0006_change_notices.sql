-- Whoever changes a row that cached answers rest on, by whatever way, tells every process at COMMIT which answers to forget.
-- `silver_auth.changed` keeps the same tags for the process that did it, which must forget them before it answers.
-- Inserts need no notice where nothing cached can have missed the row.

-- Called with the kind of a tag and the column that completes it, or with `*` alone for everything.
create function notice_change() returns trigger language plpgsql as $$
declare
  version jsonb;
  tag text;
  tags text := coalesce(current_setting('silver_auth.changed', true), '');
begin
  if tags = '*' then
    return null;
  end if;
  -- A row that moves from one owner to another changes the answers of both.
  foreach version in array array[to_jsonb(old), to_jsonb(new)] loop
    tag := coalesce(tg_argv[0] || ':' || (version ->> tg_argv[1]), '*');
    continue when version is null or tags = '*' or strpos(tags, tag || ' ') > 0;
    -- Some five hundred tags: with each further one the list costs more than what is told as a whole.
    if length(tags) > 16384 then
      tag := '*';
    end if;
    tags := case tag when '*' then tag else tags || tag || ' ' end;
    perform set_config('silver_auth.changed', tags, true);
    perform pg_notify('silver_auth_changed', tag);
  end loop;
  return null;
end $$;

create trigger notice_change after update or delete on users
  for each row execute function notice_change('user', 'id');
create trigger notice_change after insert or update or delete on memberships
  for each row execute function notice_change('user', 'user_id');
create trigger notice_change after insert or update or delete on platform_admins
  for each row execute function notice_change('user', 'user_id');
create trigger notice_change after update or delete on app_grants
  for each row execute function notice_change('user', 'user_id');

create trigger notice_change after update or delete on organizations
  for each row execute function notice_change('organization', 'id');
-- What comes back from the dead was in no answer, so none has its tag.
create trigger notice_return after update of deleted_at on organizations
  for each row when (old.deleted_at is not null and new.deleted_at is null)
  execute function notice_change('*');
create trigger notice_change after update or delete on subscriptions
  for each row execute function notice_change('organization', 'organization_id');

create trigger notice_change after update or delete on projects
  for each row execute function notice_change('project', 'id');
create trigger notice_change after update of id, project_id, prefix, hash, expires_at on secret_keys
  for each row execute function notice_change('project', 'project_id');
create trigger notice_return after update of expires_at on secret_keys
  for each row when (old.expires_at <= now() and coalesce(new.expires_at > now(), true))
  execute function notice_change('*');
create trigger notice_deletion after delete on secret_keys
  for each row when (old.expires_at is null or old.expires_at > now())
  execute function notice_change('project', 'project_id');

create trigger notice_change after update of id, user_id, auth_method, aal, mfa_verified_at, authenticated_at,
  active_organization_id, created_at, expires_at, revoked_at, issuer, platform_admin_until on sessions
  for each row execute function notice_change('session', 'id');
-- That a session was seen changes nothing, unless it is moved back.
create trigger notice_step_back after update of last_seen_at on sessions
  for each row when (new.last_seen_at < old.last_seen_at)
  execute function notice_change('session', 'id');
create trigger notice_deletion after delete on sessions
  for each row when (old.revoked_at is null and old.expires_at > now())
  execute function notice_change('session', 'id');
-- First uses only judge tokens that stepped back, and of those no answer is kept.
create trigger notice_change after update of hash, session_id, superseded_at on session_tokens
  for each row execute function notice_change('session', 'session_id');
create trigger notice_deletion after delete on session_tokens
  for each row when (old.superseded_at is null)
  execute function notice_change('session', 'session_id');
create trigger notice_change after update of session_id, organization_id, revoked_at on session_organizations
  for each row execute function notice_change('session', 'session_id');
create trigger notice_refusal after insert on session_organizations
  for each row when (new.revoked_at is not null)
  execute function notice_change('session', 'session_id');
create trigger notice_deletion after delete on session_organizations
  for each row when (old.revoked_at is not null)
  execute function notice_change('session', 'session_id');

create trigger notice_change after update of id, session_id, organization_id, project_id, user_id, created_at, revoked_at
  on project_sessions
  for each row execute function notice_change('session', 'id');
create trigger notice_step_back after update of last_seen_at on project_sessions
  for each row when (new.last_seen_at < old.last_seen_at)
  execute function notice_change('session', 'id');
create trigger notice_deletion after delete on project_sessions
  for each row when (old.revoked_at is null)
  execute function notice_change('session', 'id');
create trigger notice_change after update of hash, project_session_id, superseded_at on project_session_tokens
  for each row execute function notice_change('session', 'project_session_id');
create trigger notice_deletion after delete on project_session_tokens
  for each row when (old.superseded_at is null)
  execute function notice_change('session', 'project_session_id');
