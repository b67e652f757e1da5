-- Platform admins search people and organizations by the beginnings of words. A text is cut at every ASCII character that is
-- neither letter nor digit, whatever the locale; src/features/platform/queries.ts repeats these expressions.
create index users_by_word on users using gin (
  array_to_tsvector(array_remove(regexp_split_to_array(
    lower(coalesce(display_name, '') || ' ' || email), '[ -/:-@[-`{-~]+'), '')));
create index organizations_by_word on organizations using gin (
  array_to_tsvector(array_remove(regexp_split_to_array(
    lower(name || ' ' || slug), '[ -/:-@[-`{-~]+'), '')));

-- The sessions of one address that an organization saw.
create index session_organizations_by_address on session_organizations (organization_id, address, session_id);
