-- What expires is found by its age, so that a clean-up reads what it deletes and not the whole table.
create index allowances_day on allowances (day);
create index messages_keys on messages (created_at) where idempotency_key is not null;
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;
