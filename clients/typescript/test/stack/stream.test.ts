import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatClient, Target } from "chat-backend-client";
import { person } from "./people.js";

/** A stream of at least two events whose connection breaks after its first piece. */
function cutting(streams: Request[]): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await fetch(request);
    if (!/\/events\?/.test(request.url) || streams.push(request) > 1) return response;
    const reader = response.body!.getReader();
    let pieces = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const { value } = await reader.read();
      if (!value || (pieces += 1) > 2) return controller.error(new TypeError("the network changed"));
      controller.enqueue(value);
    };
    return new Response(new ReadableStream({ pull, cancel: () => reader.cancel() }), response);
  };
}

/** Follows a reply as a screen would; returns the texts it showed one after the other. */
async function screens(chat: ChatClient, target: Target): Promise<string[]> {
  const shown = [""];
  for await (const event of chat.follow(target)) {
    const before = shown.at(-1) ?? "";
    if (event.type === "snapshot") shown.push(event.content);
    if (event.type === "delta") shown.push(before + event.content);
    if (event.type === "done") shown.push(event.message.content);
  }
  return shown;
}

/** Each screen goes on with the one before it, and some have a part of the text. */
function assertWritten(shown: string[]): void {
  const whole = shown.at(-1) ?? "";
  assert.match(whole, /What is tea\?/);
  for (const [n, text] of shown.entries())
    assert(text.startsWith(shown[n - 1] ?? ""), `${shown[n - 1]} became ${text}`);
  assert(
    shown.some((text) => text !== "" && text !== whole),
    `It came whole: ${shown.length} screens`,
  );
}

test("a reply is followed while it is written, by several at once", async () => {
  const { chat, room } = await person();
  const accepted = await chat.send(room, "What is tea? [[drip:300]]");

  const all = await Promise.all(
    [accepted, { room, reply: accepted.reply.id }, accepted].map((target) => screens(chat, target)),
  );

  all.forEach(assertWritten);
});

test("a stream that breaks is resumed where it was", async () => {
  const streams: Request[] = [];
  const { chat, room } = await person({ fetch: cutting(streams), limits: { firstPause: 50 } });

  assertWritten(await screens(chat, await chat.send(room, "What is tea? [[drip:300]]")));

  assert(streams.length >= 2, `${streams.length} streams`);
  assert.equal(streams[0]?.headers.get("last-event-id"), null);
  assert.notEqual(streams[1]?.headers.get("last-event-id"), null);
});
