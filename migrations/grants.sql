-- What the runtime role may do, stated whole and applied after every migration.
-- Audit rows, events and stream heads are written by append_to_stream alone; events go by delete_old_events, audit rows by
-- audit_prune, and their details by audit_erase.
do $$
declare
  runtime_role text := current_setting('silver_auth.runtime_role');
begin
  if runtime_role = current_user then
    return;
  end if;
  execute format('revoke all on all tables in schema public from %I', runtime_role);
  execute format('revoke all on all functions in schema public from public, %I', runtime_role);
  execute format('grant usage on schema public to %I', runtime_role);
  execute format('grant select on streams, audit_logs, audit_details, audit_checkpoints, events, plans to %I', runtime_role);
  execute format('grant execute on function append_to_stream, delete_old_events, audit_prune, audit_erase to %I', runtime_role);
  execute format('grant execute on function event_selectors, webhook_delivery_id to %I', runtime_role);
  execute format(
    'grant select, insert, update, delete on idempotency_keys, users, password_credentials, guess_locks,
       organizations, subscriptions, memberships, sessions, session_tokens, signing_keys, projects, secret_keys, external_identities, oidc_states, spent_logout_tokens,
       platform_admins, session_organizations, app_grants, authorization_codes, project_sessions, project_session_tokens,
       webhook_endpoints, webhook_deliveries, webhook_attempts, invitations,
       usage_counters, usage_records, reached_limits
       to %I',
    runtime_role);
end $$;
