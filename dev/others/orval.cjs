// The journey with the client that orval makes: node orval.cjs FOLDER
const assert = require('node:assert/strict');
const path = require('node:path');
const { mobile, watched } = require('./person.cjs');

const of = (tag) => require(path.join(process.argv[2], tag, tag));
const { sendOtp, verifyOtp, logOut } = of('authentication');
const { createRoom, getRoom } = of('chatrooms');
const { sendMessage, getMessage } = of('messages');
watched();

(async () => {
    const code = await sendOtp({ mobile: mobile() });
    assert.equal(code.status, 202);
    const verified = await verifyOtp({ challenge_id: code.data.challenge_id, otp: code.data.otp });
    assert.equal(verified.data.scope, 'session');
    const own = { headers: { authorization: `Bearer ${verified.data.access_token}` } };

    const room = (await createRoom({ title: 'Tea' }, own)).data;
    const accepted = await sendMessage(room.id, { content: 'hi' }, own);
    assert.equal(accepted.status, 202);
    const reply = await getMessage(room.id, accepted.data.reply.id, { wait: 20 }, own);
    assert.equal(reply.data.state, 'completed');
    const read = await getRoom(room.id, undefined, own);
    assert.deepEqual(read.data.messages.data.map((one) => one.role), ['user', 'assistant']);

    // Many clients send the type of a body that is not there.
    const typed = { headers: { ...own.headers, 'content-type': 'application/json' } };
    assert.equal((await logOut(undefined, typed)).status, 204);
    const refused = await getRoom(room.id, undefined, own);
    assert.deepEqual([refused.status, refused.data.code], [401, 'unauthenticated']);
})();
