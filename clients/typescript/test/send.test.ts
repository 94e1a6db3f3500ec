import assert from "node:assert/strict";
import { test } from "node:test";
import { createChatClient, type Limits, memoryTokens } from "chat-backend-client";
import {
  accepted,
  type Answer,
  ASKED,
  broken,
  json,
  problem,
  READ,
  reply,
  ROOM,
  SEND,
  Server,
  tokens,
} from "./server.js";

const client = (server: Server, limits: Partial<Limits> = {}) =>
  createChatClient({
    baseUrl: server.url,
    tokens: memoryTokens({ ...tokens("a"), expires_at: Date.now() + 3_600_000 }),
    limits: { firstPause: 5, ...limits },
  });
const halfAnAnswer: Answer = (response) => {
  response.writeHead(202, { "content-type": "application/json", "content-length": "900" }).write('{"message":');
  setTimeout(() => response.socket?.destroy(), 10);
};
const REGENERATE = `POST ${READ}/regenerate`;

test("a send is repeated with one key until it is accepted, whatever gets lost", async (t) => {
  const server = await Server.start(t);
  server.on(
    SEND,
    broken,
    halfAnAnswer,
    problem(503, "unavailable"),
    json(504, { message: "Timeout" }),
    json(202, accepted()),
  );

  const sent = await client(server).send(ROOM, "hi");

  assert.deepEqual([sent.room, sent.message.id, sent.allowance.remaining], [ROOM, ASKED, 4]);
  const keys = server.calls.map((call) => call.headers["idempotency-key"]);
  assert.equal(keys.length, 5);
  assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual(new Set(server.calls.map((call) => call.body.content)), new Set(["hi"]));
});

test("two sends have two keys, and a given key is used", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, json(202, accepted()));
  const chat = client(server);

  await chat.send(ROOM, "hi");
  await chat.send(ROOM, "hi");
  await chat.send(ROOM, "hi", { key: "mine" });

  const keys = server.calls.map((call) => call.headers["idempotency-key"]);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "mine");
});

test("a 429 is repeated after its Retry-After", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, problem(429, "too_many_requests", {}, { "retry-after": "1" }), json(202, accepted()));
  const began = Date.now();

  await client(server).send(ROOM, "hi");

  const took = Date.now() - began;
  assert(took >= 990, `${took} ms`);
});

test("a spent allowance is thrown at once, with what the upgrade needs", async (t) => {
  const server = await Server.start(t);
  const allowance = { limit: 5, used: 5, remaining: 0, resets_at: "2026-11-24T00:00:00.000Z" };
  const upgrade = { method: "POST", path: "/subscribe/pro", detail: "Pro has more." };
  server.on(SEND, problem(429, "allowance_spent", { allowance, upgrade }, { "retry-after": "1" }));

  await assert.rejects(client(server).send(ROOM, "hi"), {
    name: "ProblemError",
    code: "allowance_spent",
    allowance,
    upgrade,
  });

  assert.equal(server.calls.length, 1);
});

test("what repeating does not mend is thrown at once", async (t) => {
  const server = await Server.start(t);
  const late = problem(503, "unavailable", {}, { "retry-after": "31" });
  server.on(SEND, problem(404, "not_found"), problem(422, "validation_failed"), problem(500, "internal"), late);

  for (const status of [404, 422, 500, 503]) await assert.rejects(client(server).send(ROOM, "hi"), { status });

  assert.equal(server.calls.length, 4);
});

test("a send gives up after its tries, and each try has a time", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, broken, () => undefined, broken);
  const chat = client(server, { tries: 3, answer: 1000 });

  await assert.rejects(chat.send(ROOM, "hi"), TypeError);

  assert.equal(server.calls.length, 3);
});

test("an aborted send ends, also in a pause, and is not repeated", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, broken);
  const abort = new AbortController();
  const reason = new Error("enough");
  const sending = client(server, { firstPause: 60_000, longestPause: 60_000 }).send(ROOM, "hi", {
    signal: abort.signal,
  });

  await server.reached(1);
  setTimeout(() => abort.abort(reason), 50);

  await assert.rejects(sending, reason);
  assert.equal(server.calls.length, 1);
  await assert.rejects(client(server).send(ROOM, "hi", { signal: abort.signal }), reason);
  assert.equal(server.calls.length, 1);
});

test("a regenerate is repeated when it was refused, and not when its answer was lost", async (t) => {
  const server = await Server.start(t);
  server.on(REGENERATE, problem(429, "too_many_unfinished", {}, { "retry-after": "0" }), json(202, accepted()), broken);
  const chat = client(server);

  assert.equal((await chat.regenerate(ROOM, accepted().reply.id)).room, ROOM);
  await assert.rejects(chat.regenerate(ROOM, accepted().reply.id), TypeError);

  assert.equal(server.calls.length, 3);
});

test("a cancel is repeated, by the ids or by what a send returned", async (t) => {
  const server = await Server.start(t);
  server.on(`POST ${READ}/cancel`, broken, json(200, reply("cancelled", "half")));
  const chat = client(server);

  const stopped = await chat.cancel({ ...accepted(), room: ROOM } as never);

  assert.equal(stopped.state, "cancelled");
  assert.equal((await chat.cancel({ room: ROOM, reply: accepted().reply.id })).content, "half");
  assert.equal(server.calls.length, 3);
});
