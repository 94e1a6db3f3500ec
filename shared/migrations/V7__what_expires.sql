-- What expires is found by its age, so that a clean-up reads what it deletes and not the whole table.
create index allowances_day on allowances (day);
-- Its condition is the clean-up's own: with `idempotency_key is not null` a send looked for its key here, and read all keys of the day.
create index messages_keys on messages (created_at) where coalesce(idempotency_key, '') <> '';
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
