-- The end of a session's chain of refresh tokens. A session that an older version opened or renewed has none of it.
alter table sessions
    -- The hash of the token that was exchanged last. It is accepted until its successor is exchanged.
    add column refresh_parent bytea,
    -- The hash of that successor: the only token that is exchanged for the next one.
    add column refresh_head bytea,
    -- When that successor was made. The token itself is derived from this time.
    add column refresh_made_at timestamptz;
create index refresh_tokens_created on refresh_tokens (created_at);
