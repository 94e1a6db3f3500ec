import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createChatClient,
  memoryTokens,
  ProblemError,
  type Tokens,
  type TokenStore,
  unwrap,
} from "chat-backend-client";
import { accepted, broken, events, gate, json, problem, ROOM, SEND, Server, tokens } from "./server.js";

const ME = { id: "u1", mobile: "+14155550100" };
/** The API accepts the tokens of `name` alone. */
const me = (name: string) => (response: any, call: any) =>
  (call.headers.authorization === `Bearer access-${name}` ? json(200, ME) : problem(401, "unauthenticated"))(
    response,
    call,
  );
const saved = (name: string, expires_at = Date.now() + 3_600_000): Tokens => {
  const { access_token, refresh_token, device_token } = tokens(name);
  return { access_token, refresh_token, device_token, expires_at };
};

test("a sign-in through the api opens the session, and a sign-out ends it but for the device token", async (t) => {
  const server = await Server.start(t);
  server.on("POST /auth/verify-otp", json(200, { ...tokens("a"), user: ME }));
  server.on("GET /user/me", me("a"));
  server.on("POST /auth/logout.*", (response) => response.writeHead(204).end());
  server.on("POST /auth/send-otp", json(202, { challenge_id: "c1", expires_at: "", resend_after: 30 }));
  const store = memoryTokens();
  const client = createChatClient({ baseUrl: `${server.url}/`, tokens: store });
  const seen: boolean[] = [];
  client.session.onChange((signedIn) => seen.push(signedIn));

  await client.api.POST("/auth/verify-otp", { body: { challenge_id: "c1", otp: "123456" } });
  assert.equal((await unwrap(client.api.GET("/user/me"))).id, "u1");
  assert.equal(client.session.signedIn, true);
  await client.session.signOut();

  assert.equal(client.session.signedIn, false);
  assert.deepEqual(seen, [true, false]);
  assert.deepEqual({ ...store.get() }, { device_token: "device-a" });
  await client.api.POST("/auth/send-otp", { body: { mobile: "+14155550100" } });
  const asked = server.to("/auth/send-otp")[0];
  assert.deepEqual(asked?.body, { device_token: "device-a", mobile: "+14155550100" });
  assert.equal(asked?.headers.authorization, undefined);
});

test("many requests with an expired token renew it once, and all succeed", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b")).on("POST /auth/refresh", json(200, tokens("b")));
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")) });

  const all = await Promise.all(Array.from({ length: 20 }, () => unwrap(client.api.GET("/user/me"))));

  assert.equal(all.length, 20);
  assert.equal(server.to("/auth/refresh").length, 1);
  assert.deepEqual(server.to("/auth/refresh")[0]?.body, { refresh_token: "refresh-a" });
  assert.equal(server.to("/user/me").length, 40);
});

test("a token at its end is renewed before it is sent", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b")).on("POST /auth/refresh", json(200, tokens("b")));
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a", Date.now() + 1000)) });

  await unwrap(client.api.GET("/user/me"));

  assert.deepEqual(
    server.calls.map((call) => call.path),
    ["/auth/refresh", "/user/me"],
  );
});

test("a renewal that hangs is given up, and the next request begins another one", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b")).on("POST /auth/refresh", () => undefined, json(200, tokens("b")));
  const client = createChatClient({
    baseUrl: server.url,
    tokens: memoryTokens(saved("a", 0)),
    limits: { answer: 50 },
  });

  await assert.rejects(unwrap(client.api.GET("/user/me")), { name: "TimeoutError" });
  assert.equal((await unwrap(client.api.GET("/user/me"))).id, "u1");

  assert.deepEqual(
    server.calls.map((call) => call.path),
    ["/auth/refresh", "/auth/refresh", "/user/me"],
  );
});

test("a sign-out that hangs is given up, and signs out here", async (t) => {
  const server = await Server.start(t);
  server.on("POST /auth/logout.*", () => undefined);
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")), limits: { answer: 50 } });
  await client.session.ready;

  await assert.rejects(client.session.signOut(), { name: "TimeoutError" });

  assert.equal(client.session.signedIn, false);
});

test("a request with a body is repeated whole after the renewal", async (t) => {
  const server = await Server.start(t);
  const create = (response: any, call: any) =>
    (call.headers.authorization === "Bearer access-b" ? json(201, { id: "r1" }) : problem(401, "unauthenticated"))(
      response,
      call,
    );
  server.on("POST /chatroom", create).on("POST /auth/refresh", json(200, tokens("b")));
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")) });

  await unwrap(client.api.POST("/chatroom", { body: { title: "Tea" } }));

  assert.deepEqual(
    server.to("/chatroom").map((call) => call.body),
    [{ title: "Tea" }, { title: "Tea" }],
  );
});

test("tokens that another tab renewed are taken over", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b"));
  let current = saved("a");
  // The other tab writes while our request is on its way.
  const store: TokenStore = { get: async () => current, set: (next) => void (current = next) };
  server.on(
    "GET /user/me",
    (response, call) => ((current = saved("b")), problem(401, "unauthenticated")(response, call)),
    me("b"),
  );
  const client = createChatClient({ baseUrl: server.url, tokens: store });
  await client.session.ready;
  assert.equal(client.session.signedIn, true);

  await unwrap(client.api.GET("/user/me"));

  assert.equal(server.to("/auth/refresh").length, 0);
});

/** The browser's locks, as far as the client uses them. */
function locks(): { request: (...args: any[]) => Promise<unknown> } {
  let held = 0;
  let last: Promise<unknown> = Promise.resolve();
  const request = (_name: string, ...rest: any[]) => {
    const work = rest.pop();
    if (rest[0]?.ifAvailable && held > 0) return Promise.resolve(work(null));
    held += 1;
    const mine = last.then(() => work({})).finally(() => (held -= 1));
    last = mine.catch(() => undefined);
    return mine;
  };
  return { request };
}

test("clients that share a store and the browser's locks renew once, though the store lags", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b")).on("POST /auth/refresh", json(200, tokens("b")));
  Object.defineProperty(globalThis, "navigator", { value: { locks: locks() }, configurable: true });
  t.after(() => Reflect.deleteProperty(globalThis, "navigator"));
  let current = saved("a");
  // A tab sees what it wrote itself at once, and what the others wrote a little later.
  const tab = () => {
    let own: Tokens | undefined;
    const set = (next: Tokens) => ((own = next), void setTimeout(() => (current = next), 200));
    return createChatClient({ baseUrl: server.url, tokens: { get: () => own ?? current, set } });
  };

  await Promise.all([tab(), tab(), tab()].map((client) => unwrap(client.api.GET("/user/me"))));

  assert.equal(server.to("/auth/refresh").length, 1);
});

test("a tab whose turn comes after a failed renewal renews itself", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b")).on("POST /auth/refresh", broken, json(200, tokens("b")));
  Object.defineProperty(globalThis, "navigator", { value: { locks: locks() }, configurable: true });
  t.after(() => Reflect.deleteProperty(globalThis, "navigator"));
  const store = memoryTokens(saved("a"));
  const [one, two] = [1, 2].map(() => createChatClient({ baseUrl: server.url, tokens: store }));

  const outcomes = await Promise.allSettled([one, two].map((client) => unwrap(client!.api.GET("/user/me"))));

  assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), ["fulfilled", "rejected"]);
  assert.equal(server.to("/auth/refresh").length, 2);
});

test("a refresh token that is refused ends the session", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b")).on("POST /auth/refresh", problem(401, "refresh_invalid"));
  const store = memoryTokens(saved("a"));
  const client = createChatClient({ baseUrl: server.url, tokens: store });
  const seen: boolean[] = [];
  client.session.onChange((signedIn) => seen.push(signedIn));

  await assert.rejects(unwrap(client.api.GET("/user/me")), { code: "unauthenticated", status: 401 });

  assert.deepEqual(seen, [false]);
  assert.deepEqual({ ...store.get() }, { device_token: "device-a" });
});

test("a refresh that fails for now keeps the session, and says why", async (t) => {
  const server = await Server.start(t);
  server.on("GET /user/me", me("b"));
  server.on(
    "POST /auth/refresh",
    problem(503, "unavailable", {}, { "retry-after": "3" }),
    broken,
    json(200, tokens("b")),
  );
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")) });

  await assert.rejects(unwrap(client.api.GET("/user/me")), { code: "unavailable", retryAfter: 3 });
  await assert.rejects(unwrap(client.api.GET("/user/me")), TypeError);
  assert.equal(client.session.signedIn, true);
  await unwrap(client.api.GET("/user/me"));

  assert.deepEqual(
    server.to("/auth/refresh").map((call) => call.body.refresh_token),
    Array(3).fill("refresh-a"),
  );
});

test("a renewal does not undo a sign-out that came meanwhile", async (t) => {
  const server = await Server.start(t);
  const refreshed = gate();
  server.on("GET /user/me", me("b"));
  server.on(
    "POST /auth/refresh",
    async (response, call) => (await refreshed.opened, json(200, tokens("b"))(response, call)),
  );
  const store = memoryTokens(saved("a"));
  const client = createChatClient({ baseUrl: server.url, tokens: store });

  const asked = client.api.GET("/user/me");
  while (server.to("/auth/refresh").length === 0) await new Promise((next) => setTimeout(next, 5));
  await store.set({});
  refreshed.open();

  assert.equal((await asked).response.status, 401);
  assert.deepEqual(store.get(), {});
});

/** A store in which the test writes as another tab does; `wake` tells of it, as a browser does when the tab is seen again. */
function shared(tokens: Tokens): TokenStore & { current: Tokens; wake(): void } {
  let changed = () => {};
  return {
    current: tokens,
    get() {
      return this.current;
    },
    set(next) {
      this.current = next;
    },
    subscribe: (listener) => void (changed = listener),
    wake: () => changed(),
  };
}

test("when another person signed in elsewhere, the one before is signed out first", async (t) => {
  const server = await Server.start(t);
  const store = shared({ ...saved("a"), user_id: "u1" });
  const { session } = createChatClient({ baseUrl: server.url, tokens: store });
  const seen: boolean[] = [];
  session.onChange((signedIn) => seen.push(signedIn === session.signedIn && signedIn));
  assert.equal(session.signedIn, true);

  store.current = { ...saved("b"), user_id: "u1" };
  store.wake();
  await session.ready;
  assert.deepEqual(seen, []);
  store.current = { ...saved("c"), user_id: "u2" };
  store.wake();

  assert.deepEqual(seen, [false, true]);
});

test("what one person asked for is not done as another one who signed in meanwhile", async (t) => {
  const server = await Server.start(t);
  server.on("PATCH /user/me", problem(401, "unauthenticated")).on("POST /auth/refresh", json(200, tokens("d")));
  const store = shared({ ...saved("a"), user_id: "u1" });
  const client = createChatClient({ baseUrl: server.url, tokens: store });
  const rename = () => unwrap(client.api.PATCH("/user/me", { body: { name: "Ada" } }));

  store.current = { ...saved("b"), user_id: "u2" };
  await assert.rejects(rename(), { code: "unauthenticated" });
  // The other one signs in while the request is on its way.
  server.on("PATCH /user/me", (response, call) => {
    store.current = { ...saved("c"), user_id: "u3" };
    problem(401, "unauthenticated")(response, call);
  });
  await assert.rejects(rename(), { code: "unauthenticated" });

  assert.deepEqual(
    server.calls.map((call) => call.headers.authorization),
    [undefined, "Bearer access-b"],
  );
  assert.equal(store.current.access_token, "access-c");
});

test("what is repeated is not sent again as the next person, whether the tab is told of them or not", async (t) => {
  for (const told of [true, false]) {
    const server = await Server.start(t);
    const store = shared({ ...saved("a"), user_id: "u1" });
    const client = createChatClient({ baseUrl: server.url, tokens: store, limits: { firstPause: 100 } });
    server.on(
      SEND,
      (response, call) => {
        store.current = { ...saved("b"), user_id: "u2" };
        if (told) store.wake();
        broken(response, call);
      },
      json(202, accepted()),
    );

    await assert.rejects(client.send(ROOM, "a secret"), { name: "ProblemError", code: "unauthenticated" });
    assert.equal(server.calls.length, 1);
    assert.equal(client.session.user, "u2");
    await client.send(ROOM, "hi");

    assert.deepEqual(
      server.calls.map(({ body, headers }) => [body.content, headers.authorization]),
      [
        ["a secret", "Bearer access-a"],
        ["hi", "Bearer access-b"],
      ],
    );
  }
});

test("an answer for a person who has left meanwhile is given to nobody", async (t) => {
  const server = await Server.start(t);
  const store = shared({ ...saved("a"), user_id: "u1" });
  const client = createChatClient({ baseUrl: server.url, tokens: store });
  server.on("POST /chatroom", (response, call) => {
    store.current = { ...saved("b"), user_id: "u2" };
    store.wake();
    json(201, { id: ROOM, title: "a secret" })(response, call);
  });

  const asked = client.api.POST("/chatroom", { body: { title: "a secret" } });
  await assert.rejects(asked, { name: "ProblemError", code: "unauthenticated" });
  assert.equal(client.session.user, "u2");
});

test("a following ends with its session, and a send goes on through the first look into the store", async (t) => {
  const server = await Server.start(t);
  server.on(SEND, broken, json(202, accepted(`${server.url}/stream`)));
  server.on("GET /stream", events([["snapshot", { attempt: 1, state: "generating", content: "Te" }]], "stay"));
  server.on("POST /auth/logout.*", (response) => response.writeHead(204).end());
  const store = memoryTokens(saved("a"));
  const slow = { set: store.set, get: async () => (await new Promise((next) => setTimeout(next, 20)), store.get()) };
  const client = createChatClient({ baseUrl: server.url, tokens: slow, limits: { firstPause: 5 } });

  const target = await client.send(ROOM, "hi");
  const following = client.follow(target)[Symbol.asyncIterator]();
  assert.equal((await following.next()).value.content, "Te");
  const ended = assert.rejects(following.next(), { code: "unauthenticated" });
  await client.session.signOut();

  await ended;
});

test("a renewal keeps whose session it is", async (t) => {
  const server = await Server.start(t);
  server
    .on("POST /auth/login", json(200, { ...tokens("a"), user: ME }))
    .on("POST /auth/refresh", json(200, tokens("b")));
  server.on("GET /user/me", me("b"));
  const store = shared({});
  const client = createChatClient({ baseUrl: server.url, tokens: store });
  const seen: boolean[] = [];
  client.session.onChange((signedIn) => seen.push(signedIn));

  await unwrap(client.api.POST("/auth/login", { body: { mobile: ME.mobile, password: "p" } }));
  assert.equal(store.current.user_id, "u1");
  await unwrap(client.api.GET("/user/me"));

  assert.deepEqual([store.current.user_id, store.current.access_token], ["u1", "access-b"]);
  assert.deepEqual(seen, [true]);
});

test("a store that fails is told to whoever waits for it, and to requests", async (t) => {
  const server = await Server.start(t);
  const failing: TokenStore = { get: () => Promise.reject(new Error("locked")), set: () => undefined };
  const client = createChatClient({ baseUrl: server.url, tokens: failing });

  await new Promise((next) => setTimeout(next, 10));

  await assert.rejects(client.session.ready, /locked/);
  await assert.rejects(client.api.GET("/user/me"), /locked/);
  assert.equal(server.calls.length, 0);
});

test("other refusals with status 401, and a request's own token, renew nothing", async (t) => {
  const server = await Server.start(t);
  server.on("POST /auth/change-password", problem(401, "credentials_invalid"));
  server.on("GET /user/me", problem(401, "unauthenticated"));
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")) });

  const changed = client.api.POST("/auth/change-password", { body: { new_password: "n", current_password: "c" } });
  await assert.rejects(unwrap(changed), { code: "credentials_invalid" });
  await client.api.GET("/user/me", { headers: { authorization: "Bearer reset" } });

  assert.equal(server.to("/auth/change-password").length, 1);
  assert.equal(server.to("/user/me")[0]?.headers.authorization, "Bearer reset");
  assert.equal(server.to("/auth/refresh").length, 0);
});

test("a sign-out holds here even if the API cannot be told", async (t) => {
  const server = await Server.start(t);
  server.on("POST /auth/logout.*", broken);
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")) });

  await assert.rejects(client.session.signOut({ everywhere: true }), TypeError);

  assert.equal(client.session.signedIn, false);
  assert.equal(server.calls[0]?.path, "/auth/logout?everywhere=true");
});

test("a deleted account is signed out", async (t) => {
  const server = await Server.start(t);
  server.on("DELETE /user/me", (response) => response.writeHead(204).end());
  const client = createChatClient({ baseUrl: server.url, tokens: memoryTokens(saved("a")) });

  await unwrap(client.api.DELETE("/user/me"));

  assert.equal(client.session.signedIn, false);
});

test("a problem has the fields of its document, and a gateway's own answer has a code too", async (t) => {
  const server = await Server.start(t);
  const errors = [{ pointer: "/title", code: "invalid", detail: "It is too long." }];
  server.on(
    "POST /chatroom",
    problem(422, "validation_failed", { errors }),
    json(429, { message: "Too Many Requests" }),
  );
  const client = createChatClient({ baseUrl: server.url });

  const refused: unknown = await unwrap(client.api.POST("/chatroom", { body: {} })).catch((error) => error);
  assert(refused instanceof ProblemError);
  assert.deepEqual(
    [refused.code, refused.status, refused.detail, refused.request_id],
    ["validation_failed", 422, "It is validation_failed.", "r1"],
  );
  assert.deepEqual(refused.errors, errors);
  assert.equal(refused.retryAfter, undefined);
  await assert.rejects(unwrap(client.api.POST("/chatroom", { body: {} })), {
    code: "too_many_requests",
    message: "The API answered 429.",
  });
});
