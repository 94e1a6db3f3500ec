local found = redis.call('HMGET', KEYS[1], 'mobile', 'purpose', 'kid', 'signup', 'expires')
if not found[1] then return {} end
local field = found[2] .. ':' .. found[1]
if (redis.call('HGET', KEYS[2], field) or redis.call('HGET', KEYS[3], field)) ~= ARGV[1] then return {} end
return found
