local now, lock, id, token, owner, issued = tonumber(ARGV[1]), tonumber(ARGV[4]) * 1000, ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local found = redis.call('HMGET', KEYS[1], 'mobile', 'purpose', 'kid', 'signup', 'expires', 'ended', 'asker', 'owners', 'country', 'until')
local mobile, purpose, kid, signup, expires, ended = found[1], found[2], found[3], found[4], found[5], found[6]
if not mobile or tonumber(expires) <= now then return { 'expired' } end
-- The call is a repetition: its first answer was lost.
if ended == token and found[10] then return { 'locked', found[10], mobile } end
if ended == token then return { 'right', mobile, purpose, signup } end
if redis.call('HEXISTS', KEYS[1], 'try:' .. token) == 1 then return { 'wrong', mobile } end

local field = purpose .. ':' .. mobile
local open = redis.call('HGET', KEYS[2], field) or redis.call('HGET', KEYS[3], field) or ''
-- An older version stored the id alone.
if open ~= id and not string.find(open, '|' .. id .. '|', 1, true) then return { 'expired' } end
if redis.call('HINCRBY', KEYS[1], 'tries', 1) > tonumber(ARGV[2]) then return { 'expired' } end

-- Holders of a device token have a count of their own: the challenge was opened with one, or this try shows one.
local is_valid = issued ~= '' and tonumber(issued) > tonumber(redis.call('GET', KEYS[6]) or '0')
local is_holder = found[7] == 'device' or (is_valid and string.find(' ' .. (found[8] or '') .. ' ', ' ' .. owner .. ' ', 1, true))
local count_of = (is_holder and 'device:' or '') .. field

-- The failures in a row within a day of the first: 'count:time of the first'.
local failures, first = 0, now
local count, at = string.match(redis.call('HGET', KEYS[4], count_of) or redis.call('HGET', KEYS[5], count_of) or '', '(%d+):(%d+)')
if count and now - tonumber(at) < lock then failures, first = tonumber(count), tonumber(at) end

local locked = failures >= tonumber(ARGV[3])
local right = false
for i = 9, #ARGV, 2 do
    if ARGV[i] == kid then right = ARGV[i + 1] == '1' end
end
if right then
    -- A right code ends its challenge, even while the account is locked.
    redis.call('HSET', KEYS[1], 'ended', token)
    for i = 2, 3 do
        local kept = {}
        for asker, its, at in string.gmatch(redis.call('HGET', KEYS[i], field) or '', '(%S+)|(%S+)|(%d+)') do
            if its ~= id then table.insert(kept, asker .. '|' .. its .. '|' .. at) end
        end
        if #kept > 0 then redis.call('HSET', KEYS[i], field, table.concat(kept, ' ')) else redis.call('HDEL', KEYS[i], field) end
    end
    if locked then
        local at = string.format('%.0f', first + lock)
        redis.call('HSET', KEYS[1], 'until', at)
        return { 'locked', at, mobile }
    end
    redis.call('HDEL', KEYS[4], count_of)
    redis.call('HDEL', KEYS[5], count_of)
    redis.call('HINCRBY', KEYS[7], 'used:' .. (found[9] or ''), 1)
    redis.call('EXPIRE', KEYS[7], 10800)
    return { 'right', mobile, purpose, signup }
end
redis.call('HSET', KEYS[1], 'try:' .. token, 1)
if not locked then
    redis.call('HSET', KEYS[4], count_of, (failures + 1) .. ':' .. string.format('%.0f', first))
    redis.call('EXPIRE', KEYS[4], 2 * ARGV[4])
    redis.call('HDEL', KEYS[5], count_of)
end
return { 'wrong', mobile }
