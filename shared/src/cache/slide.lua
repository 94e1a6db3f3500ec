local now, member, issued = tonumber(ARGV[1]), ARGV[2], ARGV[3]
-- The device token was ended after it was issued.
if issued ~= '' and tonumber(issued) <= tonumber(redis.call('GET', KEYS[1]) or '0') then return { -1, 0 } end
-- The call is a repetition: its first answer was lost.
if redis.call('ZSCORE', KEYS[2], member .. ':1') then return { 0, 0 } end

for i = 2, #KEYS do
    local at = 4 + 3 * (i - 2)
    local window, most, weight = tonumber(ARGV[at]) * 1000, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - window)
    local excess = redis.call('ZCARD', KEYS[i]) + weight - most
    if excess > 0 then
        -- The event is allowed when the oldest `excess` ones have left the window.
        local oldest = redis.call('ZRANGE', KEYS[i], excess - 1, excess - 1, 'WITHSCORES')
        local from = tonumber(oldest[2] or now)
        return { i - 1, math.max(1, math.ceil((from + window - now) / 1000)) }
    end
end
for i = 2, #KEYS do
    local at = 4 + 3 * (i - 2)
    for event = 1, tonumber(ARGV[at + 2]) do
        redis.call('ZADD', KEYS[i], now, member .. ':' .. event)
    end
    redis.call('EXPIRE', KEYS[i], ARGV[at])
end
return { 0, 0 }
