-- What was asked of the model, one row per attempt. It outlives the reply, so that the cost of each day can be told.
create table attempts (
    reply_id uuid not null,
    number integer not null,
    -- The model that was asked, as it calls itself.
    model text,
    started_at timestamptz not null,
    -- Null while it runs, and for good if its worker was killed.
    ended_at timestamptz,
    -- The state or the error that it led to.
    outcome text,
    prompt_tokens integer,
    reply_tokens integer,
    thought_tokens integer,
    cached_tokens integer,
    tool_tokens integer,
    primary key (reply_id, number)
);
create index attempts_started on attempts (started_at);
