/** Following a reply while it is written: by server-sent events, and by `wait` where there is no stream. */

import { ProblemError, read } from "./problem.js";
import { backoff, either, type Limits, persist, sleep } from "./retry.js";
import type { components } from "./schema.js";
import { serverEvents } from "./sse.js";

type Message = components["schemas"]["Message"];

/** What happens to a reply: a snapshot replaces all text, a delta is appended, `done` has the final message.
 * `closing`, `replaced`: a newer stream of the user took its place, and only `done` follows; `gone`: it was deleted. */
export type ReplyEvent =
  | { type: "snapshot"; attempt: number; state: Message["state"]; content: string }
  | { type: "delta"; content: string }
  | { type: "done"; message: Message }
  | { type: "closing"; reason: "replaced" | "gone" };

/** Which reply: what `send` and `regenerate` return, or its ids; `events_url` is the stream's address, if known. */
export type Target = { room: string; reply: string | { id: string }; events_url?: string };

/** What following needs of the client: `call` sends to a path of the API with the session's token. */
export interface Door {
  call(path: string, init: RequestInit): Promise<Response>;
  http(request: Request): Promise<Response>;
  limits: Limits;
}

/** How a stream ended: with the reply, in time, by accident, or there is none (any more). */
type End = "over" | "time" | "lost" | "none";
type Place = { path: string; url: string | undefined; last: string; lost: number; seen: boolean; shown: string };

/** Follows a reply to its end, through lost connections. Throws what the API refuses, such as a foreign reply. */
export async function* follow(door: Door, target: Target, signal?: AbortSignal): AsyncGenerator<ReplyEvent, void> {
  const at: Place = { path: pathOf(target), url: target.events_url, last: "", lost: 0, seen: false, shown: "" };
  for (let streaming = true; ;) {
    const end: End = streaming ? yield* stream(door, at, signal) : "none";
    signal?.throwIfAborted();
    if (end === "over") return;
    if (end === "lost") at.lost += 1;
    if (end === "lost" && at.lost < door.limits.lostStreams) await sleep(backoff(at.lost, door.limits), signal);
    else if (end !== "time") {
      if (yield* wait(door, at, signal)) return;
      // The network may be back. A door that is missing or refused is not tried again.
      streaming = end === "lost";
    }
  }
}

/** The path of a reply. */
export function pathOf({ room, reply }: Target): string {
  const id = typeof reply === "string" ? reply : reply.id;
  return `/chatroom/${encodeURIComponent(room)}/message/${encodeURIComponent(id)}`;
}

async function* stream(door: Door, at: Place, signal?: AbortSignal): AsyncGenerator<ReplyEvent, End> {
  const connection = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => connection.abort(), door.limits.silence);
  };
  const init: RequestInit = { signal: either(signal, connection.signal), cache: "no-store" };
  try {
    alive();
    at.url ??= await address(door, at.path, init);
    const headers = { accept: "text/event-stream", ...(at.last && { "last-event-id": at.last }) };
    const response = await door.http(new Request(at.url, { ...init, headers }));
    // A ticket that has expired is replaced.
    if (response.status === 401) at.url = undefined;
    if (response.status === 401 || response.status >= 500) return "lost";
    const streams = response.ok && response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!streams || !response.body) return "none";
    for await (const { type, data, id } of serverEvents(response.body, alive)) {
      const event = JSON.parse(data);
      Object.assign(at, { last: id, lost: 0, seen: true });
      if (type === "closing" && event.reason === "time") return "time";
      if (type === "done") yield { type, message: event };
      if (type === "snapshot" || type === "delta" || type === "closing") yield { type, ...event };
      if (type === "done" || type === "closing") return event.reason === "replaced" ? "none" : "over";
    }
    return "lost";
  } catch (error) {
    return error instanceof ProblemError && error.status < 500 ? "none" : "lost";
  } finally {
    clearTimeout(timer);
    connection.abort();
  }
}

/** The address of a reply's stream, with a new ticket. */
async function address(door: Door, path: string, init: RequestInit): Promise<string> {
  const response = await door.call(`${path}/events-ticket`, { ...init, method: "POST" });
  return (await read<{ events_url: string }>(response)).events_url;
}

/** Reads the reply once, when it is final or the time is over; returns whether that was the end. */
async function* wait(door: Door, at: Place, signal?: AbortSignal): AsyncGenerator<ReplyEvent, boolean> {
  const next = Date.now() + 2 * door.limits.firstPause;
  const get = async (signal: AbortSignal) =>
    read<Message>(await door.call(`${at.path}?wait=${door.limits.wait}`, { signal }));
  try {
    const message = await persist(get, door.limits, { signal });
    const { state, content } = message;
    const final = state !== "pending" && state !== "generating";
    if (final) yield { type: "done", message };
    // A row that is being written has no text yet: what a stream has shown of it stays.
    else if (at.last === "" && at.shown !== state + content) yield { type: "snapshot", attempt: 0, state, content };
    Object.assign(at, { seen: true, shown: state + content });
    // The server returns early when more requests of the user wait than may.
    if (!final) await sleep(next - Date.now(), signal);
    return final;
  } catch (error) {
    if (!at.seen || !(error instanceof ProblemError) || error.status !== 404) throw error;
    yield { type: "closing", reason: "gone" };
    return true;
  }
}
