local id = ARGV[1]
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
if redis.call('GET', KEYS[2]) == id then redis.call('DEL', KEYS[2]) end
for _, key in ipairs({ KEYS[3], KEYS[4], KEYS[5] }) do
    redis.call('ZREM', key, id)
end
redis.call('DECR', KEYS[6])
return 1
