/** Following a reply while it is written: by server-sent events, and by `wait` where there is no stream. */

import type { Client } from "openapi-fetch";
import { ProblemError, unwrap } from "./problem.js";
import { type Abortable, backoff, either, type Limits, persist, sleep } from "./retry.js";
import type { components, paths } from "./schema.js";
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

/** What following needs of the client. */
export type Door = { api: Client<paths>; http: (request: Request) => Promise<Response>; limits: Limits };

/** How a stream ended: with the reply, in time, by accident, without capacity, or there is none (any more). */
type End = "over" | "time" | "lost" | "full" | "none";
/** What was seen of the reply. */
type Place = { path: ReturnType<typeof pathOf>; url?: string; last: string; lost: number; shown?: string };

/** Follows a reply to its end, through lost connections. Throws what the API refuses, such as a foreign reply. */
export async function* follow(
  door: Door,
  target: Target,
  { signal }: Abortable = {},
): AsyncGenerator<ReplyEvent, void> {
  const { firstPause, lostStreams } = door.limits;
  const at: Place = { path: pathOf(target), url: target.events_url, last: "", lost: 0 };
  for (let end: End = "time"; ;) {
    // A door that is missing or refused is not tried again.
    if (end !== "none") end = yield* stream(door, at, signal);
    signal?.throwIfAborted();
    if (end === "over") return;
    if (end === "time") continue;
    if (end !== "none") {
      at.lost = end === "full" ? lostStreams : Math.min(at.lost + 1, lostStreams);
      await sleep(backoff(at.lost, door.limits), signal);
      if (at.lost < lostStreams) continue;
    }
    const next = Date.now() + 2 * firstPause;
    if (yield* wait(door, at, signal)) return;
    // The server returns early when more requests of the user wait than may.
    await sleep(next - Date.now(), signal);
  }
}

/** The ids of a reply, as its operations take them. */
export function pathOf({ room, reply }: Target): { chatroom: string; message: string } {
  return { chatroom: room, message: typeof reply === "string" ? reply : reply.id };
}

async function* stream(door: Door, at: Place, signal?: AbortSignal): AsyncGenerator<ReplyEvent, End> {
  const connection = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => connection.abort(), door.limits.silence);
  };
  const init = { signal: either(signal, connection.signal), params: { path: at.path } };
  try {
    alive();
    at.url ??= (await unwrap(door.api.POST("/chatroom/{chatroom}/message/{message}/events-ticket", init))).events_url;
    const headers = { accept: "text/event-stream", ...(at.last && { "last-event-id": at.last }) };
    const response = await door.http(new Request(at.url, { signal: init.signal, cache: "no-store", headers }));
    // A ticket that has expired is replaced.
    if (response.status === 401) {
      at.url = undefined;
      return "lost";
    }
    if (!response.ok) return failed(response.status);
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) return "none";
    for await (const { type, data, id } of serverEvents(response.body, alive)) {
      const event = JSON.parse(data);
      Object.assign(at, { last: id, lost: 0, shown: at.shown ?? "" });
      if (type === "closing" && event.reason === "time") return "time";
      if (type === "done") yield { type, message: event };
      if (type === "snapshot" || type === "delta" || type === "closing") yield { type, ...event };
      if (type === "done" || type === "closing") return event.reason === "replaced" ? "none" : "over";
    }
    return "lost";
  } catch (error) {
    return error instanceof ProblemError ? failed(error.status) : "lost";
  } finally {
    clearTimeout(timer);
    connection.abort();
  }
}

/** What a refusal means for the stream. */
function failed(status: number): End {
  if (status === 429) return "full";
  return status >= 500 ? "lost" : "none";
}

/** Reads the reply once, when it is final or the time is over; returns whether that was the end. */
async function* wait(door: Door, at: Place, signal?: AbortSignal): AsyncGenerator<ReplyEvent, boolean> {
  const params = { path: at.path, query: { wait: door.limits.wait } };
  const get = (signal: AbortSignal) => door.api.GET("/chatroom/{chatroom}/message/{message}", { params, signal });
  try {
    const message = await persist(get, door.limits, { signal });
    const { state, content } = message;
    if (state !== "pending" && state !== "generating") {
      yield { type: "done", message };
      return true;
    }
    // A row that is being written has no text yet: what a stream has shown of it stays.
    if (at.last === "" && at.shown !== state + content) yield { type: "snapshot", attempt: 0, state, content };
    at.shown = state + content;
    return false;
  } catch (error) {
    if (at.shown === undefined || !(error instanceof ProblemError) || error.status !== 404) throw error;
    yield { type: "closing", reason: "gone" };
    return true;
  }
}
