local now, lock, id, token = tonumber(ARGV[1]), tonumber(ARGV[4]) * 1000, ARGV[5], ARGV[6]
local found = redis.call('HMGET', KEYS[1], 'mobile', 'purpose', 'kid', 'signup', 'expires', 'ended')
local mobile, purpose, kid, signup, expires, ended = found[1], found[2], found[3], found[4], found[5], found[6]
if not mobile or tonumber(expires) <= now then return { 'expired' } end
-- The call is a repetition: its first answer was lost.
if ended == token then return { 'right', mobile, purpose, signup } end
if redis.call('HEXISTS', KEYS[1], 'try:' .. token) == 1 then return { 'wrong' } end

local field = purpose .. ':' .. mobile
if (redis.call('HGET', KEYS[2], field) or redis.call('HGET', KEYS[3], field)) ~= id then return { 'expired' } end
if redis.call('HINCRBY', KEYS[1], 'tries', 1) > tonumber(ARGV[2]) then return { 'expired' } end

-- The mobile's failures in a row, unless the last one is too long ago: 'count:time of the last'.
local failures = 0
local count, last = string.match(redis.call('HGET', KEYS[4], mobile) or redis.call('HGET', KEYS[5], mobile) or '', '(%d+):(%d+)')
if count and now - tonumber(last) < lock then failures = tonumber(count) end

local locked = failures >= tonumber(ARGV[3])
local right = false
for i = 7, #ARGV, 2 do
    if ARGV[i] == kid then right = ARGV[i + 1] == '1' end
end
if right and not locked then
    redis.call('HSET', KEYS[1], 'ended', token)
    redis.call('HDEL', KEYS[2], field)
    redis.call('HDEL', KEYS[3], field)
    redis.call('HDEL', KEYS[4], mobile)
    redis.call('HDEL', KEYS[5], mobile)
    return { 'right', mobile, purpose, signup }
end
redis.call('HSET', KEYS[1], 'try:' .. token, 1)
if not locked then
    redis.call('HSET', KEYS[4], mobile, (failures + 1) .. ':' .. ARGV[1])
    redis.call('EXPIRE', KEYS[4], 2 * ARGV[4])
    redis.call('HDEL', KEYS[5], mobile)
end
return { 'wrong' }
