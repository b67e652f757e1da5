-- The list of members, newest first.
create index memberships_by_organization on memberships (organization_id, id);
