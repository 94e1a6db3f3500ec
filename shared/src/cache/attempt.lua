local now, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000, tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local wrong = redis.call('ZCARD', KEYS[1])
-- The call is a repetition: its first answer was lost.
if redis.call('ZSCORE', KEYS[1], ARGV[4]) then return { 0, wrong } end
if wrong >= most then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return { math.max(1, math.ceil((tonumber(oldest[2]) + window - now) / 1000)), wrong }
end
if ARGV[5] == '1' then
    redis.call('DEL', KEYS[1])
    return { 0, 0 }
end
redis.call('ZADD', KEYS[1], now, ARGV[4])
redis.call('PEXPIRE', KEYS[1], window)
return { 0, wrong + 1 }
