// One conversation: its turns, the answer that is being written, and what happened on other devices meanwhile.

import { showAllowance } from "./allowance.js";
import { unwrap } from "./client.js";
import { composer } from "./composer.js";
import { button, h } from "./dom.js";
import { header } from "./header.js";
import { openLog } from "./log.js";
import { openNotice } from "./notice.js";
import { openOutbox } from "./outbox.js";
import { isUnderWay } from "./turns.js";
import { keepLooking, watch } from "./watch.js";

const PAGE = 30;

/** A conversation, or a new one without an id. */
export function openConversation(app, id) {
  const closed = new AbortController();
  const log = openLog(regenerate);
  const notice = openNotice(app);
  const write = composer(app, id, { send: (text) => outbox.send(text), stop });
  const head = header(app, closed.signal);
  const element = h("section.conversation", {}, head.element, log.element, h("div.foot", {}, notice.element, write.element));
  let following = null;
  const waiting = []; // what is followed once the replies before it have ended
  let stopping = false;
  let last = null;
  // On a phone the focus would open its keyboard.
  const focus = () => matchMedia("(pointer: coarse)").matches || write.focus();
  const view = { element, room: id, focus, restore: write.restore, close, paid: notice.clear };
  const outbox = openOutbox(app, view, { log, notice, write, head, closed: closed.signal, start, rest, began, begin });

  function close() {
    closed.abort();
    outbox.close();
  }

  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && write.running) stop();
  });

  function put(messages) {
    for (const message of messages) {
      log.put(message);
      if (!last || message.id > last) last = message.id;
      if (isUnderWay(message)) followInTurn({ room: view.room, reply: message });
    }
  }

  async function load() {
    log.element.setAttribute("aria-busy", "true");
    try {
      const params = { path: { chatroom: view.room }, query: { limit: PAGE } };
      const room = await unwrap(app.api.GET("/chatroom/{chatroom}", { params, signal: closed.signal }));
      head.show(room);
      notice.clear();
      put(room.messages.data);
      offerEarlier(room.messages.next_cursor);
      if (log.isEmpty) log.greet();
      outbox.resume();
      log.toEnd();
      keepLooking(look, closed.signal);
    } catch (error) {
      if (error.status === 404) app.rooms.drop(view.room);
      if (!closed.signal.aborted) notice.say(error, error.status === 404 ? null : load);
    } finally {
      log.element.removeAttribute("aria-busy");
    }
  }

  function offerEarlier(cursor) {
    if (!cursor) return null;
    const more = button("Earlier messages", async () => {
      const params = { path: { chatroom: view.room }, query: { limit: PAGE, cursor } };
      const found = await unwrap(app.api.GET("/chatroom/{chatroom}/message", { params }));
      log.putEarlier(found.data, more);
      // The button that had the focus is gone.
      (offerEarlier(found.next_cursor) ?? log.element).focus({ preventScroll: true });
    }, { kind: ".link.earlier" });
    log.above(more);
    return more;
  }

  /** Asks what other devices sent; returns whether something is going on. */
  async function look() {
    // What is being sent would come twice.
    if (write.running || document.hidden) return true;
    const params = { path: { chatroom: view.room }, query: { limit: PAGE, ...(last ? { after: last } : {}) } };
    try {
      const { data } = await unwrap(app.api.GET("/chatroom/{chatroom}/message", { params, signal: closed.signal }));
      head.connected(true);
      if (!data.length || write.running) return write.running;
      put(data);
      app.rooms.refresh();
      app.refresh();
      return true;
    } catch (error) {
      if (error.status === 404) {
        // It was deleted elsewhere.
        app.rooms.drop(view.room);
        notice.say(error);
        closed.abort();
      }
      if (!closed.signal.aborted && !error.status) head.connected(false);
    }
  }

  function start() {
    notice.clear();
    write.running = true;
    stopping = false;
  }

  /** Nothing is being sent; an answer may still be written. */
  function rest() {
    write.running = following !== null;
  }

  /** The new conversation has a room now. */
  function began(room) {
    history.replaceState(null, "", `#/room/${room.id}`);
    document.body.dataset.place = "room";
    write.room = room.id;
    head.show(room);
    app.rooms.mark(room.id);
    keepLooking(look, closed.signal);
  }

  function begin(accepted) {
    showAllowance(app, accepted.allowance);
    // What another device sent before it is still to be asked for.
    last ??= accepted.reply.id;
    log.reply(accepted.reply);
    followInTurn(accepted);
    if (stopping) stop();
    log.toEnd();
    app.rooms.refresh();
  }

  async function regenerate(message) {
    if (write.running) return;
    start();
    try {
      begin(await app.chat.regenerate(view.room, message, { signal: closed.signal }));
      // Its button is gone; Escape stops what is written.
      focus();
    } catch (error) {
      rest();
      notice.refuse(error);
    }
  }

  /** Follows a reply after those before it: the replies of a room are made one after the other. */
  function followInTurn(accepted) {
    if (following?.id === accepted.reply.id) return;
    if (following) waiting.push(accepted);
    else follow(accepted);
  }

  /** Writes an answer as it comes. */
  async function follow(accepted) {
    const { reply } = accepted;
    const answer = () => log.answerTo(reply.in_reply_to);
    following = reply;
    write.running = true;
    const message = await watch(app, accepted, closed.signal, {
      write: (content) => following === reply && answer().write(content),
      append: (piece) => following === reply && answer().append(piece),
      connected: head.connected,
    });
    if (closed.signal.aborted || following !== reply) return;
    end(message);
    // A failed answer is not charged.
    if (message && message.state !== "completed") app.refresh();
  }

  function end(message) {
    following = null;
    if (message) log.reply(message);
    const next = waiting.shift();
    if (next) follow(next);
    else rest();
  }

  async function stop() {
    const reply = following;
    // What is still being sent is stopped once it is accepted.
    stopping = !reply;
    if (!reply) return;
    try {
      const message = await app.chat.cancel({ room: view.room, reply }, { signal: closed.signal });
      if (following === reply) end(message);
      app.refresh();
    } catch (error) {
      notice.say(error);
    }
  }

  if (id) load();
  else {
    log.greet();
    outbox.resume();
  }
  return view;
}
