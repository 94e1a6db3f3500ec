local now, id, minute = tonumber(ARGV[1]), ARGV[2], 60 * 1000
local mark = redis.call('GET', KEYS[1]) or ''
-- Whoever still has the token of an ended session spends nothing of its user's.
if mark == 'revoked' then return { mark, '', 0 } end

local counted = {}
for _, bucket in ipairs({ { 'user', KEYS[2], tonumber(ARGV[3]) }, { 'address', KEYS[3], tonumber(ARGV[4]) } }) do
    local name, key, most = bucket[1], bucket[2], bucket[3]
    if most > 0 then
        -- When the bucket is full again, and the last request that it counted.
        local full, last = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
        -- The call is a repetition: its first answer was lost.
        if last == id then return { mark, '', 0 } end
        full = math.min(math.max(tonumber(full or 0), now), now + minute) + minute / most
        local wait = full - now - minute
        -- Sums of fractions are not exact to a millisecond.
        if wait >= 1 then return { mark, name, math.ceil(wait / 1000) } end
        table.insert(counted, { key, full })
    end
end
for _, bucket in ipairs(counted) do
    local key = bucket[1]
    redis.call('SET', key, string.format('%.3f %s', bucket[2], id), 'PX', minute)
end
return { mark, '', 0 }
