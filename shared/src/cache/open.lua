local now, id, ttl = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local mobile, purpose, asker, issued = ARGV[4], ARGV[5], ARGV[8], ARGV[9]
local cooldown, most_open = tonumber(ARGV[12]), tonumber(ARGV[18])
local hour, day = 3600 * 1000, 86400 * 1000

-- The device token was ended after it was issued.
if issued ~= '' and tonumber(issued) <= tonumber(redis.call('GET', KEYS[4]) or '0') then return { 'ended', 0 } end

-- Seconds until fewer than `most` events of the log lie within `window`; 0 if that is so now.
local function wait(key, window, most)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - day)
    if most <= 0 then return 0 end
    local oldest_that_counts = redis.call('ZREVRANGEBYSCORE', key, '+inf', '(' .. (now - window), 'WITHSCORES', 'LIMIT', most - 1, 1)
    if #oldest_that_counts == 0 then return 0 end
    return math.max(1, math.ceil((tonumber(oldest_that_counts[2]) + window - now) / 1000))
end

-- The asker's codes to this number in the last hour, and the pause after the last of them.
local function sent() return redis.call('ZCOUNT', KEYS[6], '(' .. (now - hour), '+inf') end
local function pause() return cooldown * math.min(2 ^ (sent() - 1), 4) end

-- The call is a repetition: its first answer was lost.
if redis.call('EXISTS', KEYS[1]) == 1 then return { '', pause() } end

local last = redis.call('ZREVRANGE', KEYS[6], 0, 0, 'WITHSCORES')
if #last > 0 and sent() > 0 then
    local left = math.ceil((tonumber(last[2]) + pause() * 1000 - now) / 1000)
    if left > 0 then return { 'cooldown', left } end
end

local limits = {
    { 'mobile', KEYS[5], hour, ARGV[13] }, { 'mobile', KEYS[5], day, ARGV[14] },
    { 'asker', KEYS[6], hour, ARGV[15] }, { 'asker', KEYS[6], day, ARGV[16] },
    { 'ip', KEYS[7], hour, ARGV[17] },
}
for _, limit in ipairs(limits) do
    local left = wait(limit[2], limit[3], tonumber(limit[4]))
    if left > 0 then return { limit[1], left } end
end

-- The open codes of others stay open; the asker's own earlier one is replaced.
local field = purpose .. ':' .. mobile
local kept, strangers, first = {}, 0, nil
for other, its, expires in string.gmatch(redis.call('HGET', KEYS[2], field) or redis.call('HGET', KEYS[3], field) or '', '(%S+)|(%S+)|(%d+)') do
    if tonumber(expires) > now and other ~= asker then
        table.insert(kept, other .. '|' .. its .. '|' .. expires)
        if other ~= 'device' then
            strangers = strangers + 1
            first = math.min(first or tonumber(expires), tonumber(expires))
        end
    end
end
if asker ~= 'device' and strangers >= most_open then return { 'open', math.ceil((first - now) / 1000) } end

for i = 5, 7 do
    redis.call('ZADD', KEYS[i], now, id)
    redis.call('PEXPIRE', KEYS[i], day)
end
table.insert(kept, asker .. '|' .. id .. '|' .. string.format('%.0f', now + ttl * 1000))
redis.call('HDEL', KEYS[3], field)
redis.call('HSET', KEYS[2], field, table.concat(kept, ' '))
redis.call('EXPIRE', KEYS[2], 2 * ttl)
redis.call('HSET', KEYS[1], 'mobile', mobile, 'purpose', purpose, 'kid', ARGV[6], 'signup', ARGV[7], 'expires', now + ttl * 1000,
    'asker', asker == 'device' and 'device' or 'stranger', 'country', ARGV[10], 'owners', ARGV[11])
redis.call('EXPIRE', KEYS[1], ttl)
return { '', pause() }
