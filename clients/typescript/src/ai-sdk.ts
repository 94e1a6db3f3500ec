/** The client as a transport of Vercel's AI SDK: `useChat({ id: room, transport: new ChatBackendTransport({ client }) })`. */

import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";
import type { Accepted, ChatClient, Message, Target } from "./index.js";
import { ProblemError, unwrap } from "./index.js";
import { pathOf } from "./follow.js";
import { either } from "./retry.js";

type Sending<M extends UIMessage> = Parameters<ChatTransport<M>["sendMessages"]>[0];

export interface TransportOptions {
  client: ChatClient;
  /** The room of a chat; the chat's id is the room's, unless this says otherwise. It may make the room. */
  room?: (chatId: string) => string | Promise<string>;
}

/** Sends the last message alone: the conversation is kept by the backend. */
export class ChatBackendTransport<M extends UIMessage = UIMessage> implements ChatTransport<M> {
  /** A reply is followed from its beginning, so what was shown of it is replaced. */
  readonly resumeStreamIsReplay = true;
  readonly #client: ChatClient;
  readonly #room: (chatId: string) => string | Promise<string>;
  /** The backend's ids of the messages that were accepted, by those of the SDK. */
  readonly #accepted = new Map<string, string>();
  /** The signal of each chat's latest following after a reload, as long as it goes on. */
  readonly #resumed = new Map<string, AbortSignal>();

  constructor({ client, room = (chatId) => chatId }: TransportOptions) {
    this.#client = client;
    this.#room = room;
  }

  /** Sends or regenerates, and follows the reply. Stopping it stops the reply at the backend too. */
  async sendMessages({
    trigger,
    chatId,
    messages,
    abortSignal: signal,
  }: Sending<M>): Promise<ReadableStream<UIMessageChunk>> {
    const last = messages.findLast((message) => message.role === "user");
    if (!last) throw new Error("There is no message to send.");
    const room = await this.#room(chatId);
    signal?.throwIfAborted();
    const known = this.#accepted.get(last.id);
    // A message whose sending failed keeps its key; one that was accepted and comes again was edited.
    const send = () => this.#client.send(room, textOf(last), { key: known ? undefined : keyOf(chatId, last.id) });
    const regenerate = () => this.#client.regenerate(room, known ?? last.id);
    const sending = trigger === "regenerate-message" ? regenerate().catch(orElse(send)) : send();
    // What is stopped while it is on its way may be accepted all the same: it is stopped then.
    const stop = () => void sending.then((accepted) => this.#client.cancel(accepted)).catch(() => undefined);
    signal?.addEventListener("abort", stop, { once: true });
    void sending.then(({ message }) => this.#accepted.set(last.id, message.id)).catch(() => undefined);
    const accepted = await Promise.race([sending, aborted(signal)]);
    return this.#streamOf(accepted, signal);
  }

  /** Follows the latest reply that is not finished, if there is one. Stopping it stops the reply at the backend too. */
  async reconnectToStream(options: {
    chatId: string;
    abortSignal?: AbortSignal;
  }): Promise<ReadableStream<UIMessageChunk> | null> {
    const { chatId, abortSignal: signal } = options;
    const finding = this.#unfinished(chatId);
    if (signal) this.#resumed.set(chatId, signal);
    // What is stopped while it is looked for is stopped once it is found.
    const stop = async () => {
      // The SDK also aborts a following that a newer one takes the place of, which it then begins without a pause.
      await Promise.resolve();
      const found = this.#forget(chatId, signal) && (await finding);
      if (found) await this.#client.cancel(found);
    };
    signal?.addEventListener("abort", () => void stop().catch(() => undefined), { once: true });
    const over = () => void (signal?.aborted || this.#forget(chatId, signal));
    let found: Target | undefined;
    try {
      found = await Promise.race([finding, aborted(signal)]);
    } finally {
      if (!found) over();
    }
    return found ? this.#streamOf(found, signal, over) : null;
  }

  /** Forgets a following after a reload; returns whether it was the chat's latest one, and not over. */
  #forget(chatId: string, signal: AbortSignal | undefined): boolean {
    return this.#resumed.get(chatId) === signal && this.#resumed.delete(chatId);
  }

  async #unfinished(chatId: string): Promise<Target | undefined> {
    const room = await this.#room(chatId);
    const params = { path: { chatroom: room }, query: { limit: 20 } };
    const { messages } = await unwrap(this.#client.api.GET("/chatroom/{chatroom}", { params }));
    const reply = messages.data.findLast(({ state }) => state === "pending" || state === "generating");
    return reply && { room, reply };
  }

  #streamOf(target: Target, signal?: AbortSignal, over?: () => void): ReadableStream<UIMessageChunk> {
    const cancelled = new AbortController();
    const source = chunks(this.#client, target, either(signal, cancelled.signal), over);
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        cancelled.abort();
        await source.return();
      },
    });
  }
}

/** Messages of the API as the SDK shows them; of several replies to a message the latest. */
export function toUIMessages(messages: readonly Message[]): UIMessage[] {
  const latest = new Map(messages.map(({ id, in_reply_to }) => [in_reply_to ?? id, id]));
  return messages
    .filter(({ id, in_reply_to }) => in_reply_to === null || latest.get(in_reply_to) === id)
    .map(({ id, role, content }) => ({ id, role, parts: [{ type: "text", text: content, state: "done" }] }));
}

/** The text of a message: of a reply that was begun anew, what counts is the last part. */
export function textOf({ role, parts }: UIMessage): string {
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return role === "assistant" ? (texts.at(-1) ?? "") : texts.join("\n");
}

/** The chunks of a reply; calls `over` after them. The SDK has no chunk that replaces text: a reply that is begun anew
 * gets a new part. */
async function* chunks(
  client: ChatClient,
  target: Target,
  signal: AbortSignal,
  over?: () => void,
): AsyncGenerator<UIMessageChunk, void> {
  const { message: reply } = pathOf(target);
  let [text, part, open] = ["", 1, false];
  const id = () => `${reply}.${part}`;
  try {
    yield { type: "start", messageId: reply };
    for await (const event of client.follow(target, { signal })) {
      if (event.type === "closing") {
        if (event.reason === "gone") yield { type: "error", errorText: "The message was deleted." };
        continue;
      }
      const whole =
        event.type === "done" ? event.message.content : event.type === "delta" ? text + event.content : event.content;
      if (open && !whole.startsWith(text)) {
        yield { type: "text-end", id: id() };
        [text, part, open] = ["", part + 1, false];
      }
      if (!open && whole) yield { type: "text-start", id: id() };
      if (whole.length > text.length) yield { type: "text-delta", id: id(), delta: whole.slice(text.length) };
      [text, open] = [whole, open || whole !== ""];
      if (event.type !== "done") continue;
      if (open) yield { type: "text-end", id: id() };
      yield end(event.message);
    }
  } finally {
    over?.();
  }
}

function end({ state, error }: Message): UIMessageChunk {
  if (state === "failed" || state === "blocked")
    return { type: "error", errorText: error?.detail ?? "There is no answer." };
  if (state === "cancelled") return { type: "abort" };
  return { type: "finish", finishReason: state === "truncated" ? "length" : "stop" };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

function orElse(send: () => Promise<Accepted>) {
  return (error: unknown): Promise<Accepted> => {
    // The message never arrived.
    if (error instanceof ProblemError && error.status === 404) return send();
    throw error;
  };
}

function keyOf(chatId: string, messageId: string): string {
  return encodeURIComponent(`${chatId}.${messageId}`).slice(-255);
}
