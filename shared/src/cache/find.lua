local found = redis.call('HMGET', KEYS[1], 'mobile', 'purpose', 'kid', 'signup', 'expires', 'asker')
if not found[1] then return {} end
local field = found[2] .. ':' .. found[1]
local open = redis.call('HGET', KEYS[2], field) or redis.call('HGET', KEYS[3], field) or ''
-- An older version stored the id alone, and no asker.
if open ~= ARGV[1] and not string.find(open, '|' .. ARGV[1] .. '|', 1, true) then return {} end
found[6] = found[6] or ''
return found
