// Sending what is written in a conversation: it goes on when the conversation is left, and no text gets lost.

import { unwrap } from "./client.js";
import { keepUnsent } from "./drafts.js";
import { toast, words } from "./dom.js";

const TITLE_LENGTH = 48;

/** The outbox of a view with its parts. `start()` is called before a message is sent, `began(room)` when it made a room,
 * `begin(accepted)` follows the answer. */
export function openOutbox(app, view, { log, notice, write, head, closed, start, began, begin }) {
  const person = app.chat.session.signal;

  function send(text) {
    const turn = log.ask(text);
    log.toEnd();
    deliver(text, turn, crypto.randomUUID());
  }

  async function deliver(text, turn, key) {
    turn.sending();
    start();
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
      write.running = false;
      if (closed.aborted) return unsent(text, error);
      head.connected(Boolean(error.status));
      if (error.code !== "allowance_spent") return turn.lost(words(error), () => deliver(text, turn, key));
      turn.element.remove();
      write.restore(text);
      notice.refuse(error);
    }
  }

  async function create(text) {
    const title = text.split("\n")[0].slice(0, TITLE_LENGTH).trim();
    const room = await unwrap(app.api.POST("/chatroom", { body: { title } }));
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
    if (!person.aborted) log.lost().forEach((text) => keepUnsent(app, view.room, text));
  }
  addEventListener("pagehide", (event) => event.persisted || close(), { signal: closed });

  return { send, close };
}
