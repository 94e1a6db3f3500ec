/** Tokens: kept, sent, and renewed once for everybody who needs it. */

import { read } from "./problem.js";
import { sleep } from "./retry.js";
import type { components } from "./schema.js";

type TokenSet = components["schemas"]["TokenSet"];
type Renewed = string | Response | undefined;
type Http = (request: Request) => Promise<Response>;

/** What is kept of a sign-in; after a sign-out only the device token. Times are in milliseconds since 1970. */
export type Tokens = Partial<Pick<TokenSet, "access_token" | "refresh_token" | "device_token">> & {
  expires_at?: number;
};

/** Keeps the tokens. A store that several tabs share calls `changed` when another one wrote. */
export interface TokenStore {
  get(): Tokens | undefined | Promise<Tokens | undefined>;
  set(tokens: Tokens): void | Promise<void>;
  subscribe?(changed: () => void): void;
}

/** In memory: gone with the page or the process. */
export function memoryTokens(tokens?: Tokens): TokenStore {
  return { get: () => tokens, set: (next) => void (tokens = next) };
}

/** In the browser's localStorage: shared by the tabs of an origin, and readable by every script of it. */
export function browserTokens(key = "chat-backend"): TokenStore {
  return {
    get: () => parsed(localStorage.getItem(key)),
    set: (tokens) => localStorage.setItem(key, JSON.stringify(tokens)),
    subscribe: (changed) => addEventListener("storage", (event) => (event.key ?? key) === key && changed()),
  };
}

/** What cannot be read is as if nothing were kept. */
function parsed(text: string | null): Tokens {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** Operations without a session, and those of them that take a device token. */
const OPEN = /^\/auth\/(signup|refresh|send-otp|verify-otp|forgot-password|login)$/;
const DEVICE = /^\/auth\/(send-otp|verify-otp|forgot-password|login)$/;
/** An access token is renewed so many milliseconds before its end. */
const EARLY = 10_000;
/** How many milliseconds another tab's tokens may take to arrive. */
const LAG = 1000;

/** Sends requests with the session's token. Sign-ins, refreshes and sign-outs that pass through change the session. */
export class Session {
  #signedIn = false;
  #renewing: Promise<Renewed> | undefined;
  readonly #listeners = new Set<(signedIn: boolean) => void>();
  /** Resolves when a store that takes its time was read. */
  readonly ready: Promise<void>;

  constructor(
    private readonly base: string,
    private readonly store: TokenStore,
    private readonly http: Http,
  ) {
    const first = store.get();
    const learn = (tokens: Tokens = {}) => void this.#learn(tokens);
    this.ready = first instanceof Promise ? first.then(learn) : Promise.resolve(learn(first));
    // A store that fails is told to whoever waits, and to every request.
    this.ready.catch(() => undefined);
    store.subscribe?.(() => void this.#load());
  }

  /** Whether somebody is signed in, as far as the tokens tell. */
  get signedIn(): boolean {
    return this.#signedIn;
  }

  /** Calls `listener` when somebody signs in or out, here or in another tab; returns what ends that. */
  onChange(listener: (signedIn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Signs out, here in any case; rejects if the API could not be told. */
  async signOut({ everywhere = false } = {}): Promise<void> {
    const init = { method: "POST" };
    const told = this.fetch(new Request(`${this.base}/auth/logout?everywhere=${everywhere}`, init));
    const response = await told.finally(() => this.#forget());
    if (!response.ok && response.status !== 401) await read(response);
  }

  /** Sends a request of the API, with the access token if it needs one. */
  async fetch(request: Request): Promise<Response> {
    const path = request.url.slice(this.base.length).replace(/\?.*/, "");
    const open = OPEN.test(path);
    const tokens = await this.#load();
    if (DEVICE.test(path) && tokens.device_token) {
      const body = { device_token: tokens.device_token, ...(await request.clone().json()) };
      request = new Request(request, { body: JSON.stringify(body) });
    }
    const bare = open || !tokens.refresh_token || request.headers.has("authorization");
    const response = bare ? await this.http(request) : await this.#authorized(request, tokens);
    const answer: Partial<TokenSet> = open && response.ok ? await response.clone().json() : {};
    if (answer.refresh_token) await this.#save(kept(answer));
    const ended = path === "/auth/logout" || (path === "/user/me" && request.method === "DELETE");
    if (ended && response.ok) await this.#forget();
    return response;
  }

  async #authorized(request: Request, { access_token, expires_at = Infinity }: Tokens): Promise<Response> {
    const again = request.clone();
    const token = expires_at > Date.now() + EARLY ? access_token : await this.#renew(access_token);
    if (token instanceof Response) return token.clone();
    const response = await this.http(withToken(request, token));
    // Other refusals with this status are about a password or a code.
    const refused = response.status === 401 && token && (await response.clone().text()).includes('"unauthenticated"');
    const renewed = refused ? await this.#renew(token) : undefined;
    if (renewed instanceof Response) return renewed.clone();
    return renewed ? this.http(withToken(again, renewed)) : response;
  }

  /** Returns a newer token than `stale`, nothing if the session is over, or the response that refuses it for now. */
  #renew(stale: string | undefined): Promise<Renewed> {
    return (this.#renewing ??= this.#inTurn(stale).finally(() => (this.#renewing = undefined)));
  }

  /** One tab at a time renews; the others find its tokens in the store. */
  async #inTurn(stale: string | undefined): Promise<Renewed> {
    const name = `chat-backend ${this.base}`;
    const locks = globalThis.navigator?.locks;
    if (!locks) return this.#refresh(stale);
    const work = async (lock: Lock | null) => lock && { renewed: await this.#refresh(stale) };
    const first = await locks.request(name, { ifAvailable: true }, work);
    if (first) return first.renewed;
    return locks.request(name, async () => {
      // What the other tab stored may arrive a moment after its turn.
      for (let n = 0; n < 20 && (await this.#load()).access_token === stale; n += 1) await sleep(LAG / 20);
      return this.#refresh(stale);
    });
  }

  async #refresh(stale: string | undefined): Promise<Renewed> {
    const { access_token, refresh_token } = await this.#load();
    if (!refresh_token || access_token !== stale) return access_token;
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refresh_token }),
    };
    const response = await this.http(new Request(`${this.base}/auth/refresh`, init));
    const fresh = response.ok ? kept(await read<TokenSet>(response.clone())) : undefined;
    // Whoever signed in or out meanwhile is not undone.
    const now = await this.#load();
    if (now.refresh_token !== refresh_token) return now.access_token;
    if (!fresh && response.status !== 401) return response;
    await this.#save(fresh ?? { device_token: now.device_token });
    return fresh?.access_token;
  }

  async #load(): Promise<Tokens> {
    return this.#learn((await this.store.get()) ?? {});
  }

  async #save(tokens: Tokens): Promise<void> {
    await this.store.set(tokens);
    this.#learn(tokens);
  }

  /** The device token stays: it eases the next sign-in. */
  async #forget(): Promise<void> {
    await this.#save({ device_token: (await this.#load()).device_token });
  }

  #learn(tokens: Tokens): Tokens {
    const signedIn = Boolean(tokens.refresh_token);
    if (signedIn !== this.#signedIn) {
      this.#signedIn = signedIn;
      for (const listener of this.#listeners) listener(signedIn);
    }
    return tokens;
  }
}

function kept({ access_token, refresh_token, device_token, expires_in = 0 }: Partial<TokenSet>): Tokens {
  return { access_token, refresh_token, device_token, expires_at: Date.now() + expires_in * 1000 };
}

function withToken(request: Request, token: string | undefined): Request {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}
