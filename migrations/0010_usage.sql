-- What a subscription allows beside its plan: limits that were negotiated or lent, each with who answers for it and why. In the
-- row itself, so that whoever holds the subscription holds them.
alter table subscriptions add column overrides jsonb not null default '[]';
