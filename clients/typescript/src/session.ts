/** Tokens: kept, sent, and renewed once for everybody who needs it. */

import type { components } from "./schema.js";
import type { TokenStore, Tokens } from "./tokens.js";

/** Operations without a session. */
const OPEN = ["/auth/signup", "/auth/send-otp", "/auth/verify-otp", "/auth/forgot-password", "/auth/login", "/auth/refresh"];
/** Those of them that take a device token. */
const DEVICE = ["/auth/send-otp", "/auth/verify-otp", "/auth/forgot-password", "/auth/login"];
/** An access token is renewed so many milliseconds before its end. */
const EARLY = 10_000;

type Http = (request: Request) => Promise<Response>;

/** Sends requests with the session's token. Sign-ins, refreshes and sign-outs that pass through change the session. */
export class Session {
  #known = false;
  #renewing: Promise<string | Response | undefined> | undefined;
  readonly #listeners = new Set<(signedIn: boolean) => void>();
  /** Resolves when the store was read for the first time. */
  readonly ready: Promise<void>;

  constructor(
    private readonly store: TokenStore,
    private readonly base: string,
    private readonly http: Http,
  ) {
    const first = store.get();
    this.ready = first instanceof Promise ? first.then((tokens) => this.#learn(tokens)) : Promise.resolve(this.#learn(first));
    store.subscribe?.(() => void this.#load());
  }

  /** Whether somebody is signed in, as far as the tokens tell. */
  get signedIn(): boolean {
    return this.#known;
  }

  /** Calls `listener` when somebody signs in or out, here or in another tab; returns what ends that. */
  onChange(listener: (signedIn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets the session; the device token stays, since it eases the next sign-in. */
  async forget(device = false): Promise<void> {
    const kept = device ? undefined : (await this.store.get())?.device_token;
    await this.#save(kept ? { device_token: kept } : undefined);
  }

  /** Sends a request of the API, with the access token if it needs one. */
  async send(request: Request): Promise<Response> {
    const path = request.url.slice(this.base.length).split("?")[0] ?? "";
    const tokens = await this.#load();
    if (OPEN.includes(path)) return this.#open(request, path, tokens);
    if (!tokens?.refresh_token || request.headers.has("authorization")) return this.http(request);
    const response = await this.#authorized(request, tokens);
    if (response.ok && path === "/auth/logout") await this.forget();
    if (response.ok && path === "/user/me" && request.method === "DELETE") await this.forget(true);
    return response;
  }

  async #authorized(request: Request, tokens: Tokens): Promise<Response> {
    const again = request.clone();
    let token: string | Response | undefined = tokens.access_token;
    if (!token || (tokens.expires_at ?? Infinity) < Date.now() + EARLY) token = await this.#renew(token);
    if (token instanceof Response) return token.clone();
    const response = await this.http(withBearer(request, token));
    if (response.status !== 401 || !token || (await codeOf(response)) !== "unauthenticated") return response;
    const renewed = await this.#renew(token);
    if (renewed instanceof Response) return renewed.clone();
    return renewed ? this.http(withBearer(again, renewed)) : response;
  }

  async #open(request: Request, path: string, tokens: Tokens | undefined): Promise<Response> {
    if (tokens?.device_token && DEVICE.includes(path)) {
      const body = (await request.clone().json()) as object;
      request = new Request(request, { body: JSON.stringify({ device_token: tokens.device_token, ...body }) });
    }
    const response = await this.http(request);
    const answer = response.ok ? ((await response.clone().json()) as Partial<components["schemas"]["TokenSet"]>) : {};
    if (answer.refresh_token) await this.#save(kept(answer));
    return response;
  }

  /** Returns a token newer than `stale`; nothing if the session is over; a response that says why there is none now. */
  #renew(stale: string | undefined): Promise<string | Response | undefined> {
    this.#renewing ??= this.#locked(() => this.#refresh(stale)).finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** One tab at a time: the others find its tokens in the store. */
  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const locks = (globalThis.navigator as Navigator | undefined)?.locks;
    return locks ? await locks.request(`chat-backend ${this.base}`, work) : work();
  }

  async #refresh(stale: string | undefined): Promise<string | Response | undefined> {
    const tokens = await this.#load();
    if (!tokens?.refresh_token || (tokens.access_token && tokens.access_token !== stale)) return tokens?.access_token;
    const response = await this.http(
      new Request(`${this.base}/auth/refresh`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ refresh_token: tokens.refresh_token }),
      }),
    );
    const fresh = response.ok ? kept((await response.clone().json()) as components["schemas"]["TokenSet"]) : undefined;
    // Whoever signed out or in meanwhile is not undone.
    const current = await this.#load();
    if (current?.refresh_token !== tokens.refresh_token) return current?.access_token;
    if (fresh) await this.#save(fresh);
    else if (response.status === 401) await this.forget();
    else return response;
    return fresh?.access_token;
  }

  async #load(): Promise<Tokens | undefined> {
    const tokens = await this.store.get();
    this.#learn(tokens);
    return tokens;
  }

  async #save(tokens: Tokens | undefined): Promise<void> {
    await this.store.set(tokens);
    this.#learn(tokens);
  }

  #learn(tokens: Tokens | undefined): void {
    const signedIn = Boolean(tokens?.refresh_token);
    if (signedIn === this.#known) return;
    this.#known = signedIn;
    for (const listener of this.#listeners) listener(signedIn);
  }
}

function kept(answer: Partial<components["schemas"]["TokenSet"]>): Tokens {
  const { access_token, refresh_token, device_token, expires_in = 0 } = answer;
  return { access_token, refresh_token, device_token, expires_at: Date.now() + expires_in * 1000 };
}

function withBearer(request: Request, token: string | undefined): Request {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

async function codeOf(response: Response): Promise<unknown> {
  const problem = (await response.clone().json().catch(() => undefined)) as { code?: unknown } | undefined;
  return problem?.code;
}
