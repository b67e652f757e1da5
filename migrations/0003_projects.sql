create table projects (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  slug text not null,
  name text not null,
  status text not null default 'active' check (status in ('active', 'disabled')),
  publishable_key text not null unique,
  redirect_urls text[] not null default '{}',
  origins text[] not null default '{}',
  after_sign_in_url text,
  after_sign_up_url text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, slug)
);
-- CORS asks for the origins of active projects.
create index projects_by_origin on projects using gin (origins);

create table secret_keys (
  id text primary key,
  organization_id text not null,
  project_id text not null,
  prefix text not null,
  hash bytea not null unique,
  created_by text references users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  foreign key (organization_id, project_id) references projects (organization_id, id) on delete cascade
);
create index secret_keys_by_project on secret_keys (project_id, created_at);
create index secret_keys_by_prefix on secret_keys (prefix);
create index secret_keys_by_expiry on secret_keys (expires_at) where expires_at is not null;
create index secret_keys_by_creator on secret_keys (created_by);
