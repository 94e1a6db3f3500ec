local attempt, number, kind, text, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local its_attempt, its_number = 0, 0
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then
    its_attempt, its_number = string.match(newest[1], '^(%d+)-(%d+)$')
    its_attempt, its_number = tonumber(its_attempt), tonumber(its_number)
    -- The call is a repetition: its first answer was lost.
    if its_attempt == attempt and its_number == number then return 'written' end
    if its_attempt == tonumber(ARGV[6]) then return 'ended' end
    if its_attempt > attempt or its_attempt == attempt and its_number > number then return 'overtaken' end
end
-- Its newest entry is not there any more.
if kind == '' then return number == 0 and 'written' or 'lost' end
-- A piece belongs behind the entry before it: elsewhere it would leave a gap.
if kind == 'delta' and not (its_attempt == attempt and its_number == number - 1) then return 'lost' end
redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. ARGV[2], kind, text)
redis.call('PEXPIRE', KEYS[1], kept)
return 'written'
