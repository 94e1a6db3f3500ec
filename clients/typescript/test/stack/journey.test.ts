import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatClient, memoryTokens, type Message, type Target, type Tokens, unwrap } from "chat-backend-client";
import { ChatBackendTransport, toUIMessages } from "chat-backend-client/ai-sdk";
import { person } from "./people.js";

/** Follows a reply to its end; what a screen would show before it must be a beginning of one attempt's text. */
async function answer(chat: ChatClient, target: Target): Promise<Message> {
  let text = "";
  for await (const event of chat.follow(target)) {
    if (event.type === "snapshot") text = event.content;
    if (event.type === "delta") text += event.content;
    if (event.type !== "done") continue;
    assert(event.message.content.startsWith(text), `${text} became ${event.message.content}`);
    return event.message;
  }
  throw new Error("There was no end.");
}

test("a message is answered, another reply is made, and both are kept", async () => {
  const { chat, room } = await person();

  const accepted = await chat.send(room, "What is tea? [[drip:50]]");
  const first = await answer(chat, accepted);
  const second = await answer(chat, await chat.regenerate(room, first.id));

  assert.equal(first.state, "completed");
  assert.match(first.content, /What is tea\?/);
  assert.notEqual(second.id, first.id);
  const { messages } = await unwrap(chat.api.GET("/chatroom/{chatroom}", { params: { path: { chatroom: room } } }));
  assert.deepEqual(
    messages.data.map(({ id }) => id),
    [accepted.message.id, first.id, second.id],
  );
  assert.equal((await answer(chat, { room, reply: first.id })).content, first.content);
});

test("a send whose answer is lost is stored and charged once", async () => {
  let lost = 0;
  const losing = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    if (!request.url.endsWith("/message") || (lost += 1) > 2) return response;
    throw new TypeError("fetch failed");
  };
  const { chat, room } = await person({ fetch: losing, limits: { firstPause: 50 } });

  const accepted = await chat.send(room, "What is tea?");
  await answer(chat, accepted);

  assert.equal(lost, 3);
  const { messages } = await unwrap(chat.api.GET("/chatroom/{chatroom}", { params: { path: { chatroom: room } } }));
  assert.equal(messages.data.length, 2);
  assert.equal((await unwrap(chat.api.GET("/user/me"))).allowance.used, 1);
});

test("a cancelled reply ends for whoever follows it", async () => {
  const { chat, room } = await person();

  const accepted = await chat.send(room, "Slowly, please. [[slow:20000]]");
  const ended = answer(chat, accepted);
  assert.equal((await chat.cancel(accepted)).state, "cancelled");

  assert.equal((await ended).state, "cancelled");
});

test("tokens are renewed once for many, and a lost answer to a refresh ends no session", async () => {
  let tokens: Tokens = {};
  let refreshed = 0;
  const losing = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    if (!request.url.endsWith("/auth/refresh") || (refreshed += 1) > 1) return response;
    throw new TypeError("fetch failed");
  };
  const store = { get: () => tokens, set: (next: Tokens) => void (tokens = next) };
  const { chat } = await person({ tokens: store, fetch: losing });
  const before = tokens;
  tokens = { ...tokens, access_token: "expired" };

  await assert.rejects(chat.api.GET("/user/me"), TypeError);
  await Promise.all(Array.from({ length: 10 }, () => unwrap(chat.api.GET("/user/me"))));

  assert.equal(refreshed, 2);
  assert.equal(chat.session.signedIn, true);
  assert.notEqual(tokens.refresh_token, before.refresh_token);
  await unwrap(chat.api.GET("/user/me"));
});

test("a spent allowance says when there is more, and how", async () => {
  const { chat, room } = await person();
  for (let n = 0; n < 5; n += 1) await answer(chat, await chat.send(room, `Message ${n}`));

  await assert.rejects(chat.send(room, "One more"), (problem: any) => {
    assert.deepEqual(
      [problem.code, problem.allowance.remaining, problem.upgrade.path],
      ["allowance_spent", 0, "/subscribe/pro"],
    );
    assert(problem.retryAfter > 0);
    return true;
  });
});

test("a sign-out ends the session at the API", async () => {
  const store = memoryTokens();
  const { chat } = await person({ tokens: store });
  const { access_token } = { ...(await store.get()) };

  await chat.session.signOut({ everywhere: true });

  const headers = { authorization: `Bearer ${access_token}` };
  assert.equal((await chat.api.GET("/user/me", { headers })).response.status, 401);
});

test("the AI SDK's transport sends, makes another reply, and finds none to go on with", async () => {
  const { chat, room } = await person();
  const transport = new ChatBackendTransport({ client: chat });
  const messages = [{ id: "local-1", role: "user" as const, parts: [{ type: "text" as const, text: "What is tea?" }] }];
  const options = { chatId: room, messageId: undefined, messages, abortSignal: undefined };

  for (const trigger of ["submit-message", "regenerate-message"] as const) {
    const types: string[] = [];
    for await (const chunk of (await transport.sendMessages({ ...options, trigger })) as any) types.push(chunk.type);
    assert.deepEqual([types[0], types[1], types.at(-1)], ["start", "text-start", "finish"]);
  }

  assert.equal(await transport.reconnectToStream({ chatId: room }), null);
  const { messages: page } = await unwrap(
    chat.api.GET("/chatroom/{chatroom}", { params: { path: { chatroom: room } } }),
  );
  assert.equal(page.data.length, 3);
  assert.equal(toUIMessages(page.data).length, 2);
});
