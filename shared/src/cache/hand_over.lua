local now, is_known, country = tonumber(ARGV[1]), ARGV[3] == '1', ARGV[4]
local most_in_range, rate, capacity = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local hour, kept = 3600 * 1000, 3 * 3600

-- What was sent to the country, and what was used there, in this hour and in the one before.
local function counts()
    local sent, used = 0, 0
    for i = 4, 5 do
        local found = redis.call('HMGET', KEYS[i], 'sent:' .. country, 'used:' .. country)
        sent, used = sent + tonumber(found[1] or '0'), used + tonumber(found[2] or '0')
    end
    return { '', sent, used, tonumber(redis.call('HGET', KEYS[4], 'sent') or '0') }
end

-- The record is delivered again, or the call is a repetition: its code was counted.
if redis.call('HEXISTS', KEYS[1], 'counted') == 1 then return counts() end

if not is_known then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - hour)
    if most_in_range > 0 and redis.call('ZCARD', KEYS[2]) >= most_in_range then return { 'range', 0, 0, 0 } end
    local found = redis.call('HMGET', KEYS[3], 'level', 'at')
    local level, at = tonumber(found[1] or capacity), tonumber(found[2] or now)
    level = math.min(capacity, level + math.max(0, now - at) / hour * rate)
    if level < 1 then return { 'stack', 0, 0, 0 } end
    redis.call('HSET', KEYS[3], 'level', string.format('%.9f', level - 1), 'at', string.format('%.0f', math.max(now, at)))
    redis.call('EXPIRE', KEYS[3], 2 * 86400)
    redis.call('ZADD', KEYS[2], now, ARGV[2])
    redis.call('PEXPIRE', KEYS[2], hour)
end
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'counted', 1) end
redis.call('HINCRBY', KEYS[4], 'sent', 1)
redis.call('HINCRBY', KEYS[4], 'sent:' .. country, 1)
redis.call('EXPIRE', KEYS[4], kept)
return counts()
