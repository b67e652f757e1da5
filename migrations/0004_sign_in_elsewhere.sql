-- Who a person is at an identity provider: never the e-mail address alone.
create table external_identities (
  issuer text not null,
  subject text not null,
  user_id text not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index external_identities_by_user on external_identities (user_id);

-- Sign-ins on their way to the provider and back; spent by deleting, bound to the browser that began them.
create table oidc_states (
  state_hash bytea primary key,
  browser_hash bytea not null,
  sealed bytea not null,
  redirect_url text,
  step_up_session_id text references sessions (id) on delete cascade,
  expires_at timestamptz not null default now() + interval '10 minutes'
);
create index oidc_states_by_expiry on oidc_states (expires_at);
create index oidc_states_by_session on oidc_states (step_up_session_id);

alter table sessions
  add column issuer text,
  add column subject text,
  add column provider_session_id text,
  add column sealed_id_token bytea,
  add column platform_admin_until timestamptz;
create index sessions_by_provider on sessions (issuer, subject) where issuer is not null;
create index sessions_by_provider_session on sessions (provider_session_id) where provider_session_id is not null;

-- Logout tokens that were carried out, so that none works twice.
create table spent_logout_tokens (
  issuer text not null,
  jti text not null,
  expires_at timestamptz not null,
  primary key (issuer, jti)
);

-- People whom an operator made platform admins where no provider says so.
create table platform_admins (
  user_id text primary key references users (id) on delete cascade,
  granted_at timestamptz not null default now()
);

-- What an organization saw of a session, and whether it refuses it since.
create table session_organizations (
  session_id text not null references sessions (id) on delete cascade,
  organization_id text not null references organizations (id) on delete cascade,
  address text not null,
  user_agent text,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  revoked_at timestamptz,
  primary key (session_id, organization_id)
);
create index session_organizations_by_organization on session_organizations (organization_id, session_id);

-- A person's consent to be known to a project.
create table app_grants (
  user_id text not null references users (id) on delete cascade,
  organization_id text not null,
  project_id text not null,
  created_at timestamptz not null default now(),
  primary key (user_id, project_id),
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete cascade
);

create index app_grants_by_project on app_grants (project_id);

-- Codes of app sign-ins: sixty seconds, once, bound to project, address and challenge; spent by deleting.
create table authorization_codes (
  hash bytea primary key,
  organization_id text not null,
  project_id text not null,
  session_id text not null references sessions (id) on delete cascade,
  redirect_url text not null,
  code_challenge text not null,
  address text not null,
  user_agent text,
  expires_at timestamptz not null default now() + interval '60 seconds',
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete cascade
);
create index authorization_codes_by_session on authorization_codes (session_id);
create index authorization_codes_by_project on authorization_codes (project_id);
create index authorization_codes_by_expiry on authorization_codes (expires_at);

-- A sign-in as one project sees it; ends with the session it came from.
create table project_sessions (
  id text primary key,
  session_id text not null references sessions (id) on delete cascade,
  organization_id text not null,
  project_id text not null,
  user_id text not null references users (id) on delete cascade,
  address text not null,
  user_agent text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  revoked_at timestamptz,
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete cascade
);
create index project_sessions_by_session on project_sessions (session_id);
create index project_sessions_by_user on project_sessions (user_id, id);
create index project_sessions_by_project on project_sessions (project_id);
create index project_sessions_by_end on project_sessions (revoked_at) where revoked_at is not null;

create table project_session_tokens (
  hash bytea primary key,
  project_session_id text not null references project_sessions (id) on delete cascade,
  issued_at timestamptz not null default clock_timestamp(),
  first_used_at timestamptz,
  superseded_at timestamptz
);
create index project_session_tokens_by_session on project_session_tokens (project_session_id, issued_at);
