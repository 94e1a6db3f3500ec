// Sending what is written in a conversation: it goes on when the conversation is left, and no text gets lost.

import { unwrap } from "./client.js";
import { keepSending, keepUnsent, takeSending } from "./drafts.js";
import { toast, words } from "./dom.js";

const TITLE_LENGTH = 48;

/** The title of a conversation that begins with a text: its first line, cut after a word. */
function titleOf(text) {
  const line = [...text.split("\n")[0].trim()];
  if (line.length <= TITLE_LENGTH) return line.join("");
  const cut = line.slice(0, TITLE_LENGTH).join("");
  const words = /\s/.test(line[TITLE_LENGTH]) ? cut : cut.replace(/\s+\S*$/, "");
  return `${words.trimEnd()}…`;
}

/** What is being sent from each view, also from one that was left. */
const underway = new Map();

// A page that goes away ends what is being sent, and may not come back as it was.
addEventListener("pagehide", () => {
  for (const [view, { app, person, sending }] of underway) {
    if (!person.aborted) keepSending(app, view.room, [...takeSending(app, view.room), ...sending]);
  }
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) for (const [view, { app }] of underway) keepSending(app, view.room, null);
});

/** The outbox of a view with its parts. `start()` is called before a message is sent, `began(room)` when it made a room,
 * `begin(accepted)` follows the answer, `rest()` is called when there is none. */
export function openOutbox(app, view, { log, notice, write, head, closed, start, rest, began, begin }) {
  const person = app.chat.session.signal;
  const sending = new Set();

  function send(text) {
    const turn = log.ask(text);
    log.toEnd();
    deliver(text, turn, crypto.randomUUID());
  }

  async function deliver(text, turn, key) {
    turn.sending();
    start();
    const message = { text, key };
    sending.add(message);
    underway.set(view, { app, person, sending });
    try {
      if (!view.room) await create(text);
      // It goes on although the conversation is left meanwhile, until its person signs out.
      const accepted = await app.chat.send(view.room, text, { key, signal: person });
      if (closed.aborted) return app.rooms.refresh();
      turn.sent();
      head.connected(true);
      log.named(turn, accepted.message.id);
      begin(accepted);
    } catch (error) {
      rest();
      if (closed.aborted) return unsent(text, error);
      head.connected(Boolean(error.status));
      if (error.code !== "allowance_spent") return turn.lost(words(error), () => deliver(text, turn, key));
      turn.element.remove();
      write.restore(text);
      notice.refuse(error);
    } finally {
      sending.delete(message);
      if (!sending.size) underway.delete(view);
    }
  }

  async function create(text) {
    const room = await unwrap(app.api.POST("/chatroom", { body: { title: titleOf(text) } }));
    view.room = room.id;
    app.rooms.touch(room);
    // Another conversation may be open by now.
    if (!closed.aborted) began(room);
  }

  /** Says that a message is not sent whose conversation was left, which has its text again. */
  function unsent(text, error) {
    if (person.aborted) return;
    toast(`Your message was not sent. ${words(error)}`);
    if (app.view?.restore && app.view.room === view.room) app.view.restore(text);
    else keepUnsent(app, view.room, text);
  }

  /** Keeps what could not be sent, since its turns go with the view. */
  function close() {
    const lost = log.lost();
    if (lost.length && !person.aborted) keepUnsent(app, view.room, lost.join("\n"));
  }
  addEventListener("pagehide", close, { signal: closed });
  addEventListener("pageshow", ({ persisted }) => persisted && write.keep(), { signal: closed });

  /** Sends again what was being sent when the page went away. With its key it is stored once. */
  function resume() {
    for (const { text, key } of takeSending(app, view.room)) deliver(text, log.ask(text), key);
  }

  return { send, resume, close };
}
