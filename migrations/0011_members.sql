-- When a member was last active, from sessions that are deleted; what newer ones tell is read from them.
alter table memberships add column last_active_at timestamptz;
-- Activity changes no answer that is kept.
drop trigger notice_change on memberships;
create trigger notice_change after insert or delete or update of id, organization_id, user_id, role, created_at on memberships
  for each row execute function notice_change('user', 'user_id');

-- The list of members, newest first.
create index memberships_by_organization on memberships (organization_id, id);
