/** Who is signed in: tokens are sent, and renewed once for everybody who needs it. */

import createClient, { type Client } from "openapi-fetch";
import { ProblemError } from "./problem.js";
import { type Limits, sleep } from "./retry.js";
import type { components, paths } from "./schema.js";
import type { Tokens, TokenStore } from "./tokens.js";

type Http = (request: Request) => Promise<Response>;

/** Operations without a session, and those of them that take a device token. */
const OPEN = /^\/auth\/(signup|refresh|send-otp|verify-otp|forgot-password|login)$/;
const DEVICE = /^\/auth\/(send-otp|verify-otp|forgot-password|login)$/;
/** An access token is renewed so many milliseconds before its end. */
const EARLY = 10_000;
/** What calls are refused with that go on when their session ends. */
const ENDED = {
  type: "about:blank",
  title: "The session has ended.",
  detail: "The session has ended.",
  status: 401,
  code: "unauthenticated",
  request_id: "",
};
/** How many milliseconds another tab's tokens may take to arrive. */
const LAG = 1000;

/** Sends requests with the session's token. Sign-ins, refreshes and sign-outs that pass through change the session. */
export class Session {
  readonly api: Client<paths>;
  /** Resolves when the store was read. */
  readonly ready: Promise<void>;
  readonly #open: Client<paths>;
  readonly #listeners = new Set<(signedIn: boolean) => void>();
  #user: string | undefined;
  #person = new AbortController();
  #renewing: Promise<string | undefined> | undefined;

  constructor(
    private readonly base: string,
    private readonly store: TokenStore,
    private readonly http: Http,
    private readonly limits: Limits,
  ) {
    this.api = createClient<paths>({ baseUrl: base, fetch: (request) => this.#fetch(request) });
    this.#open = createClient<paths>({ baseUrl: base, fetch: http });
    this.ready = this.#load().then(() => undefined);
    // A store that fails is told to whoever waits, and to every request.
    this.ready.catch(() => undefined);
    store.subscribe?.(() => void this.#load().catch(() => undefined));
  }

  /** The id of who is signed in, as far as the tokens tell: `unknown` if the store does not keep it. */
  get user(): string | undefined {
    return this.#user;
  }

  /** Whether somebody is signed in. */
  get signedIn(): boolean {
    return this.#user !== undefined;
  }

  /** Aborts when who is signed in no longer is, or when another person is in their place. */
  get signal(): AbortSignal {
    return this.#person.signal;
  }

  /** Calls `listener` when somebody signs in or out, here or in another tab; returns what ends that. */
  onChange(listener: (signedIn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Signs out, here in any case; rejects if the API could not be told. */
  async signOut({ everywhere = false } = {}): Promise<void> {
    const signal = AbortSignal.timeout(this.limits.answer);
    const told = this.api.POST("/auth/logout", { params: { query: { everywhere } }, signal });
    const { response, error } = await told.finally(() => this.#forget());
    if (!response.ok && response.status !== 401) throw new ProblemError(response, error);
  }

  async #fetch(request: Request): Promise<Response> {
    const path = request.url.slice(this.base.length).replace(/\?.*/, "");
    const open = OPEN.test(path);
    const asked = this.#user;
    const tokens = await this.#load();
    const person = this.signal;
    if (DEVICE.test(path) && tokens.device_token) {
      const body = { device_token: tokens.device_token, ...(await request.clone().json()) };
      request = new Request(request, { body: JSON.stringify(body) });
    }
    // What one person asked for is not done as another one: the API refuses it.
    const bare = open || (asked ?? this.#user) !== this.#user || request.headers.has("authorization");
    const response = bare ? await this.http(request) : await this.#authorized(request, tokens);
    const answer = open && response.ok ? await response.clone().json() : {};
    if (answer.refresh_token) await this.#save(kept(answer, tokens.user_id));
    const ended = path === "/auth/logout" || (path === "/user/me" && request.method === "DELETE");
    if (ended && response.ok) await this.#forget();
    // Nor is its answer given to whoever is there now.
    if (!open && !ended && response.ok) person.throwIfAborted();
    return response;
  }

  async #authorized(request: Request, { access_token, expires_at = Infinity }: Tokens): Promise<Response> {
    const user = this.#user;
    const again = request.clone();
    const token = expires_at > Date.now() + EARLY ? access_token : await this.#renew(access_token, user);
    const response = await this.http(withToken(request, token));
    // Other refusals with this status are about a password or a code.
    const refused = response.status === 401 && token && (await response.clone().text()).includes('"unauthenticated"');
    const renewed = refused ? await this.#renew(token, user) : undefined;
    return renewed ? this.http(withToken(again, renewed)) : response;
  }

  /** Returns a newer token than `stale`, or nothing if the session of `user` is over. Throws what refuses it for now. */
  async #renew(stale: string | undefined, user: string | undefined): Promise<string | undefined> {
    this.#renewing ??= this.#inTurn(stale).finally(() => (this.#renewing = undefined));
    const token = await this.#renewing;
    return this.#user === user ? token : undefined;
  }

  /** One tab at a time renews; the others find its tokens in the store. */
  async #inTurn(stale: string | undefined): Promise<string | undefined> {
    const locks = globalThis.navigator?.locks;
    if (!locks) return this.#refresh(stale);
    const name = `chat-backend ${this.base}`;
    const work = async (lock: Lock | null) => lock && { token: await this.#refresh(stale) };
    const first = await locks.request(name, { ifAvailable: true }, work);
    if (first) return first.token;
    return locks.request(name, async () => {
      // What the other tab stored may arrive a moment after its turn.
      for (let n = 0; n < 20 && (await this.#load()).access_token === stale; n += 1) await sleep(LAG / 20);
      return this.#refresh(stale);
    });
  }

  async #refresh(stale: string | undefined): Promise<string | undefined> {
    const { access_token, refresh_token, user_id } = await this.#load();
    if (!refresh_token || access_token !== stale) return access_token;
    // All requests of all tabs wait for this one.
    const signal = AbortSignal.timeout(this.limits.answer);
    const { data, error, response } = await this.#open.POST("/auth/refresh", { body: { refresh_token }, signal });
    // Whoever signed in or out meanwhile is not undone.
    const now = await this.#load();
    if (now.refresh_token !== refresh_token) return now.access_token;
    if (!data && response.status !== 401) throw new ProblemError(response, error);
    await (data ? this.#save(kept(data, user_id)) : this.#forget());
    return data?.access_token;
  }

  /** What a store returns without a promise is known at once. */
  async #load(): Promise<Tokens> {
    const tokens = this.store.get();
    return this.#learn(tokens instanceof Promise ? await tokens : tokens);
  }

  async #save(tokens: Tokens): Promise<void> {
    await this.store.set(tokens);
    this.#learn(tokens);
  }

  /** The device token stays: it eases the next sign-in. */
  async #forget(): Promise<void> {
    await this.#save({ device_token: (await this.#load()).device_token });
  }

  #learn(tokens: Tokens = {}): Tokens {
    const user = tokens.refresh_token && (tokens.user_id ?? "unknown");
    // Where another person signed in, the one before is gone first.
    const steps = user === this.#user ? [] : this.#user && user ? [undefined, user] : [user];
    for (const step of steps) {
      const left = this.#user ? this.#person : undefined;
      if (left) this.#person = new AbortController();
      this.#user = step;
      left?.abort(new ProblemError(new Response(null, { status: 401 }), ENDED));
      for (const listener of this.#listeners) listener(step !== undefined);
    }
    return tokens;
  }
}

/** What is kept of an answer with tokens. A refresh does not say whose they are. */
function kept(answer: components["schemas"]["Verified"] | components["schemas"]["TokenSet"], user?: string): Tokens {
  const { access_token, refresh_token, device_token, expires_in } = answer;
  const user_id = ("user" in answer && answer.user?.id) || user;
  return { access_token, refresh_token, device_token, expires_at: Date.now() + expires_in * 1000, user_id };
}

function withToken(request: Request, token: string | undefined): Request {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}
