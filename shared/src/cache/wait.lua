local now, place, most, kept = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local opens, minute = tonumber(ARGV[5] or 0), 60 * 1000
if opens > 0 then
    -- When the bucket is full again, and the last place that it counted: a repeated call counts once.
    local full, last = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%S+)$')
    if last ~= place then
        full = math.min(math.max(tonumber(full or 0), now), now + minute) + minute / opens
        local wait = full - now - minute
        -- Sums of fractions are not exact to a millisecond.
        if wait >= 1 then return -math.ceil(wait / 1000) end
        redis.call('SET', KEYS[2], string.format('%.3f %s', full, place), 'PX', minute)
    end
end
if most == 0 then return 1 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - kept)
redis.call('ZADD', KEYS[1], now, place)
redis.call('PEXPIRE', KEYS[1], kept)
if redis.call('ZCARD', KEYS[1]) <= most then return 1 end
-- A place's name begins with the time when its request came.
local places = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(places)
for i = 1, #places - most do
    redis.call('ZREM', KEYS[1], places[i])
    if places[i] == place then return 0 end
end
return 1
