local id, field = ARGV[1], ARGV[2]
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
for i = 2, 3 do
    local kept, is_here = {}, false
    for asker, its, expires in string.gmatch(redis.call('HGET', KEYS[i], field) or '', '(%S+)|(%S+)|(%d+)') do
        if its == id then is_here = true else table.insert(kept, asker .. '|' .. its .. '|' .. expires) end
    end
    if is_here and #kept > 0 then redis.call('HSET', KEYS[i], field, table.concat(kept, ' ')) end
    if is_here and #kept == 0 then redis.call('HDEL', KEYS[i], field) end
end
for i = 5, 7 do
    redis.call('ZREM', KEYS[i], id)
end
return 1
