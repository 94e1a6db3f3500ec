local now, id, ttl = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local hour, day = 3600 * 1000, 86400 * 1000

-- Seconds until fewer than `most` events of the log lie within `window`; 0 if that is so now.
local function wait(key, window, most)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - day)
    if most <= 0 then return 0 end
    local oldest_that_counts = redis.call('ZREVRANGEBYSCORE', key, '+inf', '(' .. (now - window), 'WITHSCORES', 'LIMIT', most - 1, 1)
    if #oldest_that_counts == 0 then return 0 end
    return math.max(1, math.ceil((tonumber(oldest_that_counts[2]) + window - now) / 1000))
end

local cooldown = tonumber(ARGV[8])
local function pause(sent) return cooldown * math.min(2 ^ (sent - 1), 4) end

-- The call is a repetition: its first answer was lost.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return { '', pause(redis.call('ZCOUNT', KEYS[4], '(' .. (now - hour), '+inf')) }
end

local last = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')
if #last > 0 then
    local sent = redis.call('ZCOUNT', KEYS[4], '(' .. (now - hour), '+inf')
    if sent > 0 then
        local left = math.ceil((tonumber(last[2]) + pause(sent) * 1000 - now) / 1000)
        if left > 0 then return { 'cooldown', left } end
    end
end

local limits = {
    { 'mobile', KEYS[4], hour, ARGV[9] }, { 'mobile', KEYS[4], day, ARGV[10] },
    { 'ip', KEYS[5], hour, ARGV[11] }, { 'prefix', KEYS[6], hour, ARGV[12] },
}
for _, limit in ipairs(limits) do
    local left = wait(limit[2], limit[3], tonumber(limit[4]))
    if left > 0 then return { limit[1], left } end
end
if tonumber(redis.call('GET', KEYS[7]) or '0') >= tonumber(ARGV[13]) then
    return { 'stack', math.ceil((day - now % day) / 1000) }
end

for _, key in ipairs({ KEYS[4], KEYS[5], KEYS[6] }) do
    redis.call('ZADD', key, now, id)
    redis.call('PEXPIRE', key, day)
end
redis.call('INCR', KEYS[7])
redis.call('EXPIRE', KEYS[7], 2 * 86400)

-- From here on the earlier challenge is not the open one any more.
local field = ARGV[5] .. ':' .. ARGV[4]
redis.call('HDEL', KEYS[3], field)
redis.call('HSET', KEYS[2], field, id)
redis.call('EXPIRE', KEYS[2], 2 * ttl)
redis.call('HSET', KEYS[1], 'mobile', ARGV[4], 'purpose', ARGV[5], 'kid', ARGV[6], 'signup', ARGV[7], 'expires', now + ttl * 1000)
redis.call('EXPIRE', KEYS[1], ttl)
return { '', pause(redis.call('ZCOUNT', KEYS[4], '(' .. (now - hour), '+inf')) }
