// The journey with the client that openapi-generator makes for TypeScript: node openapi_generator.cjs FOLDER
const assert = require('node:assert/strict');
const { mobile, watched } = require('./person.cjs');

const client = require(process.argv[2]);
const basePath = process.env.API_URL;
const sent = watched();

(async () => {
    const door = new client.AuthenticationApi(new client.Configuration({ basePath }));
    const code = await door.sendOtp({ sendOtpRequest: { mobile: mobile() } });
    const verified = await door.verifyOtp({ verifyOtpRequest: { challengeId: code.challengeId, otp: code.otp } });
    assert.equal(verified.scope, client.TokenScope.Session);
    const own = new client.Configuration({ basePath, accessToken: verified.accessToken });

    const room = await new client.ChatroomsApi(own).createRoom({ createRoomRequest: { title: 'Tea' } });
    assert.ok(room.createdAt instanceof Date);
    const messages = new client.MessagesApi(own);
    const accepted = await messages.sendMessage({ chatroom: room.id, sendMessageRequest: { content: 'hi' } });
    const reply = await messages.getMessage({ chatroom: room.id, message: accepted.reply.id, wait: 20 });
    assert.equal(reply.state, client.ReplyState.Completed);
    const read = await new client.ChatroomsApi(own).getRoom({ chatroom: room.id });
    assert.deepEqual(read.messages.data.map((one) => one.role), ['user', 'assistant']);

    const refused = await messages.cancelReply({ chatroom: room.id, message: room.id }).catch((error) => error);
    assert.equal(refused.response.status, 404);
    assert.equal(client.ProblemFromJSON(await refused.response.json()).code, client.Code.NotFound);
    await new client.AuthenticationApi(own).logOut();
    assert.ok(sent.some((one) => one.method === 'POST' && one.url.endsWith('/auth/logout') && one.status === 204));
})();
