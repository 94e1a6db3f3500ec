prepare statement (date, bigint) as
delete from allowances where (user_id, day) in ( select user_id, day from allowances where day + 0 < $1 limit $2 for update skip locked);

prepare statement (timestamp with time zone, bigint) as
delete from attempts where (reply_id, number) in ( select reply_id, number from attempts where started_at < $1 limit $2 for update skip locked);

prepare statement (timestamp with time zone, bigint) as
delete from customers where id in ( select id from customers where user_id is null and (stripe_customer_id is null or (checked_at = 'infinity' and closed_at < $1)) limit $2 for update skip locked );

prepare statement (uuid, uuid, bigint) as
delete from messages where $3 = ( select count(*) from ( select from chatrooms c cross join lateral (select from messages where chatroom_id = c.id limit $3) m where c.user_id = $1 and ($2::uuid is null or c.id = $2) limit $3 ) many ) and id in ( select ended.id from chatrooms c cross join lateral ( select id from messages m where chatroom_id = c.id and completed_at is not null and not exists ( select from messages where chatroom_id = c.id and in_reply_to = m.id and state in ('pending', 'generating') ) limit $3 for update of m skip locked ) ended where c.user_id = $1 and ($2::uuid is null or c.id = $2) limit $3 );

prepare statement (date, bigint) as
delete from past_usage where (mark, day) in ( select mark, day from past_usage where day + 0 < $1 limit $2 for update skip locked);

prepare statement (timestamp with time zone, bigint) as
delete from refresh_tokens where hash in ( select t.hash from refresh_tokens t join sessions s on s.id = t.session_id where t.created_at < $1 and coalesce(t.used_at, t.created_at) < $1 and s.refresh_head <> t.hash and s.refresh_parent is distinct from t.hash limit $2 for update of t skip locked);

prepare statement (timestamp with time zone, bigint) as
delete from refresh_tokens where hash in ( select t.hash from sessions s cross join lateral ( select hash from refresh_tokens where session_id = s.id limit $2 for update skip locked ) t where s.expires_at < $1 or s.revoked_at < $1 limit $2);

prepare statement (timestamp with time zone, bigint) as
delete from sessions where id in ( select id from sessions where expires_at < $1 or revoked_at < $1 limit $2);

prepare statement (timestamp with time zone, bigint) as
delete from stripe_events where id in (select id from stripe_events where received_at < $1 limit $2);

prepare statement (uuid, uuid, timestamp with time zone) as
insert into customers (id, user_id, created_at) select $2, id, $3 from users where id = $1 for key share on conflict (user_id) do nothing;

prepare statement (text, text, timestamp with time zone) as
insert into stripe_events (id, type, received_at, processed_at) values ($1, $2, $3, $3) on conflict (id) do nothing;

prepare statement (text, text, text, text, timestamp with time zone) as
insert into stripe_events as e (id, type, stripe_customer_id, object_path, received_at) values ($1, $2, $3, $4, $5) on conflict (id) do update set object_path = coalesce(e.object_path, excluded.object_path) returning processed_at is not null as processed;

prepare statement (timestamp with time zone) as
insert into stripe_listing as l (listed_until) values ($1) on conflict (only_one) do update set listed_until = greatest(l.listed_until, excluded.listed_until);

prepare statement (timestamp with time zone, text[]) as
select 1 where not exists (select from attempts where started_at > $1 and outcome <> all($2) and outcome <> 'cancelled') and exists (select from attempts where started_at > $1 and outcome = any($2));

prepare statement (uuid) as
select from chatrooms where user_id = $1 order by id for update;

prepare statement (uuid) as
select from messages where user_id = $1 and coalesce(completed_at, 'infinity') = 'infinity' order by id for update;

prepare statement (uuid) as
select from refresh_tokens where session_id in (select id from sessions where user_id = $1) order by hash for update;

prepare statement (uuid, uuid, timestamp with time zone) as
select from sessions where id = $1 and user_id = $2 and revoked_at is null and expires_at > $3;

prepare statement (uuid) as
select from users where id = $1 for update;

prepare statement (timestamp with time zone, bigint) as
select id, type as kind, stripe_customer_id, object_path from stripe_events where processed_at is null and received_at < $1 order by received_at limit $2;

prepare statement (uuid) as
select id, user_id, stripe_customer_id, customer_count, closed_at, checkout_session_id, checkout_url, checkout_expires_at, checkout_count, version, subscription_id, status, current_period_start, current_period_end, cancel_at, past_due_since, payment_problem, payment_url, collection_paused, collection_resumes_at, pro_until is not null as is_pro from customers where id = $1 for update;

prepare statement (text) as
select id, user_id, stripe_customer_id, customer_count, closed_at, checkout_session_id, checkout_url, checkout_expires_at, checkout_count, version, subscription_id, status, current_period_start, current_period_end, cancel_at, past_due_since, payment_problem, payment_url, collection_paused, collection_resumes_at, pro_until is not null as is_pro from customers where stripe_customer_id = $1 for update;

prepare statement (uuid) as
select id, user_id, stripe_customer_id, customer_count, closed_at, checkout_session_id, checkout_url, checkout_expires_at, checkout_count, version, subscription_id, status, current_period_start, current_period_end, cancel_at, past_due_since, payment_problem, payment_url, collection_paused, collection_resumes_at, pro_until is not null as is_pro from customers where user_id = $1 for update;

prepare statement (uuid, timestamp with time zone) as
select id, user_id, stripe_customer_id, customer_count, closed_at, checkout_session_id, checkout_url, checkout_expires_at, checkout_count, version, subscription_id, status, current_period_start, current_period_end, cancel_at, past_due_since, payment_problem, payment_url, collection_paused, collection_resumes_at, pro_until is not null as is_pro, nullif(pro_until, 'infinity') as grace_until, case when coalesce(pro_until > $2, false) then 'pro' else 'basic' end as tier from customers where user_id = $1;

prepare statement as
select listed_until from stripe_listing;

prepare statement (timestamp with time zone, timestamp with time zone, bigint) as
select m.id, m.chatroom_id, m.tier, m.nudged_at from messages m where m.state in ('pending', 'generating') and coalesce(m.lease_until, m.retry_at, m.created_at) < $1 and (m.nudged_at is null or m.nudged_at < $2) and not exists (select from messages e where e.chatroom_id = m.chatroom_id and e.state in ('pending', 'generating') and e.seq < m.seq) order by m.created_at limit $3;

prepare statement (uuid, uuid, uuid) as
select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at from messages m where m.chatroom_id = $2 and m.user_id = $3 and m.in_reply_to is not null and (m.id = $1 or m.in_reply_to = $1) and m.seq >= (select seq from messages where id = $1 and chatroom_id = $2) order by m.seq desc limit 1;

prepare statement (uuid, uuid, uuid) as
select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at from messages m where m.id = $1 and m.chatroom_id = $2 and m.user_id = $3;

prepare statement (uuid, uuid, uuid) as
select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, m.attempt from messages m where m.id = $1 and m.chatroom_id = $2 and m.user_id = $3 and m.in_reply_to is not null;

prepare statement (uuid, uuid, bigint, bigint, bigint) as
select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, m.found from chatrooms c left join ( select * from ( select *, count(*) over () as found, row_number() over so_far as place, sum(octet_length(content)) over so_far as bytes from ( select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at from messages m where m.chatroom_id = $1 and m.seq < $3 order by m.seq desc limit $4 ) t window so_far as (order by seq desc) ) t where place <= $4 - 1 and (bytes <= $5 or place = 1) ) m on true where c.id = $1 and c.user_id = $2 order by m.seq desc;

prepare statement (uuid, uuid, bigint, bigint, bigint) as
select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, m.found from chatrooms c left join ( select * from ( select *, count(*) over () as found, row_number() over so_far as place, sum(octet_length(content)) over so_far as bytes from ( select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at from messages m where m.chatroom_id = $1 and m.seq <= $3 order by m.seq desc limit $4 ) t window so_far as (order by seq desc) ) t where place <= $4 - 1 and (bytes <= $5 or place = 1) ) m on true where c.id = $1 and c.user_id = $2 order by m.seq desc;

prepare statement (uuid, uuid, bigint, bigint, bigint) as
select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, m.found from chatrooms c left join ( select * from ( select *, count(*) over () as found, row_number() over so_far as place, sum(octet_length(content)) over so_far as bytes from ( select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at from messages m where m.chatroom_id = $1 and m.seq > $3 order by m.seq asc limit $4 ) t window so_far as (order by seq asc) ) t where place <= $4 - 1 and (bytes <= $5 or place = 1) ) m on true where c.id = $1 and c.user_id = $2 order by m.seq asc;

prepare statement (uuid) as
select mobile from users where id = $1 for no key update;

prepare statement (uuid, uuid) as
select r.id, r.title, r.system_prompt, r.created_at, r.updated_at from chatrooms r where id = $1 and user_id = $2;

prepare statement (uuid, bigint, timestamp with time zone, uuid) as
select r.id, r.title, r.system_prompt, r.created_at, r.updated_at from chatrooms r where user_id = $1 and (updated_at, id) < ($3, $4) order by updated_at desc, id desc limit $2;

prepare statement (uuid, bigint) as
select r.id, r.title, r.system_prompt, r.created_at, r.updated_at from chatrooms r where user_id = $1 order by updated_at desc, id desc limit $2;

prepare statement (uuid, timestamp with time zone) as
select s.id, s.user_agent, s.created_at, s.last_used_at from sessions s where user_id = $1 and revoked_at is null and expires_at > $2 order by last_used_at desc, id desc limit 100;

prepare statement (timestamp with time zone, timestamp with time zone, bigint) as
select state, tier, count(*) as replies, count(*) filter (where completed_at >= $2) as ended, count(*) filter (where created_at >= $2) as accepted, min(created_at) as oldest from ( select state, tier, created_at, completed_at from messages where state in ('pending', 'generating') union all ( select state, tier, created_at, completed_at from messages where role = 'assistant' and completed_at is not null and completed_at >= $1 order by completed_at desc limit $3 ) ) reply group by state, tier;

prepare statement (uuid, timestamp with time zone) as
select u.id, u.mobile, u.name, u.email, u.created_at, case when coalesce(c.pro_until > $2, false) then 'pro' else 'basic' end as tier, coalesce(a.used, 0) as used from users u left join customers c on c.user_id = u.id left join allowances a on a.user_id = u.id and a.day = ($2::timestamptz at time zone 'utc')::date where u.id = $1;

prepare statement (uuid) as
select u.id, u.mobile, u.password_hash, u.password_version from users u where id = $1;

prepare statement (text) as
select u.id, u.mobile, u.password_hash, u.password_version from users u where mobile = $1;

prepare statement (text[]) as
select wanted.id from unnest($1::text[]) as wanted (id) where wanted.id <> all (array(select id from stripe_events where id = any($1) and processed_at is not null));

prepare statement (uuid, uuid, text, boolean, text, timestamp with time zone) as
update chatrooms r set title = coalesce($3, title), system_prompt = case when $4 then $5 else system_prompt end, updated_at = greatest(updated_at, $6) where id = $1 and user_id = $2 returning r.id, r.title, r.system_prompt, r.created_at, r.updated_at;

prepare statement (timestamp with time zone, bigint, timestamp with time zone) as
update customers set checked_at = $3 where id in ( select id from customers where stripe_customer_id is not null and (checked_at is null or checked_at < $1) order by checked_at nulls first limit $2 for update skip locked ) returning id;

prepare statement (uuid) as
update customers set checked_at = 'infinity', checkout_session_id = null, checkout_url = null, checkout_expires_at = null where id = $1;

prepare statement (uuid, text, text, timestamp with time zone) as
update customers set checkout_session_id = $2, checkout_url = $3, checkout_expires_at = $4, checkout_count = checkout_count + 1 where id = $1;

prepare statement (uuid) as
update customers set closed_at = date_trunc('second', now()) where id = $1;

prepare statement (uuid, text) as
update customers set stripe_customer_id = $2 where id = $1;

prepare statement (uuid) as
update customers set stripe_customer_id = null, customer_count = customer_count + 1, checkout_session_id = null, checkout_url = null, checkout_expires_at = null where id = $1;

prepare statement (uuid, bigint, timestamp with time zone, text, text, timestamp with time zone, timestamp with time zone, timestamp with time zone, timestamp with time zone, text, text, boolean, timestamp with time zone, boolean, timestamp with time zone) as
update customers set version = version + 1, synced_at = $3, subscription_id = $4, status = $5, current_period_start = $6, current_period_end = $7, cancel_at = $8, past_due_since = $9, payment_problem = $10, payment_url = $11, collection_paused = $14, collection_resumes_at = $15, pro_until = case when $12 then 'infinity'::timestamptz else $13 end where id = $1 and version = $2;

prepare statement (uuid, integer, text, text, integer, integer) as
update messages set content = case content when '' then $3 else content end, model = $4, prompt_tokens = $5, reply_tokens = $6 where id = $1 and attempt = $2 and state = 'cancelled' and model is null and charged_on is not null;

prepare statement (timestamp with time zone, bigint) as
update messages set idempotency_key = null where id in ( select id from messages where coalesce(idempotency_key, '') <> '' and created_at < $1 order by created_at limit $2);

prepare statement (uuid, integer, timestamp with time zone) as
update messages set lease_until = $3 where id = $1 and attempt = $2 and completed_at is null and lease_until is not null;

prepare statement (uuid, uuid, timestamp with time zone) as
update sessions set revoked_at = $3 where id = $2 and user_id = $1 and revoked_at is null;

prepare statement (text, timestamp with time zone) as
update stripe_events set processed_at = $2 where id = $1 and processed_at is null;

prepare statement (text) as
update stripe_events set processed_at = null where id = $1;

prepare statement (uuid, text, uuid, timestamp with time zone) as
with before as ( select id, mobile from users where id = $1 and mobile <> $2 and exists ( select from sessions s where s.id = $3 and s.revoked_at is null and s.expires_at > $4) ), changed as ( update users u set mobile = $2, password_version = password_version + 1 from before where u.id = before.id returning u.id, before.mobile as old ), ended as ( update sessions s set revoked_at = $4 from changed where s.user_id = changed.id and s.revoked_at is null and s.id <> $3 returning s.id ) select old, array(select id from ended) as sessions from changed;

prepare statement (uuid, integer, text, uuid, timestamp with time zone) as
with changed as ( update users set password_hash = $3, password_version = password_version + 1 where id = $1 and password_version = $2 and ($4::uuid is null or exists ( select from sessions s where s.id = $4 and s.revoked_at is null and s.expires_at > $5)) returning id, mobile ), ended as ( update sessions s set revoked_at = $5 from changed where s.user_id = changed.id and s.revoked_at is null and s.id is distinct from $4 returning s.id ) select mobile, array(select id from ended) as sessions from changed;

prepare statement (uuid, timestamp with time zone, date, integer, integer, integer, integer, uuid, uuid, uuid, text, text) as
with chargeable as ( select id from chatrooms where id = $8 and user_id = $1 for update ), plan as ( select tier, case tier when 'pro' then $5::int else $4::int end as daily, case tier when 'pro' then $7::int else $6::int end as most from (select case when coalesce(c.pro_until > $2, false) then 'pro' else 'basic' end as tier from users u left join customers c on c.user_id = u.id where u.id = $1) owner ), spent as ( select used from allowances where user_id = $1 and day = $3 ), waiting as ( select count(*) as unfinished, coalesce((select replies from counters where user_id = $1), 0) as known from messages where user_id = $1 and coalesce(completed_at, 'infinity') = 'infinity' ), admitted as ( insert into counters as n (user_id, replies) select $1, 1 from chargeable, plan, waiting where unfinished < most and coalesce((select used from spent), 0) < daily on conflict (user_id) do update set replies = n.replies + 1 where (select unfinished - known from waiting) + n.replies < (select most from plan) returning user_id ), charged as ( insert into allowances as a (user_id, day, used, daily) select user_id, $3, 1, daily from admitted, plan on conflict (user_id, day) do update set used = a.used + 1, daily = excluded.daily where a.used < excluded.daily returning used ), placed as ( update chatrooms c set last_seq = c.last_seq + 2, updated_at = greatest(c.updated_at, $2) from charged where c.id = $8 returning c.last_seq ), m as ( insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, completed_at, idempotency_key) select $9, $8, last_seq - 1, $1, 'user', $11, 'completed', $2, $2, $12 from placed ), r as ( insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on) select $10, $8, last_seq, $1, 'assistant', '', 'pending', $2, $9, plan.tier, $3 from placed, plan ) select exists (select from chargeable) as has_room, plan.tier, plan.daily, coalesce((select used from charged), (select used from spent), 0) as used, coalesce((select used from spent), 0) < plan.daily as has_messages, (select unfinished from waiting) < plan.most as has_places, (select last_seq from placed) as place, exists (select from messages where user_id = $1 and idempotency_key = $12) as was_sent from plan;

prepare statement (uuid, timestamp with time zone) as
with ended as ( update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null returning id ) update users set password_version = password_version + 1 where id = $1 returning mobile, array(select id from ended) as sessions;

prepare statement (uuid, timestamp with time zone, bytea, text, timestamp with time zone, uuid, text, text, text, text, bytea[], date) as
with known as ( select id from users where mobile = $7 ), made as ( insert into users (id, mobile, name, email, password_hash, created_at) select $6, $7, $8, $9, $10, $2 where not exists (select from known) on conflict (mobile) do nothing returning id, mobile, name, email, created_at ), held as ( select id, mobile, name, email, created_at from users where mobile = $7 and exists (select from known) for share ), u as ( select * from made union all select * from held ), owner as (select id from u), surplus as ( update sessions set revoked_at = $2 where id in ( select s.id from sessions s join owner o on s.user_id = o.id where s.revoked_at is null and s.expires_at > $2 order by s.last_used_at desc, s.id desc offset 100 - 1) ), opened as ( insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at, refresh_head) select $1, id, $4, $2, $2, $5, $3 from owner returning id ), token as ( insert into refresh_tokens (hash, session_id, created_at) select $3, id, $2 from opened ), past as ( delete from past_usage p using made where p.mark = any($11) and p.day = $12 returning made.id, p.used, p.refunded, p.called_off ), taken as ( insert into allowances (user_id, day, used, refunded, called_off) select id, $12, max(used), max(refunded), max(called_off) from past group by id returning used ) select u.id, u.mobile, u.name, u.email, u.created_at, case when coalesce(c.pro_until > $2, false) then 'pro' else 'basic' end as tier, coalesce((select used from taken), a.used, 0) as used from u left join customers c on c.user_id = u.id left join allowances a on a.user_id = u.id and a.day = ($2::timestamptz at time zone 'utc')::date;

prepare statement (uuid, uuid, text, text, timestamp with time zone, bigint) as
with owner as ( select id from users where id = $2 for share ), seen as ( select count(*) as rooms, coalesce((select rooms from counters where user_id = $2), 0) as known from chatrooms where user_id = $2 ), admitted as ( insert into counters as n (user_id, rooms) select id, 1 from owner, seen where seen.rooms < $6 on conflict (user_id) do update set rooms = n.rooms + 1 where (select rooms - known from seen) + n.rooms < $6 returning user_id ), r as ( insert into chatrooms (id, user_id, title, system_prompt, created_at, updated_at) select $1, user_id, $3, $4, $5, $5 from admitted returning * ) select exists (select from owner) as has_account, seen.rooms < $6 as has_places, r.id, r.title, r.system_prompt, r.created_at, r.updated_at from seen left join r on true;

prepare statement (uuid, timestamp with time zone, bytea, text, timestamp with time zone, uuid, integer) as
with owner as ( select id from users where id = $6 and password_version = $7 for no key update ), surplus as ( update sessions set revoked_at = $2 where id in ( select s.id from sessions s join owner o on s.user_id = o.id where s.revoked_at is null and s.expires_at > $2 order by s.last_used_at desc, s.id desc offset 100 - 1) ), opened as ( insert into sessions (id, user_id, user_agent, created_at, last_used_at, expires_at, refresh_head) select $1, id, $4, $2, $2, $5, $3 from owner returning id ), token as ( insert into refresh_tokens (hash, session_id, created_at) select $3, id, $2 from opened ) select from opened;

prepare statement (uuid, bytea[], date) as
with past as ( delete from past_usage where mark = any($2) and day = $3 returning used, refunded, called_off ) insert into allowances as a (user_id, day, used, refunded, called_off) select $1, $3, max(used), max(refunded), max(called_off) from past having count(*) > 0 on conflict (user_id, day) do update set used = greatest(a.used, excluded.used), refunded = greatest(a.refunded, excluded.refunded), called_off = greatest(a.called_off, excluded.called_off);

prepare statement (uuid, integer, timestamp with time zone, text, text, integer, integer, integer, integer, integer, timestamp with time zone, boolean) as
with postponed as ( update messages set state = 'pending', lease_until = null, retry_at = $11, reached_model = reached_model or $12 where id = $1 and attempt = $2 and completed_at is null and lease_until is not null returning id ), noted as ( update attempts set ended_at = $3, outcome = $4, model = $5, prompt_tokens = $6, reply_tokens = $7, thought_tokens = $8, cached_tokens = $9, tool_tokens = $10 where reply_id = $1 and number = $2 and ended_at is null ) select from postponed;

prepare statement (bytea, bytea, timestamp with time zone, timestamp with time zone, timestamp with time zone, integer) as
with presented as ( select t.hash, t.session_id, t.used_at, t.created_at from refresh_tokens t where t.hash = $1 and 10000 > (select count(*) from ( select from refresh_tokens o where o.session_id = t.session_id limit 10000) family) for update ), judged as ( update sessions s set refresh_parent = case when (p.used_at is null and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null)) then p.hash else s.refresh_parent end, refresh_head = case when (p.used_at is null and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null)) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at <= $4, false) then $2 else s.refresh_head end, refresh_made_at = case when (p.used_at is null and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null)) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at <= $4, false) then $3 else s.refresh_made_at end, last_used_at = case when (p.used_at is null and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null)) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at <= $4, false) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at > $4, false) then $3 else s.last_used_at end, expires_at = case when (p.used_at is null and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null)) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at <= $4, false) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at > $4, false) then least($5, s.created_at + $6::int4 * interval '1 day') else s.expires_at end, revoked_at = case when (p.used_at is null and coalesce(s.refresh_head = p.hash or p.created_at > coalesce(s.refresh_made_at, s.created_at), s.refresh_head is null)) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at <= $4, false) or coalesce(s.refresh_parent = p.hash and s.refresh_made_at > $4, false) then s.revoked_at else $3 end from presented p where s.id = p.session_id and s.revoked_at is null and s.expires_at > $3 and coalesce(s.created_at + $6::int4 * interval '1 day' > $3, true) returning s.id as session_id, s.user_id, s.created_at, s.expires_at, s.refresh_head as head, s.refresh_made_at as made_at, s.revoked_at is not null as is_reused, (select mobile from users u where u.id = s.user_id) as mobile ), spent as ( update refresh_tokens t set used_at = $3 from judged where t.hash = $1 and t.used_at is null ), next as ( insert into refresh_tokens (hash, session_id, created_at) select $2, session_id, $3 from judged where not is_reused and head = $2 on conflict (hash) do nothing ) select * from judged;

prepare statement (uuid, timestamp with time zone, timestamp with time zone, integer, bigint, bigint, bigint) as
with seen as ( select id from messages where chatroom_id = $1 and state in ('pending', 'generating') order by seq limit 1 ), head as materialized ( select id, seq, attempt, user_id, tier, created_at, in_reply_to, greatest(lease_until, retry_at) as busy_until from messages where chatroom_id = $1 and state in ('pending', 'generating') order by seq limit 1 for update ), claimed as ( update messages m set state = 'generating', attempt = m.attempt + 1, lease_until = $3, retry_at = null, reached_model = m.reached_model or m.state = 'generating' from head join seen on seen.id = head.id where m.id = head.id and (m.attempt < $4 or m.retry_at is not null) and (head.busy_until is null or head.busy_until <= $2) returning m.id, m.attempt ), begun as ( insert into attempts (reply_id, number, started_at) select id, attempt, $2 from claimed on conflict do nothing ), turns as ( select t.*, sum(length(t.content)) over newer as characters, sum(length(t.thought_signature->>'sealed')) over newer as sealed from ( select h.id, h.seq, h.role, h.content, h.in_reply_to, h.thought_signature from messages h where h.chatroom_id = $1 and h.seq <= (select q.seq from messages q join head on q.id = head.in_reply_to) and (h.role = 'user' or h.state in ('completed', 'truncated') and h.content <> '') order by h.seq desc limit $5 ) t window newer as (order by t.seq desc) ) select head.id, head.user_id, head.tier, head.created_at, head.attempt, head.busy_until, claimed.attempt as claimed, (select count(*) from attempts a where a.reply_id = head.id and a.outcome = 'model_unavailable') as overloads, (select system_prompt from chatrooms where id = $1) as system_prompt, (select json_agg(json_build_object('id', id, 'role', role, 'content', content, 'in_reply_to', in_reply_to, 'signature', case when sealed <= $7 then thought_signature end) order by seq) from turns where characters <= $6 or id = head.in_reply_to) as turns, head.id is distinct from (select id from seen) as is_stale from head left join claimed on true;

prepare statement (integer, uuid, uuid) as
with seen as ( select last_seq from chatrooms where id = $2 and user_id = $3 ), room as ( delete from chatrooms where id = $2 and user_id = $3 and last_seq = (select last_seq from seen) returning id ), unfinished as ( select id, user_id, charged_on, state = 'pending' and not reached_model as is_unbegun from messages where chatroom_id = $2 and state in ('pending', 'generating') and exists (select from room) for update ), unbegun as ( select user_id, charged_on from unfinished where is_unbegun ), quit as ( select user_id, charged_on, count(*)::int as count from unbegun where charged_on is not null group by user_id, charged_on ), called_off as ( update allowances a set called_off = a.called_off + quit.count, used = greatest(a.used - least(quit.count, greatest($1 - a.called_off, 0)), 0) from quit where a.user_id = quit.user_id and a.day = quit.charged_on returning a.day, a.used, a.called_off, a.called_off <= $1 as is_free ) select exists (select from room) as is_deleted, array(select id from unfinished) as replies from seen;

prepare statement (uuid, timestamp with time zone, date, integer, integer, integer, integer, uuid, uuid, uuid) as
with seen as ( select last_seq from chatrooms where id = $8 ), room as ( select id, last_seq <> (select last_seq from seen) as is_stale from chatrooms where id = $8 and user_id = $1 for update ), asked as ( select coalesce(m.in_reply_to, m.id) as id from messages m join room on m.chatroom_id = room.id where m.id = $9 ), unfinished as ( select from messages m join asked on m.in_reply_to = asked.id where m.chatroom_id = $8 and m.state in ('pending', 'generating') ), chargeable as ( select from room, asked where not room.is_stale and not exists (select from unfinished) ), plan as ( select tier, case tier when 'pro' then $5::int else $4::int end as daily, case tier when 'pro' then $7::int else $6::int end as most from (select case when coalesce(c.pro_until > $2, false) then 'pro' else 'basic' end as tier from users u left join customers c on c.user_id = u.id where u.id = $1) owner ), spent as ( select used from allowances where user_id = $1 and day = $3 ), waiting as ( select count(*) as unfinished, coalesce((select replies from counters where user_id = $1), 0) as known from messages where user_id = $1 and coalesce(completed_at, 'infinity') = 'infinity' ), admitted as ( insert into counters as n (user_id, replies) select $1, 1 from chargeable, plan, waiting where unfinished < most and coalesce((select used from spent), 0) < daily on conflict (user_id) do update set replies = n.replies + 1 where (select unfinished - known from waiting) + n.replies < (select most from plan) returning user_id ), charged as ( insert into allowances as a (user_id, day, used, daily) select user_id, $3, 1, daily from admitted, plan on conflict (user_id, day) do update set used = a.used + 1, daily = excluded.daily where a.used < excluded.daily returning used ), placed as ( update chatrooms c set last_seq = c.last_seq + 1, updated_at = greatest(c.updated_at, $2) from charged where c.id = $8 returning c.last_seq ), r as ( insert into messages (id, chatroom_id, seq, user_id, role, content, state, created_at, in_reply_to, tier, charged_on) select $10, $8, last_seq, $1, 'assistant', '', 'pending', $2, asked.id, plan.tier, $3 from placed, plan, asked ) select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, coalesce((select is_stale from room), false) as is_stale, exists (select from unfinished) as is_unfinished, (select last_seq from placed) as place, plan.tier as plan, plan.daily, coalesce((select used from charged), (select used from spent), 0) as used, coalesce((select used from spent), 0) < plan.daily as has_messages, (select unfinished from waiting) < plan.most as has_places from plan left join messages m on m.id = (select id from asked);

prepare statement (uuid, text, timestamp with time zone, date) as
with sent as ( select id, chatroom_id from messages where user_id = $1 and idempotency_key = $2 ) select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, m.chatroom_id, m.tier as queue, coalesce(a.used, 0) as used, case when coalesce(c.pro_until > $3, false) then 'pro' else 'basic' end as tier from sent join messages m on m.chatroom_id = sent.chatroom_id and (m.id = sent.id or m.seq = (select s.seq + 1 from messages s where s.id = sent.id)) left join customers c on c.user_id = $1 left join allowances a on a.user_id = $1 and a.day = $4 order by m.seq;

prepare statement (uuid[], timestamp with time zone) as
with sent as (select id from messages where id = any($1) and completed_at is null order by id for update) update messages m set nudged_at = $2 from sent where m.id = sent.id;

prepare statement (uuid, bytea[], date) as
with spent as ( select day, used, refunded, called_off from allowances where user_id = $1 and day >= $3 and (used > 0 or refunded > 0 or called_off > 0) for update ) insert into past_usage (mark, day, used, refunded, called_off) select mark, day, used, refunded, called_off from unnest($2::bytea[]) mark, spent on conflict (mark, day) do update set used = greatest(past_usage.used, excluded.used), refunded = greatest(past_usage.refunded, excluded.refunded), called_off = greatest(past_usage.called_off, excluded.called_off);

prepare statement (uuid, timestamp with time zone, boolean, text, boolean, text) as
with u as ( update users set name = case when $3 then $4 else name end, email = case when $5 then $6 else email end where id = $1 returning id, mobile, name, email, created_at ) select u.id, u.mobile, u.name, u.email, u.created_at, case when coalesce(c.pro_until > $2, false) then 'pro' else 'basic' end as tier, coalesce(a.used, 0) as used from u left join customers c on c.user_id = u.id left join allowances a on a.user_id = u.id and a.day = ($2::timestamptz at time zone 'utc')::date;

prepare statement (uuid, timestamp with time zone, text) as
with unanswered as ( select id, user_id, charged_on, reached_model or state = 'generating' as reached_model from messages where id = $1 and completed_at is null and (lease_until is null or lease_until < $2) for update ), refunded as ( update allowances a set used = greatest(a.used - 1, 0), refunded = a.refunded + owed.reached_model::int from unanswered owed where a.user_id = owed.user_id and a.day = owed.charged_on and (not owed.reached_model or a.daily is null or a.refunded < a.daily) returning a.day ), ended as ( update messages m set state = 'failed', error = $3, completed_at = $2, lease_until = null, retry_at = null, charged_on = case when exists (select from refunded) then null else m.charged_on end from unanswered where m.id = unanswered.id returning m.tier, m.created_at ) select tier, created_at from ended;

prepare statement (integer, uuid, bytea[], date) as
with unended as materialized ( select id, user_id, charged_on, state, reached_model from messages where user_id = $2 and coalesce(completed_at, 'infinity') = 'infinity' ), unbegun as ( select user_id, charged_on from unended where state = 'pending' and not reached_model ), quit as ( select user_id, charged_on, count(*)::int as count from unbegun where charged_on is not null group by user_id, charged_on ), called_off as ( update allowances a set called_off = a.called_off + quit.count, used = greatest(a.used - least(quit.count, greatest($1 - a.called_off, 0)), 0) from quit where a.user_id = quit.user_id and a.day = quit.charged_on returning a.day, a.used, a.called_off, a.called_off <= $1 as is_free ), kept as ( insert into past_usage (mark, day, used, refunded, called_off) select mark, a.day, coalesce(c.used, a.used), a.refunded, coalesce(c.called_off, a.called_off) from unnest($3::bytea[]) mark, allowances a left join called_off c on c.day = a.day where a.user_id = $2 and a.day >= $4 and (coalesce(c.used, a.used) > 0 or a.refunded > 0 or coalesce(c.called_off, a.called_off) > 0) on conflict (mark, day) do update set used = greatest(past_usage.used, excluded.used), refunded = greatest(past_usage.refunded, excluded.refunded), called_off = greatest(past_usage.called_off, excluded.called_off)), gone as ( delete from users where id = $2 returning id, mobile ), first_in_line as ( update customers set checked_at = null where user_id = $2 ) select mobile, array(select s.id from sessions s where s.user_id = gone.id) as sessions, array(select id from unended) as replies from gone;

prepare statement (uuid, integer, timestamp with time zone, text, text, integer, integer, integer, integer, integer, text, text, text, text, boolean, boolean, jsonb) as
with was as ( select id, user_id, charged_on, reached_model from messages where id = $1 and attempt = $2 and completed_at is null for update ), unanswered as ( select user_id, charged_on, reached_model or $16 as reached_model from was where $15 ), refunded as ( update allowances a set used = greatest(a.used - 1, 0), refunded = a.refunded + owed.reached_model::int from unanswered owed where a.user_id = owed.user_id and a.day = owed.charged_on and (not owed.reached_model or a.daily is null or a.refunded < a.daily) returning a.day ), ended as ( update messages m set state = $11, content = $12, model = $5, finish_reason = $13, prompt_tokens = $6, reply_tokens = $7, error = $14, completed_at = $3, lease_until = null, retry_at = null, charged_on = case when exists (select from refunded) then null else m.charged_on end, thought_signature = $17 from was where m.id = was.id returning m.id ), noted as ( update attempts set ended_at = $3, outcome = $4, model = $5, prompt_tokens = $6, reply_tokens = $7, thought_tokens = $8, cached_tokens = $9, tool_tokens = $10 where reply_id = $1 and number = $2 and ended_at is null ) select from ended;

prepare statement (integer, uuid, uuid, uuid, timestamp with time zone, text) as
with was as ( select id, user_id, charged_on, state = 'pending' and not reached_model as is_unbegun from messages where id = $2 and in_reply_to is not null and chatroom_id = $3 and user_id = $4 and completed_at is null for update ), unbegun as ( select user_id, charged_on from was where is_unbegun ), quit as ( select user_id, charged_on, count(*)::int as count from unbegun where charged_on is not null group by user_id, charged_on ), called_off as ( update allowances a set called_off = a.called_off + quit.count, used = greatest(a.used - least(quit.count, greatest($1 - a.called_off, 0)), 0) from quit where a.user_id = quit.user_id and a.day = quit.charged_on returning a.day, a.used, a.called_off, a.called_off <= $1 as is_free ), refund as ( select exists (select from called_off where is_free) as is_free ), ended as ( update messages m set state = 'cancelled', completed_at = $5, lease_until = null, retry_at = null, charged_on = case when is_free then null else m.charged_on end, content = case when is_free then '' else $6 end from was, refund where m.id = was.id returning m.* ) select m.id, m.seq, m.role, m.content, m.state, m.in_reply_to, m.model, m.finish_reason, m.prompt_tokens, m.reply_tokens, m.error, m.charged_on, m.created_at, m.completed_at, m.tier from ended m;

