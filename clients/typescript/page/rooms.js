// The list of conversations, the one with the latest activity first.

import { unwrap } from "./client.js";
import { button, h } from "./dom.js";

const PAGE = 30;
/** How often the list asks for what other devices began. */
const POLL_MILLISECONDS = 60_000;

/** The list beside the conversation. */
export function openRooms(app) {
  const list = document.getElementById("rooms");
  let rooms = [];
  let next = null;
  let current = null;

  function draw() {
    const items = rooms.map((room) => {
      const here = room.id === current;
      const link = h("a", { href: `#/room/${room.id}`, "aria-current": here && "page" }, room.title || "Untitled");
      return h("li", {}, link);
    });
    if (!rooms.length) items.push(h("li.empty", {}, "No conversations yet. Your first one begins with a message."));
    if (next) items.push(h("li", {}, button("Older conversations", more, { kind: ".link" })));
    list.replaceChildren(...items);
  }

  async function page(cursor) {
    return unwrap(app.api.GET("/chatroom", { params: { query: { limit: PAGE, cursor } } }));
  }

  async function more() {
    const found = await page(next);
    const known = new Set(rooms.map((room) => room.id));
    rooms = [...rooms, ...found.data.filter((room) => !known.has(room.id))];
    next = found.next_cursor;
    draw();
  }

  /** Reads the newest page again. */
  async function refresh() {
    try {
      const found = await page();
      rooms = found.data;
      next = found.next_cursor;
      draw();
    } catch {
      // The list stays as it is; the conversation says that there is no connection.
    }
  }

  const look = () => app.inside && !document.hidden && refresh();
  setInterval(look, POLL_MILLISECONDS);
  document.addEventListener("visibilitychange", look);
  return {
    refresh,
    /** Forgets all of it. */
    clear() {
      [rooms, next, current] = [[], null, null];
      draw();
    },
    /** Marks the conversation that is open. */
    mark(room) {
      current = room;
      draw();
    },
    /** Puts a room to the top, with what is new of it. */
    touch(room) {
      rooms = [room, ...rooms.filter((one) => one.id !== room.id)];
      draw();
    },
    /** Takes a room from the list. */
    drop(id) {
      rooms = rooms.filter((room) => room.id !== id);
      draw();
    },
  };
}
