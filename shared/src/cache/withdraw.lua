local id, field = ARGV[1], ARGV[2]
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
if redis.call('HGET', KEYS[2], field) == id then redis.call('HDEL', KEYS[2], field) end
for _, key in ipairs({ KEYS[4], KEYS[5], KEYS[6] }) do
    redis.call('ZREM', key, id)
end
redis.call('DECR', KEYS[7])
return 1
