// A server of a test's own: the API as far as a test needs it, and a network that fails on demand.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Call {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: any;
}

export type Answer = (response: ServerResponse, call: Call) => unknown;

/** Answers each call by the first rule that fits; several answers of one rule are given one after the other, the last for ever. */
export class Server {
  readonly calls: Call[] = [];
  readonly #rules: { method: string; path: RegExp; answers: Answer[] }[] = [];
  url = "";

  static async start(test: TestContext): Promise<Server> {
    const server = new Server();
    const http = createServer((request, response) => void server.#handle(request, response));
    await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
    server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    test.after(() => {
      http.closeAllConnections();
      http.close();
    });
    return server;
  }

  on(rule: string, ...answers: Answer[]): this {
    const [method = "", path = ""] = rule.split(" ");
    this.#rules.unshift({ method, path: new RegExp(`^${path}$`), answers });
    return this;
  }

  /** The calls of a path. */
  to(path: string): Call[] {
    return this.calls.filter((call) => new RegExp(`^${path}$`).test(call.path));
  }

  /** Waits until so many calls have come. */
  async reached(calls: number): Promise<void> {
    while (this.calls.length < calls) await new Promise((next) => setTimeout(next, 5));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const piece of request) text += piece;
    const { method = "", url = "", headers } = request;
    const call = { method, path: url, headers, body: text ? JSON.parse(text) : undefined };
    this.calls.push(call);
    const rule = this.#rules.find((rule) => rule.method === method && rule.path.test(url));
    if (!rule) return problem(404, "not_found")(response, call) as void;
    const answer = rule.answers.length > 1 ? rule.answers.shift() : rule.answers[0];
    await answer?.(response, call);
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

export const problem = (
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
): Answer =>
  json(
    status,
    { type: `/problems#${code}`, title: code, status, code, detail: `It is ${code}.`, request_id: "r1", ...more },
    headers,
  );

/** The connection breaks before an answer. */
export const broken: Answer = (response) => response.socket?.destroy();

/** A promise with its resolver. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

export const ROOM = "01a207af-2c01-7892-b48f-0824128b2f33";
export const ASKED = "01a207af-efbc-7953-9767-c9f81818e811";
export const REPLY = "01a207af-efbc-781e-ba38-5d940ed90475";
export const SEND = `POST /chatroom/${ROOM}/message`;
export const READ = `/chatroom/${ROOM}/message/${REPLY}`;

const MESSAGE = {
  in_reply_to: null,
  model: null,
  finish_reason: null,
  usage: null,
  error: null,
  created_at: "2026-11-23T12:00:00.000Z",
  completed_at: null,
};

/** A reply as the API returns it. */
export const reply = (state: string, content: string, more: object = {}) => ({
  ...MESSAGE,
  id: REPLY,
  role: "assistant",
  in_reply_to: ASKED,
  state,
  content,
  ...more,
});

/** What the 202 of a send holds. */
export const accepted = (events_url?: string) => ({
  message: { ...MESSAGE, id: ASKED, role: "user", content: "hi", state: "completed" },
  reply: reply("pending", ""),
  allowance: { limit: 5, used: 1, remaining: 4, resets_at: "2026-11-24T00:00:00.000Z" },
  ...(events_url ? { events_url } : {}),
});

export const tokens = (name: string, expires_in = 3600) => ({
  access_token: `access-${name}`,
  refresh_token: `refresh-${name}`,
  device_token: `device-${name}`,
  token_type: "Bearer",
  scope: "session",
  expires_in,
});

/** Events of a stream; `end` says whether the server closes after them, `cut` whether it breaks off. */
export const events =
  (list: [type: string, data: unknown, id?: string][], then: "end" | "cut" | "stay" = "end"): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("retry: 1000\n\n");
    for (const [type, data, id] of list)
      response.write(`${id ? `id: ${id}\n` : ""}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    if (then === "end") response.end();
    if (then === "cut") setTimeout(() => response.socket?.destroy(), 20);
  };
