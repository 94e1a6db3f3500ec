-- What a day's allowance needs to bound refunds and replies that are called off.
alter table allowances
    -- The limit of the day when a message was last charged; null if an older version charged it.
    add column daily integer,
    -- Refunds of replies that had reached the model: at most `daily`.
    add column refunded integer not null default 0,
    -- Replies that the user called off before the model was asked: those beyond the free ones stay charged.
    add column called_off integer not null default 0;

-- Of a reply: whether an attempt before the present one was answered, or never reported its end. Then it may have cost
-- something.
alter table messages add column reached_model boolean not null default false;
create index messages_unfinished_of_user on messages (user_id) where state in ('pending', 'generating');

-- How many replies and rooms a user has ever requested. Raised by the statement that adds one, which thereby knows how
-- many were added since its snapshot.
create table counters (
    user_id uuid primary key references users on delete cascade,
    replies bigint not null default 0,
    rooms bigint not null default 0
);

-- What the number of a deleted account spent today, under a keyed hash of the number.
create table past_usage (
    mark bytea not null,
    day date not null,
    used integer not null,
    refunded integer not null,
    called_off integer not null,
    primary key (mark, day)
);
create index past_usage_day on past_usage (day);
