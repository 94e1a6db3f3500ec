-- What expires is found by its age, so that a clean-up reads what it deletes and not the whole table.
-- By an expression: in a plan of early morning an index of the day itself looked better for one user's row of today than the primary
-- key, and was the slower the more users wrote on that day.
create index allowances_age on allowances ((day - date '2000-01-01'));
create index messages_keys on messages (created_at) where idempotency_key is not null;
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
