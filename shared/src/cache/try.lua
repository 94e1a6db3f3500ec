local found = redis.call('HMGET', KEYS[1], 'mobile', 'purpose', 'kid', 'signup', 'expires')
local mobile, purpose, kid, signup, expires = found[1], found[2], found[3], found[4], found[5]
if not mobile or tonumber(expires) <= tonumber(ARGV[1]) then return { 'expired' } end
if redis.call('HINCRBY', KEYS[1], 'tries', 1) > tonumber(ARGV[2]) then return { 'expired' } end

local failures = ARGV[5] .. mobile
local locked = tonumber(redis.call('GET', failures) or '0') >= tonumber(ARGV[3])
local right = false
for i = 7, #ARGV, 2 do
    if ARGV[i] == kid then right = ARGV[i + 1] == '1' end
end
if right and not locked then
    redis.call('DEL', KEYS[1], failures, ARGV[6] .. purpose .. ':' .. mobile)
    return { 'right', mobile, purpose, signup }
end
if not locked then
    redis.call('INCR', failures)
    redis.call('EXPIRE', failures, ARGV[4])
end
return { 'wrong' }
