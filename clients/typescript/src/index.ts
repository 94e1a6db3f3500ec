/** The client of the chat backend: `createChatClient({ baseUrl })`. */

import type { Client } from "openapi-fetch";
import { type Door, follow, pathOf, type ReplyEvent, type Target } from "./follow.js";
import { type Abortable, either, LIMITS, type Limits, persist } from "./retry.js";
import type { components, paths } from "./schema.js";
import { Session } from "./session.js";
import { memoryTokens, type TokenStore } from "./tokens.js";

export type { ReplyEvent, Target } from "./follow.js";
export { type Code, ProblemError, unwrap } from "./problem.js";
export { LIMITS, type Limits } from "./retry.js";
export type { components, paths } from "./schema.js";
export type { Session } from "./session.js";
export { browserTokens, memoryTokens, type Tokens, type TokenStore } from "./tokens.js";

/** A message or a reply. */
export type Message = components["schemas"]["Message"];
type Answer = components["schemas"]["Accepted"];
/** A message that was accepted, and where its reply can be followed. */
export type Accepted = Answer & { room: string; events_url?: string };

export interface Options {
  /** The API's address, such as `https://api.example.org/v1`. */
  baseUrl: string;
  /** Where tokens are kept: in memory, unless it is given. */
  tokens?: TokenStore;
  /** Sends the requests instead of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
  limits?: Partial<Limits>;
}

/** Makes a client. */
export const createChatClient = (options: Options): ChatClient => new ChatClient(options);

/** The API, with what every app needs around it. */
export class ChatClient {
  /** Every operation of the API, typed. A sign-in, a refresh or a sign-out through it changes the session. */
  readonly api: Client<paths>;
  readonly session: Session;
  readonly #door: Door;

  constructor({ baseUrl, tokens = memoryTokens(), fetch: http = (request) => fetch(request), limits }: Options) {
    const base = new URL(baseUrl, globalThis.location?.href).href.replace(/\/+$/, "");
    const all = { ...LIMITS, ...limits };
    this.session = new Session(base, tokens, http, all);
    this.api = this.session.api;
    this.#door = { api: this.api, http, limits: all };
  }

  /** Sends a message. Repeated until it is accepted or refused for good; it is stored once, whatever gets lost. */
  async send(room: string, content: string, options: Abortable & { key?: string } = {}): Promise<Accepted> {
    const params = { path: { chatroom: room }, header: { "Idempotency-Key": options.key ?? newKey() } };
    const post = (signal: AbortSignal) =>
      this.api.POST("/chatroom/{chatroom}/message", { params, body: { content }, signal });
    // The streaming door answers the same operation by events.
    return { ...((await persist(post, this.#door.limits, this.#own(options))) as Answer), room };
  }

  /** Makes another reply to a message, which is named by its id or a reply's. Not repeated when an answer is lost. */
  async regenerate(room: string, message: string, options: Abortable = {}): Promise<Accepted> {
    const params = { path: { chatroom: room, message } };
    const post = (signal: AbortSignal) =>
      this.api.POST("/chatroom/{chatroom}/message/{message}/regenerate", { params, signal });
    return { ...(await persist(post, this.#door.limits, { ...this.#own(options), idempotent: false })), room };
  }

  /** Follows a reply until `done`; break out of the loop, or abort, to stop following. */
  follow(target: Target, options: Abortable = {}): AsyncIterable<ReplyEvent> {
    return follow(this.#door, target, this.#own(options));
  }

  /** Stops a reply; returns it as it is then. */
  cancel(target: Target, options: Abortable = {}): Promise<Message> {
    const params = { path: pathOf(target) };
    const post = (signal: AbortSignal) =>
      this.api.POST("/chatroom/{chatroom}/message/{message}/cancel", { params, signal });
    return persist(post, this.#door.limits, this.#own(options));
  }

  /** What a person began ends with their session: it never goes on as another one's. */
  #own<T extends Abortable>(options: T): T {
    return { ...options, signal: either(options.signal, this.session.signal) };
  }
}

/** A random key; `crypto.randomUUID` is missing on pages without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
