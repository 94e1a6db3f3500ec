-- Stripe can pause the collection of a subscription's payments and leave its status as it is. Users are shown that.
alter table customers
    add column collection_paused boolean not null default false,
    -- When payments go on, if that is known.
    add column collection_resumes_at timestamptz;
