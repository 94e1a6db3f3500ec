/** Following a reply while it is written: by server-sent events, and by `wait` where there is no stream. */

import { ProblemError, unwrap } from "./problem.js";
import { backoff, type Limits, persist, sleep } from "./retry.js";
import type { components } from "./schema.js";
import { serverEvents } from "./sse.js";

type Schemas = components["schemas"];

/** What happens to a reply: a snapshot replaces all text, a delta is appended, `done` has the final message. */
export type ReplyEvent =
  | { type: "snapshot"; attempt: number; state: Schemas["ReplyState"]; content: string }
  | { type: "delta"; content: string }
  | { type: "done"; message: Schemas["Message"] }
  /** `replaced`: a newer stream of the user took its place, and only `done` follows. `gone`: the reply was deleted. */
  | { type: "closing"; reason: "replaced" | "gone" };

/** Which reply: what `send` and `regenerate` return, or its ids. */
export interface Target {
  room: string;
  reply: string | { id: string };
  /** The stream's address, if it is known. */
  events_url?: string;
}

/** What following needs of the client. */
export interface Door {
  /** Sends a request to a path of the API, with the session's token. */
  call(path: string, init: RequestInit): Promise<Response>;
  http(request: Request): Promise<Response>;
  limits: Limits;
}

/** How a stream ended: with the reply, in time, by a newer one, by accident; or there is none. */
type End = "over" | "time" | "replaced" | "lost" | "none";

/** Follows a reply to its end, through lost connections. Throws what the API refuses, such as a foreign reply. */
export async function* follow(door: Door, target: Target, signal?: AbortSignal): AsyncGenerator<ReplyEvent, void> {
  const reply = typeof target.reply === "string" ? target.reply : target.reply.id;
  const path = `/chatroom/${encodeURIComponent(target.room)}/message/${encodeURIComponent(reply)}`;
  const place: Place = { url: target.events_url, path, retry: door.limits.firstPause, seen: false };
  let lost = 0;
  for (let streaming = true; ; ) {
    const progress = { made: false };
    const end: End = streaming ? yield* stream(door, place, progress, signal) : "none";
    if (end === "over") return;
    if (progress.made) lost = 0;
    if (end === "time") continue;
    if (end === "lost" && (lost += 1) < door.limits.lostStreams) {
      await sleep(Math.max(place.retry * Math.random(), lost > 1 ? backoff(lost, door.limits) : 0), signal);
      continue;
    }
    if (yield* wait(door, place, signal)) return;
    // The network may be back; a door that is not there, or refused, is not tried again.
    streaming = end === "lost";
  }
}

interface Place {
  url: string | undefined;
  path: string;
  last?: string;
  retry: number;
  seen: boolean;
  shown?: string;
}

async function* stream(
  door: Door,
  place: Place,
  progress: { made: boolean },
  signal?: AbortSignal,
): AsyncGenerator<ReplyEvent, End> {
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    place.url ??= await ticket(door, place.path, connection.signal);
    const headers = { accept: "text/event-stream", ...(place.last ? { "last-event-id": place.last } : {}) };
    const init: RequestInit = { headers, cache: "no-store", signal: connection.signal };
    const response = await door.http(new Request(place.url, init));
    if (!response.ok || !response.body) return refusal(response.status, place);
    for await (const event of serverEvents(response.body, door.limits.silence)) {
      progress.made = true;
      if (event.id) place.last = event.id;
      if (event.retry !== undefined) place.retry = event.retry;
      const data = JSON.parse(event.data || "null");
      if (event.type === "closing" && data.reason === "time") return "time";
      if (event.type === "done") yield { type: "done", message: data };
      else if (["snapshot", "delta", "closing"].includes(event.type)) yield { type: event.type, ...data };
      place.seen = true;
      if (event.type === "done" || (event.type === "closing" && data.reason === "gone")) return "over";
      if (event.type === "closing") return "replaced";
    }
    return "lost";
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return error instanceof ProblemError && error.status < 500 ? "none" : "lost";
  } finally {
    signal?.removeEventListener("abort", stop);
    connection.abort();
  }
}

/** A ticket that has expired is replaced; a door without capacity, or none at all, is left. */
function refusal(status: number, place: Place): End {
  if (status === 401) place.url = undefined;
  return status === 401 || status >= 500 ? "lost" : "none";
}

async function ticket(door: Door, path: string, signal: AbortSignal): Promise<string> {
  const response = await door.call(`${path}/events-ticket`, { method: "POST", signal });
  const call = response.json().then((body) => ({ data: body, error: body, response }));
  return ((await unwrap(call)) as { events_url: string }).events_url;
}

/** Reads the reply once, when it is final or the time is over; returns whether that was the end. */
async function* wait(door: Door, place: Place, signal?: AbortSignal): AsyncGenerator<ReplyEvent, boolean> {
  const began = Date.now();
  const read = async () => {
    const response = await door.call(`${place.path}?wait=${door.limits.wait}`, { signal });
    return unwrap(response.json().then((body) => ({ data: body as Schemas["Message"], error: body, response })));
  };
  let message: Schemas["Message"];
  try {
    message = await persist(read, door.limits, signal);
  } catch (error) {
    if (!place.seen || !(error instanceof ProblemError) || error.status !== 404) throw error;
    yield { type: "closing", reason: "gone" };
    return true;
  }
  place.seen = true;
  const { state, content } = message;
  if (state !== "pending" && state !== "generating") {
    yield { type: "done", message };
    return true;
  }
  if (place.shown !== state + content) yield { type: "snapshot", attempt: 0, state, content };
  place.shown = state + content;
  // The server returns early when more requests of the user wait than may.
  await sleep(Math.max(0, door.limits.firstPause * 2 - (Date.now() - began)), signal);
  return false;
}
