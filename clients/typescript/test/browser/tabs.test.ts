import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { events, json, problem, READ, REPLY, reply, ROOM, Server, tokens } from "../server.js";
import { Chromium } from "./chromium.js";

const ENTRY = join(import.meta.dirname, "../../dist/index.js");
const PAGE = `<script type=module>
  import { browserTokens, createChatClient, unwrap } from "/client.js";
  window.chat = createChatClient({ baseUrl: location.origin, tokens: browserTokens(), limits: { firstPause: 10 } });
  window.unwrap = unwrap;
</script>`;

/** A server with a page that has the client, and two tabs of it that are signed in with an expired token. */
async function tabs(t: any): Promise<{ server: Server; browser: Chromium; one: string; two: string }> {
  const server = await Server.start(t);
  const { outputFiles } = await build({ entryPoints: [ENTRY], bundle: true, format: "esm", write: false });
  server.on("GET /", (response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE));
  server.on("GET /client.js", (response) =>
    response.writeHead(200, { "content-type": "text/javascript" }).end(outputFiles[0]?.text),
  );
  const browser = await Chromium.start(t);
  const one = await browser.open(`${server.url}/`);
  const saved = JSON.stringify({ access_token: "access-a", refresh_token: "refresh-a", device_token: "device-a" });
  await browser.run(one, `localStorage.setItem("chat-backend", ${JSON.stringify(saved)}); location.reload();`);
  const two = await browser.open(`${server.url}/`);
  for (const tab of [one, two])
    await browser.run(tab, "while (!window.chat?.session.signedIn) await new Promise((next) => setTimeout(next, 20));");
  return { server, browser, one, two };
}

test("two tabs renew their tokens once, and a sign-out in one reaches the other", async (t) => {
  const { server, browser, one, two } = await tabs(t);
  server.on("GET /user/me", (response, call) =>
    (call.headers.authorization === "Bearer access-b" ? json(200, { id: "u1" }) : problem(401, "unauthenticated"))(
      response,
      call,
    ),
  );
  // Both tabs want to renew before one of them can.
  server.on("POST /auth/refresh", async (response, call) => {
    while (server.to("/user/me").length < 6) await new Promise((next) => setTimeout(next, 5));
    setTimeout(() => json(200, tokens("b"))(response, call), 500);
  });
  server.on("POST /auth/logout.*", (response) => response.writeHead(204).end());
  const ask = "window.asked = Promise.all([1, 2, 3].map(() => unwrap(chat.api.GET('/user/me'))));";

  for (const tab of [one, two]) await browser.run(tab, ask);
  for (const tab of [one, two]) assert.equal(await browser.run(tab, "return (await window.asked).length"), 3);

  assert.equal(server.to("/auth/refresh").length, 1);
  assert.equal(server.to("/user/me").filter((call) => call.headers.authorization === "Bearer access-a").length, 6);
  await browser.run(two, "window.seen = new Promise((told) => chat.session.onChange(told));");
  await browser.run(one, "await chat.session.signOut();");
  assert.equal(await browser.run(two, "return await window.seen"), false);
  assert.equal(await browser.run(two, "return localStorage.getItem('chat-backend')"), '{"device_token":"device-b"}');
});

test("storage that is cleared, or cannot be read, is nobody's session", async (t) => {
  const { browser, one, two } = await tabs(t);

  await browser.run(two, "window.seen = new Promise((told) => chat.session.onChange(told));");
  await browser.run(one, "localStorage.clear();");
  assert.equal(await browser.run(two, "return await window.seen"), false);
  await browser.run(one, "localStorage.setItem('chat-backend', '{'); location.reload();");
  assert.equal(
    await browser.run(
      one,
      "while (!window.chat) await new Promise((next) => setTimeout(next, 20)); return chat.session.signedIn",
    ),
    false,
  );
});

test("a browser follows a reply through a lost connection", async (t) => {
  const { server, browser, one } = await tabs(t);
  const first = events(
    [
      ["snapshot", { attempt: 1, state: "generating", content: "Tea" }, "1-1"],
      ["delta", { content: " is" }, "1-2"],
    ],
    "cut",
  );
  server.on(
    `GET /stream${READ}/events`,
    first,
    events([
      ["delta", { content: " good" }, "1-3"],
      ["done", reply("completed", "Tea is good.")],
    ]),
  );

  const target = JSON.stringify({ room: ROOM, reply: REPLY, events_url: `${server.url}/stream${READ}/events` });
  const seen = await browser.run(
    one,
    `
    const seen = [];
    for await (const event of chat.follow(${target})) seen.push(event.type === "done" ? event.message.content : event.content);
    return seen;`,
  );

  assert.deepEqual(seen, ["Tea", " is", " good", "Tea is good."]);
  assert.deepEqual(
    server.to(`/stream${READ}/events`).map((call) => call.headers["last-event-id"]),
    [undefined, "1-2"],
  );
});
