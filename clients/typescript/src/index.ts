/** The client of the chat backend: `createChatClient({ baseUrl })`. */

import createClient, { type Client } from "openapi-fetch";
import { follow, type ReplyEvent, type Target } from "./follow.js";
import { ProblemError, unwrap } from "./problem.js";
import { LIMITS, type Limits, persist } from "./retry.js";
import type { components, paths } from "./schema.js";
import { Session } from "./session.js";
import { memoryTokens, type TokenStore } from "./tokens.js";

export type { components, paths } from "./schema.js";
export { LIMITS, type Limits } from "./retry.js";
export { type Code, ProblemError, unwrap } from "./problem.js";
export type { ReplyEvent, Target } from "./follow.js";
export { browserTokens, memoryTokens, type Tokens, type TokenStore } from "./tokens.js";

/** A message or a reply. */
export type Message = components["schemas"]["Message"];
/** A message that was accepted, and where to follow its reply. */
export type Accepted = components["schemas"]["Accepted"] & { room: string; events_url?: string };

export interface Options {
  /** The API's address, such as `https://api.example.org/v1`. */
  baseUrl: string;
  /** Where tokens are kept; in memory, unless it is given. */
  tokens?: TokenStore;
  /** Sends the requests, instead of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
  limits?: Partial<Limits>;
}

export interface ChatClient {
  /** Every operation of the API, typed. A sign-in, a refresh or a sign-out through it changes the session. */
  api: Client<paths>;
  session: {
    /** Whether somebody is signed in, as far as the tokens tell. */
    readonly signedIn: boolean;
    /** Resolves when a store that takes its time was read. */
    readonly ready: Promise<void>;
    /** Calls `listener` when somebody signs in or out, here or in another tab; returns what ends that. */
    onChange(listener: (signedIn: boolean) => void): () => void;
    /** Signs out, here in any case; rejects if the API could not be told. */
    signOut(options?: { everywhere?: boolean }): Promise<void>;
  };
  /** Sends a message. Repeated until it is accepted or refused for good; it is stored once, whatever gets lost. */
  send(room: string, content: string, options?: { key?: string; signal?: AbortSignal }): Promise<Accepted>;
  /** Makes another reply to a message, which is named by its id or a reply's. Not repeated when the answer is lost. */
  regenerate(room: string, message: string, options?: { signal?: AbortSignal }): Promise<Accepted>;
  /** Follows a reply until `done`; break out of the loop, or abort, to stop following. */
  follow(target: Target, options?: { signal?: AbortSignal }): AsyncIterable<ReplyEvent>;
  /** Stops a reply; returns it as it is then. */
  cancel(target: Target, options?: { signal?: AbortSignal }): Promise<Message>;
}

/** Makes a client. */
export function createChatClient(options: Options): ChatClient {
  const base = new URL(options.baseUrl, globalThis.location?.href).href.replace(/\/+$/, "");
  const limits = { ...LIMITS, ...options.limits };
  const http = options.fetch ?? ((request: Request) => fetch(request));
  const session = new Session(options.tokens ?? memoryTokens(), base, http);
  const send = (request: Request) => session.send(request);
  const api = createClient<paths>({ baseUrl: base, fetch: send });
  const door = { call: (path: string, init: RequestInit) => send(new Request(base + path, init)), http, limits };
  return {
    api,
    session: {
      get signedIn() {
        return session.signedIn;
      },
      ready: session.ready,
      onChange: (listener) => session.onChange(listener),
      async signOut({ everywhere } = {}) {
        try {
          await unwrap(api.POST("/auth/logout", { params: { query: { everywhere } } }));
        } catch (error) {
          if (!(error instanceof ProblemError && error.status === 401)) throw error;
        } finally {
          await session.forget();
        }
      },
    },
    async send(room, content, { key = newKey(), signal } = {}) {
      const params = { path: { chatroom: room }, header: { "Idempotency-Key": key } };
      const post = () => unwrap(api.POST("/chatroom/{chatroom}/message", { params, body: { content }, signal }));
      return { ...(await persist(post, limits, signal)), room };
    },
    async regenerate(room, message, { signal } = {}) {
      const params = { path: { chatroom: room, message } };
      const post = () => unwrap(api.POST("/chatroom/{chatroom}/message/{message}/regenerate", { params, signal }));
      return { ...(await persist(post, limits, signal, "refused")), room };
    },
    follow: (target, { signal } = {}) => follow(door, target, signal),
    cancel({ room, reply }, { signal } = {}) {
      const params = { path: { chatroom: room, message: typeof reply === "string" ? reply : reply.id } };
      const post = () => unwrap(api.POST("/chatroom/{chatroom}/message/{message}/cancel", { params, signal }));
      return persist(post, limits, signal);
    },
  };
}

/** A random key; `crypto.randomUUID` is missing on pages without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
