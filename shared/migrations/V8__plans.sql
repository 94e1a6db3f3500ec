-- Each index fits the statements that it is for, and no others. A statement is planned once, and where Postgres expects few rows (in a
-- young database, or of unfinished replies in any) it takes an index that it may use for one that it should use.

-- All three tables at once or none: requests lock them in either order, so one after the other would be a deadlock with them.
do $$
begin
    for attempt in 1..500 loop
        begin
            lock table allowances, messages, past_usage in access exclusive mode nowait;
            return;
        exception when lock_not_available then
            perform pg_sleep(0.02);
        end;
    end loop;
    raise lock_not_available using message = 'allowances, messages and past_usage were in use for ten seconds';
end
$$;

-- The clean-up's. With the plain day, requests read everybody's rows of a day here, and not their user's by the primary key.
create index if not exists allowances_past on allowances ((day + 0));
create index if not exists past_usage_past on past_usage ((day + 0));
-- A user's unfinished replies. With the condition of `messages_unfinished`, a send read everybody's in that one to count its user's.
create index if not exists messages_unended on messages (user_id) where coalesce(completed_at, 'infinity') = 'infinity';

-- unused since V7: its clean-up is slower without it
drop index allowances_day;
-- unused since V7: its clean-up is slower without it
drop index past_usage_day;
-- unused since V7: its sends count by `messages_unfinished` without it
drop index messages_unfinished_of_user;
