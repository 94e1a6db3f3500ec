local now, place, most, kept = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
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
