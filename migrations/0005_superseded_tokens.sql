-- Housekeeping looks for tokens that stepped back more than a day ago.
create index session_tokens_by_superseded_at on session_tokens (superseded_at) where superseded_at is not null;
create index project_session_tokens_by_superseded_at on project_session_tokens (superseded_at)
  where superseded_at is not null;
