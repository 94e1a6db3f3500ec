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
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    list.replaceChildren(...items);
    if (focused !== false) list.querySelector(focused ? `a[href="${focused}"]` : "button")?.focus({ preventScroll: true });
  }

  async function page(cursor) {
    return unwrap(app.api.GET("/chatroom", { params: { query: { limit: PAGE, cursor } } }));
  }

  async function more() {
    const found = await page(next);
    const known = new Set(rooms.map((room) => room.id));
    const older = found.data.filter((room) => !known.has(room.id));
    rooms = [...rooms, ...older];
    next = found.next_cursor;
    draw();
    list.querySelector(`a[href="#/room/${older[0]?.id}"]`)?.focus();
  }

  /** The newest page takes the place of the one before. What was listed below its last room still follows it, if that room
   * was listed and has not changed. */
  function put({ data, next_cursor }) {
    const end = data.at(-1);
    const place = rooms.findIndex((room) => room.id === end?.id && room.updated_at === end.updated_at);
    const listed = new Set(data.map((room) => room.id));
    const older = place < 0 || !next_cursor ? [] : rooms.slice(place + 1).filter((room) => !listed.has(room.id));
    rooms = [...data, ...older];
    if (!older.length) next = next_cursor;
    draw();
  }

  /** Reads the newest page again. */
  async function refresh() {
    try {
      const found = await page();
      put(found);
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
