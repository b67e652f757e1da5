-- Links by which people join an organization. Of a link's token only the hash is kept.
create table invitations (
  id text primary key,
  organization_id text not null references organizations (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'billing', 'member', 'viewer')),
  -- Null: whoever has the link.
  email text,
  token_hash bytea not null unique,
  -- What is `pending` has expired once `expires_at` is over; housekeeping writes that down a moment later.
  status text not null default 'pending' check (status in ('pending', 'accepted', 'revoked', 'expired')),
  max_uses integer not null,
  uses integer not null default 0,
  -- Who vouches for it: it works as long as they may invite with this role.
  invited_by text references users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  check (uses between 0 and max_uses and max_uses > 0),
  check ((status = 'accepted') = (uses = max_uses)),
  check (email is null or max_uses = 1)
);
-- One open invitation per address and organization.
create unique index invitations_by_address on invitations (organization_id, email) where status = 'pending';
-- The list with and without a status, newest first. In a collation of their own, so that the primary key, which offers the same
-- order, is never taken for them: it would walk through all that does not fit.
create index invitations_by_organization on invitations (organization_id, id collate "C");
create index invitations_by_status on invitations (organization_id, status, id collate "C");
-- Those that take a place, and those of an organization that have expired by now.
create index invitations_in_time on invitations (organization_id, expires_at) where status = 'pending';
create index invitations_by_expiry on invitations (expires_at) where status = 'pending';
create index invitations_by_inviter on invitations (invited_by, organization_id);
