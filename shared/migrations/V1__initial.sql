-- Accounts. A mobile is canonical E.164 and belongs to one account.
create table users (
    id uuid primary key,
    mobile text not null unique,
    name text,
    email text,
    password_hash text,
    -- Raised by every change of the password; a reset token names the version it may replace, so it works once.
    password_version integer not null default 0,
    created_at timestamptz not null
);

-- One row per sign-in. Its refresh tokens are a family: reuse of an old one revokes the session.
create table sessions (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    user_agent text,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index sessions_user on sessions (user_id, last_used_at desc);
create index sessions_expiry on sessions (expires_at);

create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions on delete cascade,
    created_at timestamptz not null,
    used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

-- What Stripe knows of a user. Outlives the account, so that a payment for a deleted one is noticed.
create table customers (
    id uuid primary key,
    user_id uuid unique references users on delete set null,
    stripe_customer_id text unique,
    -- Customers made at Stripe so far; makes the next one's idempotency key.
    customer_count integer not null default 0,
    created_at timestamptz not null,
    -- When its account began to be deleted: what is paid afterwards is given back.
    closed_at timestamptz,
    -- The checkout that is open, if one is; the count makes the next one's idempotency key.
    checkout_session_id text,
    checkout_url text,
    checkout_expires_at timestamptz,
    checkout_count integer not null default 0,
    -- The subscription as Stripe last told it. `version` is the fence: an older fetch never overwrites a newer one.
    version bigint not null default 0,
    synced_at timestamptz,
    subscription_id text,
    status text not null default 'none',
    current_period_start timestamptz,
    current_period_end timestamptz,
    cancel_at timestamptz,
    past_due_since timestamptz,
    payment_problem text,
    payment_url text,
    -- The entitlement: Pro while this lies ahead. `infinity` while the subscription is paid.
    pro_until timestamptz,
    -- When the reconciliation last looked at it, with success or without: its cursor.
    checked_at timestamptz
);
create index customers_check on customers (checked_at nulls first) where stripe_customer_id is not null;

create table stripe_events (
    id text primary key,
    type text not null,
    stripe_customer_id text,
    received_at timestamptz not null,
    processed_at timestamptz
);
create index stripe_events_received on stripe_events (received_at);
create index stripe_events_unprocessed on stripe_events (received_at) where processed_at is null;

-- One row: up to when Stripe's own list of events was compared with ours.
create table stripe_listing (
    only_one boolean primary key default true check (only_one),
    listed_until timestamptz not null
);

-- Messages charged to a user on a UTC day. Raised only while below the limit, lowered when no answer comes.
create table allowances (
    user_id uuid not null references users on delete cascade,
    day date not null,
    used integer not null check (used >= 0),
    primary key (user_id, day)
);

create table chatrooms (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    title text not null,
    system_prompt text,
    created_at timestamptz not null,
    -- The latest activity: the list is ordered by it.
    updated_at timestamptz not null,
    -- The place of the room's newest message; raised under the room's row lock.
    last_seq bigint not null default 0
);
create index chatrooms_list on chatrooms (user_id, updated_at desc, id desc);

-- Turns of a conversation, in the order of `seq`. A pending reply is also the outbox of the queue.
-- Owned through the room: `user_id` repeats its owner, who never changes.
create table messages (
    id uuid primary key,
    chatroom_id uuid not null references chatrooms on delete cascade,
    seq bigint not null,
    user_id uuid not null,
    role text not null check (role in ('user', 'assistant')),
    content text not null,
    state text not null check (
        state in ('pending', 'generating', 'completed', 'truncated', 'blocked', 'failed', 'cancelled')
    ),
    created_at timestamptz not null,
    completed_at timestamptz,
    -- Of a user's message: makes a repeated send the same send.
    idempotency_key text,
    -- Of a reply: the message it answers, the queue it waits in, the day it was charged to until given back.
    in_reply_to uuid,
    tier text check (tier in ('basic', 'pro')),
    charged_on date,
    model text,
    finish_reason text,
    prompt_tokens integer,
    reply_tokens integer,
    error text,
    -- The lease: a write of an older attempt changes nothing.
    attempt integer not null default 0,
    lease_until timestamptz,
    retry_at timestamptz,
    nudged_at timestamptz,
    unique (chatroom_id, seq),
    check ((role = 'assistant') = (in_reply_to is not null)),
    check (role = 'assistant' or state = 'completed')
);
create unique index messages_idempotency on messages (user_id, idempotency_key) where idempotency_key is not null;
create index messages_unfinished on messages (chatroom_id, seq) where state in ('pending', 'generating');
create index messages_completed on messages (completed_at) where role = 'assistant' and completed_at is not null;
