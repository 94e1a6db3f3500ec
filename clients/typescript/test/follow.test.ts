import assert from "node:assert/strict";
import { test } from "node:test";
import { createChatClient, type Limits, memoryTokens, type ReplyEvent } from "chat-backend-client";
import { broken, events, json, problem, READ, REPLY, reply, ROOM, Server, tokens } from "./server.js";

const STREAM = `/stream${READ}`;
const DONE = ["done", reply("completed", "Tea is good."), "4294967295-0"] as [string, unknown, string];
const snapshot = (content: string, attempt = 1, id = `${attempt}-1`): [string, unknown, string] => [
  "snapshot",
  { attempt, state: "generating", content },
  id,
];
const delta = (content: string, id: string): [string, unknown, string] => ["delta", { content }, id];
const closing = (reason: string): [string, unknown] => ["closing", { reason }];

function follow(
  server: Server,
  { limits = {}, url = true, signal }: { limits?: Partial<Limits>; url?: boolean; signal?: AbortSignal } = {},
) {
  const kept = memoryTokens({ ...tokens("a"), expires_at: Date.now() + 3_600_000 });
  const client = createChatClient({ baseUrl: server.url, tokens: kept, limits: { firstPause: 5, ...limits } });
  const events_url = url ? `${server.url}${STREAM}/events?ticket=t1` : undefined;
  return client.follow({ room: ROOM, reply: REPLY, events_url }, { signal });
}

/** The events in short, and the text as an app would show it. */
async function watch(stream: AsyncIterable<ReplyEvent>): Promise<{ seen: string[]; text: string }> {
  const seen: string[] = [];
  let text = "";
  for await (const event of stream) {
    if (event.type === "snapshot") text = event.content;
    if (event.type === "delta") text += event.content;
    if (event.type === "done") text = event.message.content;
    seen.push(event.type === "closing" ? `closing ${event.reason}` : event.type);
  }
  return { seen, text };
}

const streams = (server: Server) => server.to(`${STREAM}/events.*`);

test("a reply is followed by its ticket until it is done", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, events([snapshot(""), delta("Tea ", "1-2"), delta("is", "1-3"), DONE]));

  const { seen, text } = await watch(follow(server));

  assert.deepEqual(seen, ["snapshot", "delta", "delta", "done"]);
  assert.equal(text, "Tea is good.");
  assert.equal(server.calls.length, 1);
  assert.equal(server.calls[0]?.headers.authorization, undefined);
});

test("a lost connection is resumed after the last event, and a second attempt replaces the text", async (t) => {
  const server = await Server.start(t);
  const again = events([snapshot("Te", 2), delta("a", "2-2")]);
  server.on(
    `GET ${STREAM}/events.*`,
    events([snapshot(""), delta("Tea is", "1-7")], "cut"),
    broken,
    again,
    events([DONE]),
  );

  const { seen, text } = await watch(follow(server));

  assert.deepEqual(seen, ["snapshot", "delta", "snapshot", "delta", "done"]);
  assert.equal(text, "Tea is good.");
  assert.deepEqual(
    streams(server).map((call) => call.headers["last-event-id"]),
    [undefined, "1-7", "1-7", "2-2"],
  );
});

test("a stream whose time is over is resumed at once, however often", async (t) => {
  const server = await Server.start(t);
  const turns = Array.from({ length: 6 }, (_, n) => events([delta("x", `1-${n + 2}`), closing("time")]));
  server.on(`GET ${STREAM}/events.*`, ...turns, events([DONE]));
  const began = Date.now();

  const { seen } = await watch(follow(server, { limits: { firstPause: 30_000 } }));

  assert.deepEqual(seen, [...Array(6).fill("delta"), "done"]);
  assert(Date.now() - began < 10_000);
});

test("a silent connection is dead", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, events([snapshot("Te")], "stay"), () => undefined, events([DONE]));

  const { seen } = await watch(follow(server, { limits: { silence: 1000 } }));

  assert.deepEqual(seen, ["snapshot", "done"]);
  assert.equal(streams(server).length, 3);
});

test("comments keep a quiet connection alive", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(": alive\n\n"), 100);
    setTimeout(() => (clearInterval(timer), response.end(`event: done\ndata: ${JSON.stringify(DONE[1])}\n\n`)), 2000);
  });

  const { seen } = await watch(follow(server, { limits: { silence: 1000 } }));

  assert.deepEqual(seen, ["done"]);
  assert.equal(server.calls.length, 1);
});

test("an event may come in any pieces, with any line ends", async (t) => {
  const server = await Server.start(t);
  const text = `\uFEFFid: 1-1\r\nevent: delta\r\ndata: {"content":\r\ndata:"Tée"}\r\n\r\n: alive\r\n\r\nevent: other\rdata: 1\r\rid: 1-2\nevent: done\ndata: ${JSON.stringify(DONE[1])}\n\n`;
  server.on(`GET ${STREAM}/events.*`, async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.from([byte]));
      await new Promise((next) => setImmediate(next));
    }
    response.end();
  });

  const list: ReplyEvent[] = [];
  for await (const event of follow(server)) list.push(event);

  assert.deepEqual(list, [
    { type: "delta", content: "Tée" },
    { type: "done", message: DONE[1] },
  ]);
});

test("an expired ticket is replaced by a new one, and so is a missing address", async (t) => {
  const server = await Server.start(t);
  const fresh = () => json(201, { events_url: `${server.url}${STREAM}/events?ticket=t2`, expires_at: "" });
  server.on(`POST ${READ}/events-ticket`, fresh());
  server.on(`GET ${STREAM}/events.ticket=t1`, problem(401, "unauthenticated"));
  server.on(`GET ${STREAM}/events.ticket=t2`, events([DONE]));

  assert.deepEqual((await watch(follow(server))).seen, ["done"]);
  assert.deepEqual((await watch(follow(server, { url: false }))).seen, ["done"]);

  const asked = server.to(`${READ}/events-ticket`);
  assert.deepEqual(
    asked.map((call) => call.headers.authorization),
    Array(2).fill("Bearer access-a"),
  );
});

test("where there is no stream the reply is read by wait", async (t) => {
  for (const refusal of [problem(404, "not_found"), problem(403, "forbidden"), json(200, {})]) {
    const server = await Server.start(t);
    if (refusal !== undefined) server.on(`GET ${STREAM}/events.*`, refusal);
    const half = json(200, reply("generating", ""));
    server.on(`GET ${READ}.wait=20`, json(200, reply("pending", "")), half, half, json(200, DONE[1]));

    const { seen, text } = await watch(follow(server));

    assert.deepEqual(seen, ["snapshot", "snapshot", "done"]);
    assert.equal(text, "Tea is good.");
    assert.equal(streams(server).length, 1);
  }
});

test("a door without capacity is left alone for a while, and the reply is read by wait meanwhile", async (t) => {
  const server = await Server.start(t);
  const full = problem(429, "too_many_requests");
  server.on(`GET ${STREAM}/events.*`, full, json(429, { message: "Rate exceeded" }), events([snapshot("Tea"), DONE]));
  server.on(`GET ${READ}.wait=20`, json(200, reply("pending", "")), json(200, reply("generating", "")));
  const began = Date.now();

  const { seen } = await watch(follow(server, { limits: { firstPause: 50, lostStreams: 3 } }));

  assert.deepEqual(seen, ["snapshot", "snapshot", "snapshot", "done"]);
  assert.deepEqual(
    server.calls.map((call) => call.path.replace(/.*\/events.*/, "stream").replace(/.*wait.*/, "wait")),
    ["stream", "wait", "stream", "wait", "stream"],
  );
  // Before each wait the third pause of 200 ms, less up to a half of it.
  assert(Date.now() - began >= 200, `${Date.now() - began} ms`);
});

test("a ticket that there is no capacity for is waited for, too", async (t) => {
  const server = await Server.start(t);
  server.on(`POST ${READ}/events-ticket`, problem(429, "too_many_requests"));
  server.on(`GET ${READ}.wait=20`, json(200, reply("pending", "")), json(200, DONE[1]));

  assert.deepEqual((await watch(follow(server, { url: false }))).seen, ["snapshot", "done"]);

  assert.equal(server.to(`${READ}/events-ticket`).length, 2);
});

test("lost streams are tried again after growing pauses, which differ from client to client", async (t) => {
  const began: number[][] = [];
  const all = Array.from({ length: 6 }, async (_, n) => {
    const server = await Server.start(t);
    const times: number[] = (began[n] = []);
    server.on(`GET ${STREAM}/events.*`, (response) => (times.push(Date.now()), response.socket?.destroy()));
    server.on(`GET ${READ}.wait=20`, json(200, DONE[1]));
    await watch(follow(server, { limits: { firstPause: 200, lostStreams: 3 } }));
    times.push(Date.now());
  });

  await Promise.all(all);

  const pauses = began.map((times) => times.slice(1).map((time, n) => time - times[n]!));
  for (const [first = 0, second = 0, third = 0] of pauses) {
    assert(first >= 99 && second >= 199 && third >= 399, `${pauses.join("; ")}`);
  }
  assert(new Set(pauses.map(([, , third]) => third)).size > 1, `${pauses.join("; ")}`);
});

test("an API without streams at all is read by wait", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${READ}.wait=20`, json(200, DONE[1]));

  assert.deepEqual((await watch(follow(server, { url: false }))).seen, ["done"]);
  assert.deepEqual(
    server.calls.map((call) => call.path),
    [`${READ}/events-ticket`, `${READ}?wait=20`],
  );
});

test("a network without streams is read by wait, and the stream is tried again", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, broken, broken, broken, events([snapshot("Tea"), DONE]));
  server.on(`GET ${READ}.wait=20`, broken, json(200, reply("generating", "")));

  const { seen } = await watch(follow(server, { limits: { lostStreams: 3 } }));

  assert.deepEqual(seen, ["snapshot", "snapshot", "done"]);
  assert.equal(streams(server).length, 4);
});

test("a stream that was replaced is not taken back", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, events([snapshot("Te"), closing("replaced")]));
  server.on(`GET ${READ}.wait=20`, json(200, DONE[1]));

  assert.deepEqual((await watch(follow(server))).seen, ["snapshot", "closing replaced", "done"]);
  assert.equal(streams(server).length, 1);
});

test("text that was shown stays while the reply is read by wait", async (t) => {
  const server = await Server.start(t);
  const begun = events([snapshot(""), delta("Tea ", "1-2")], "cut");
  server.on(`GET ${STREAM}/events.*`, begun, broken, broken, events([delta("is", "1-3")], "cut"), broken);
  server.on(`GET ${READ}.wait=20`, json(200, reply("generating", "")), json(200, DONE[1]));
  const texts: string[] = [];

  for await (const event of follow(server, { limits: { lostStreams: 3 } })) {
    if (event.type === "snapshot") texts.push(event.content);
    if (event.type === "delta") texts.push(texts.at(-1) + event.content);
    if (event.type === "done") texts.push(event.message.content);
  }

  assert.deepEqual(texts, ["", "Tea ", "Tea is", "Tea is good."]);
  assert.equal(streams(server)[3]?.headers["last-event-id"], "1-2");
});

test("text that was shown stays after the stream was replaced", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, events([snapshot("Te"), closing("replaced")]));
  server.on(`GET ${READ}.wait=20`, json(200, reply("generating", "")), json(200, DONE[1]));

  assert.deepEqual((await watch(follow(server))).seen, ["snapshot", "closing replaced", "done"]);
  assert.equal(streams(server).length, 1);
});

test("a reply that was deleted ends, by the stream or by wait", async (t) => {
  const server = await Server.start(t);
  server.on(
    `GET ${STREAM}/events.*`,
    events([snapshot("Te"), closing("gone")]),
    events([snapshot("Te"), closing("replaced")]),
  );

  assert.deepEqual((await watch(follow(server))).seen, ["snapshot", "closing gone"]);
  assert.deepEqual((await watch(follow(server))).seen, ["snapshot", "closing replaced", "closing gone"]);
});

test("a foreign reply, and a session that is over, are thrown", async (t) => {
  const server = await Server.start(t);
  await assert.rejects(watch(follow(server)), { code: "not_found" });
  server.on(`GET ${READ}.wait=20`, problem(401, "unauthenticated"));
  server.on("POST /auth/refresh", problem(401, "refresh_invalid"));
  await assert.rejects(watch(follow(server, { url: false })), { code: "unauthenticated" });
  assert.equal(server.to(`${READ}/events-ticket`).length, 1);
});

test("a network that stays away is thrown in the end", async (t) => {
  const server = await Server.start(t);
  server.on(`GET ${STREAM}/events.*`, broken).on(`GET ${READ}.wait=20`, broken);

  await assert.rejects(watch(follow(server, { limits: { tries: 3, lostStreams: 2 } })), TypeError);

  assert.equal(server.calls.length, 5);
});

test("breaking out of the loop, or aborting, closes the connection", async (t) => {
  const server = await Server.start(t);
  let closed = 0;
  server.on(`GET ${STREAM}/events.*`, (response, call) => {
    response.on("close", () => (closed += 1));
    return events([snapshot("Te")], "stay")(response, call);
  });

  for await (const event of follow(server)) {
    assert.equal(event.type, "snapshot");
    break;
  }
  const abort = new AbortController();
  const reason = new Error("enough");
  const aborted = watch(follow(server, { signal: abort.signal }));
  void server.reached(2).then(() => setTimeout(() => abort.abort(reason), 50));
  await assert.rejects(aborted, reason);

  while (closed < 2) await new Promise((next) => setTimeout(next, 5));
  assert.equal(server.calls.length, 2);
});
