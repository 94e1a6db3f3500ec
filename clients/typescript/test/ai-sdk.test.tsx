import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { useChat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import { createChatClient, memoryTokens } from "chat-backend-client";
import { ChatBackendTransport, textOf, toUIMessages } from "chat-backend-client/ai-sdk";
import { JSDOM } from "jsdom";
import { createRoot } from "react-dom/client";
import {
  accepted,
  type Answer,
  ASKED,
  broken,
  events,
  gate,
  json,
  problem,
  READ,
  REPLY,
  reply,
  ROOM,
  SEND,
  Server,
  tokens,
} from "./server.js";

const STREAM = `GET /stream${READ}/events`;
const dom = new JSDOM("<main></main>");

before(() => {
  Object.assign(globalThis, { window: dom.window, document: dom.window.document });
});
after(() => dom.window.close());

type Chat = ReturnType<typeof useChat>;

/** Renders a chat, as an app does. */
async function chat(
  t: TestContext,
  server: Server,
  messages: UIMessage[] = [],
): Promise<{ chat(): Chat; shown(): string; until(text: string): Promise<void> }> {
  const kept = memoryTokens({ ...tokens("a"), expires_at: Date.now() + 3_600_000 });
  const client = createChatClient({ baseUrl: server.url, tokens: kept, limits: { firstPause: 5, tries: 1 } });
  const transport = new ChatBackendTransport({ client });
  let current: Chat | undefined;
  const App = () => {
    current = useChat({ id: ROOM, transport, messages });
    const lines = current.messages.map((message) => <p key={message.id}>{`${message.role}: ${textOf(message)}; `}</p>);
    return (
      <>
        {lines}
        {current.status}
        {current.error?.message}
      </>
    );
  };
  const place = dom.window.document.createElement("div");
  const root = createRoot(place);
  root.render(<App />);
  t.after(() => root.unmount());
  const shown = () => place.textContent ?? "";
  const until = async (text: string) => {
    for (const end = Date.now() + 20_000; shown() !== text;) {
      assert(Date.now() < end, `It shows ${shown()}`);
      await new Promise((next) => setTimeout(next, 5));
    }
  };
  await until(`${messages.map((message) => `${message.role}: ${textOf(message)}; `).join("")}ready`);
  return { chat: () => current as Chat, shown, until };
}

const snapshot = (content: string, attempt = 1): [string, unknown, string] => [
  "snapshot",
  { attempt, state: "generating", content },
  `${attempt}-1`,
];
const done = (state: string, content: string, more: object = {}): [string, unknown] => [
  "done",
  reply(state, content, more),
];
const sent = (server: Server) => json(202, accepted(`${server.url}/stream${READ}/events`));

/** A stream that goes on when the test says so. */
function inTwo(
  first: Parameters<typeof events>[0],
  second: Parameters<typeof events>[0],
): { answer: Answer; goOn: () => void } {
  const { opened, open } = gate();
  const answer: Answer = async (response, call) => {
    events(first, "stay")(response, call);
    await opened;
    response.end(second.map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`).join(""));
  };
  return { answer, goOn: open };
}

test("useChat sends a message, and shows the reply as it is written", async (t) => {
  const server = await Server.start(t);
  const { answer, goOn } = inTwo(
    [snapshot(""), ["delta", { content: "Tea " }]],
    [["delta", { content: "is" }], done("completed", "Tea is good.")],
  );
  server.on(SEND, sent(server)).on(STREAM, answer);
  const app = await chat(t, server);

  void app.chat().sendMessage({ text: "hi" });
  await app.until("user: hi; assistant: Tea ; streaming");
  goOn();
  await app.until("user: hi; assistant: Tea is good.; ready");

  assert.equal(app.chat().messages[1]?.id, REPLY);
  assert.equal(app.chat().messages[1]?.parts.length, 1);
  assert.deepEqual(server.to(`/chatroom/${ROOM}/message`)[0]?.body, { content: "hi" });
});

test("stop stops the reply at the backend", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, sent(server)).on(STREAM, events([snapshot("Tea")], "stay"));
  server.on(`POST ${READ}/cancel`, json(200, reply("cancelled", "Tea")));
  const app = await chat(t, server);

  void app.chat().sendMessage({ text: "hi" });
  await app.until("user: hi; assistant: Tea; streaming");
  await app.chat().stop();

  await app.until("user: hi; assistant: Tea; ready");
  while (server.to(`${READ}/cancel`).length === 0) await new Promise((next) => setTimeout(next, 5));
});

test("a message that is stopped on its way is stopped when it is accepted", async (t) => {
  const server = await Server.start(t);
  const { opened, open } = gate();
  server.on(SEND, async (response, call) => (await opened, sent(server)(response, call)));
  server.on(`POST ${READ}/cancel`, json(200, reply("cancelled", "")));
  const app = await chat(t, server);

  void app.chat().sendMessage({ text: "hi" });
  await app.until("user: hi; submitted");
  await server.reached(1);
  await app.chat().stop();
  await app.until("user: hi; ready");
  assert.equal(server.calls.length, 1);
  open();

  await server.reached(2);
  assert.equal(server.calls[1]?.path, `${READ}/cancel`);
});

test("regenerate makes another reply in the place of the first", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, sent(server)).on(STREAM, events([done("completed", "Tea.")]), events([done("completed", "Coffee.")]));
  server.on(
    `POST /chatroom/${ROOM}/message/${ASKED}/regenerate`,
    json(202, { ...accepted(`${server.url}/stream${READ}/events`), reply: reply("pending", "", { id: "other" }) }),
  );
  const app = await chat(t, server);

  await app.chat().sendMessage({ text: "hi" });
  await app.until("user: hi; assistant: Tea.; ready");
  await app.chat().regenerate();

  await app.until("user: hi; assistant: Coffee.; ready");
  assert.equal(app.chat().messages[1]?.id, "other");
});

test("a message whose sending failed is sent again with its key", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, broken, sent(server)).on(STREAM, events([done("completed", "Tea.")]));
  const app = await chat(t, server);

  await app.chat().sendMessage({ text: "hi" });
  assert.equal(app.chat().status, "error");
  await app.chat().regenerate();

  await app.until("user: hi; assistant: Tea.; ready");
  const keys = server.to(`/chatroom/${ROOM}/message`).map((call) => call.headers["idempotency-key"]);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  await app.chat().sendMessage({ text: "more" });
  assert.notEqual(server.to(`/chatroom/${ROOM}/message`)[2]?.headers["idempotency-key"], keys[0]);
});

test("a reply that is being written is followed after a reload", async (t) => {
  const server = await Server.start(t);
  const page = [{ ...accepted().message }, reply("generating", "Te")];
  server.on(
    `GET /chatroom/${ROOM}.limit=20`,
    json(200, { id: ROOM, messages: { data: page } }),
    json(200, { messages: { data: [] } }),
  );
  server.on(`POST ${READ}/events-ticket`, json(201, { events_url: `${server.url}/stream${READ}/events` }));
  server.on(STREAM, events([snapshot("Tea is"), done("completed", "Tea is good.")]));
  const app = await chat(t, server, toUIMessages(page as never));

  await app.chat().resumeStream();

  await app.until("user: hi; assistant: Tea is good.; ready");
  assert.equal(app.chat().messages.length, 2);
  await app.chat().resumeStream();
  assert.equal(app.shown(), "user: hi; assistant: Tea is good.; ready");
});

test("stop stops the reply at the backend after a reload, too, and a newer following does not", async (t) => {
  const server = await Server.start(t);
  const page = [{ ...accepted().message }, reply("generating", "Te")];
  server.on(`GET /chatroom/${ROOM}.limit=20`, json(200, { id: ROOM, messages: { data: page } }));
  server.on(`POST ${READ}/events-ticket`, json(201, { events_url: `${server.url}/stream${READ}/events` }));
  server.on(STREAM, events([snapshot("Tea")], "stay"));
  server.on(`POST ${READ}/cancel`, json(200, reply("cancelled", "Tea")));
  const app = await chat(t, server, toUIMessages(page as never));

  void app.chat().resumeStream();
  await app.until("user: hi; assistant: Tea; streaming");
  void app.chat().resumeStream();
  while (server.to(`/stream${READ}/events`).length < 2) await new Promise((next) => setTimeout(next, 5));
  await app.until("user: hi; assistant: Tea; streaming");
  assert.equal(server.to(`${READ}/cancel`).length, 0);
  await app.chat().stop();

  await app.until("user: hi; assistant: Tea; ready");
  while (server.to(`${READ}/cancel`).length === 0) await new Promise((next) => setTimeout(next, 5));
  assert.equal(server.to(`${READ}/cancel`).length, 1);
});

test("stop while the reply is looked for stops it once it is found, and not in the place of a newer look", async (t) => {
  const server = await Server.start(t);
  const { opened, open } = gate();
  const found = json(200, { id: ROOM, messages: { data: [reply("generating", "Te")] } });
  server.on(`GET /chatroom/${ROOM}.limit=20`, async (response, call) => (await opened, found(response, call)));
  server.on(`POST ${READ}/cancel`, json(200, reply("cancelled", "Te")));
  const app = await chat(t, server);

  void app.chat().resumeStream();
  await server.reached(1);
  void app.chat().resumeStream();
  await server.reached(2);
  await app.chat().stop();
  await app.until("ready");
  assert.equal(server.calls.length, 2);
  open();

  await server.reached(3);
  await new Promise((next) => setTimeout(next, 50));
  assert.deepEqual(
    server.calls.slice(2).map(({ path }) => path),
    [`${READ}/cancel`],
  );
});

test("a message that is stopped while its room is made is not sent", async (t) => {
  const server = await Server.start(t);
  const { opened, open } = gate();
  const room = async () => (await opened, ROOM);
  const transport = new ChatBackendTransport({ client: createChatClient({ baseUrl: server.url }), room });
  const stop = new AbortController();
  const messages: UIMessage[] = [{ id: "1", role: "user", parts: [{ type: "text", text: "hi" }] }];
  const options = { trigger: "submit-message", chatId: "new", messageId: undefined, abortSignal: stop.signal } as const;

  const sending = transport.sendMessages({ ...options, messages });
  stop.abort();
  open();

  await assert.rejects(sending, { name: "AbortError" });
  assert.equal(server.calls.length, 0);
});

test("a following that is over keeps nothing of its signal", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const server = await Server.start(t);
  const found = { id: ROOM, messages: { data: [reply("generating", "Te")] } };
  const none = { id: ROOM, messages: { data: [] } };
  server.on(`GET /chatroom/${ROOM}.limit=20`, json(200, found), json(200, found), json(200, none), json(404, {}));
  server.on(`POST ${READ}/events-ticket`, json(201, { events_url: `${server.url}/stream${READ}/events` }));
  server.on(STREAM, events([done("completed", "Tea.")]));
  const kept = memoryTokens({ ...tokens("a"), expires_at: Date.now() + 3_600_000 });
  const client = createChatClient({ baseUrl: server.url, tokens: kept });
  const transport = new ChatBackendTransport({ client, room: () => ROOM });
  const signals: WeakRef<AbortSignal>[] = [];
  const follow = async (through: (stream: ReadableStream<unknown>) => Promise<unknown>) => {
    const { signal } = new AbortController();
    signals.push(new WeakRef(signal));
    const stream = await transport.reconnectToStream({ chatId: `${signals.length}`, abortSignal: signal });
    if (stream) await through(stream);
  };

  await follow(async (stream) => {
    for (const reader = stream.getReader(); !(await reader.read()).done;);
  });
  await follow((stream) => stream.cancel());
  await follow(() => assert.fail("there is no reply"));
  await assert.rejects(follow(() => assert.fail("there is no room")));

  for (const end = Date.now() + 10_000; signals.some((signal) => signal.deref());) {
    assert(Date.now() < end, `${signals.map((signal) => signal.deref() !== undefined)} are kept`);
    await new Promise((next) => setTimeout(next, 20));
    collect();
  }
});

test("a reply that has ended is not cancelled when its following is", async (t) => {
  const server = await Server.start(t);
  const page = [{ ...accepted().message }, reply("generating", "Te")];
  server.on(`GET /chatroom/${ROOM}.limit=20`, json(200, { id: ROOM, messages: { data: page } }));
  server.on(`POST ${READ}/events-ticket`, json(201, { events_url: `${server.url}/stream${READ}/events` }));
  server.on(STREAM, events([done("completed", "Tea.")]));
  const app = await chat(t, server, toUIMessages(page as never));

  await app.chat().resumeStream();
  await app.until("user: hi; assistant: Tea.; ready");
  await app.chat().stop();
  await app.chat().resumeStream();

  await app.until("user: hi; assistant: Tea.; ready");
  assert.equal(server.to(`${READ}/cancel`).length, 0);
});

test("a second attempt shows its own text alone", async (t) => {
  const server = await Server.start(t);
  const { answer, goOn } = inTwo(
    [snapshot("Coff"), snapshot("", 2), ["delta", { content: "Te" }]],
    [done("completed", "Tea is good.")],
  );
  server.on(SEND, sent(server)).on(STREAM, answer);
  const app = await chat(t, server);

  void app.chat().sendMessage({ text: "hi" });
  await app.until("user: hi; assistant: Te; streaming");
  goOn();

  await app.until("user: hi; assistant: Tea is good.; ready");
});

test("refusals and failures are errors in the API's words", async (t) => {
  const server = await Server.start(t);
  const error = { code: "refused", detail: "The model refuses." };
  server.on(SEND, problem(429, "allowance_spent"), sent(server)).on(STREAM, events([done("blocked", "", { error })]));
  const app = await chat(t, server);

  await app.chat().sendMessage({ text: "hi" });
  await app.until("user: hi; errorIt is allowance_spent.");
  await app.chat().regenerate();
  await app.until("user: hi; assistant: ; errorThe model refuses.");
});

test("of several replies to a message the latest is shown", () => {
  const shown = toUIMessages([
    accepted().message,
    reply("completed", "Tea."),
    reply("completed", "Coffee.", { id: "other" }),
  ] as never);
  assert.deepEqual(shown.map(textOf), ["hi", "Coffee."]);
});
