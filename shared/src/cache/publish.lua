local attempt, number, kind, text, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then
    local its_attempt, its_number = string.match(newest[1], '^(%d+)-(%d+)$')
    its_attempt, its_number = tonumber(its_attempt), tonumber(its_number)
    -- The call is a repetition: its first answer was lost.
    if its_attempt == attempt and its_number == number then return 'written' end
    if its_attempt == tonumber(ARGV[6]) then return 'ended' end
    if its_attempt > attempt or its_attempt == attempt and its_number > number then return 'overtaken' end
elseif kind == 'delta' then
    return 'lost'
end
if kind ~= '' then
    redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. ARGV[2], kind, text)
    redis.call('PEXPIRE', KEYS[1], kept)
end
return 'written'
