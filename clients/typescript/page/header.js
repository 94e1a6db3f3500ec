// The line above a conversation: its title, whether there is a connection, and what can be done with it.

import { unwrap } from "./client.js";
import { button, h, icon, toast, words } from "./dom.js";
import { keepDraft } from "./drafts.js";

/** A header; `show(room)` gives it a room, `connected(is)` tells about the connection. */
export function header(app, signal) {
  const back = h("a.button.quiet.back", { href: "#/rooms", "aria-label": "Conversations" }, icon("back"));
  const place = h("div.title", {}, h("h2", {}, "New conversation"));
  const offline = h("p.offline", { role: "status", hidden: true }, "No connection. Trying again …");
  const tools = h("div.tools");
  let room = null;

  function connected(is) {
    offline.hidden = is;
  }

  async function update(body) {
    const params = { path: { chatroom: room.id } };
    show({ ...room, ...(await unwrap(app.api.PATCH("/chatroom/{chatroom}", { params, body }))) });
    app.rooms.touch(room);
  }

  function rename() {
    const field = h("input", { value: room.title ?? "", "aria-label": "Title", maxlength: "120" });
    const edit = h("form.rename", {}, field);
    let over = false;
    const end = async (keep) => {
      if (over) return;
      over = true;
      const title = field.value.trim();
      show(room);
      place.querySelector("button")?.focus();
      if (keep && title && title !== room.title) await update({ title }).catch((error) => toast(words(error)));
    };
    edit.addEventListener("submit", (event) => {
      event.preventDefault();
      end(true);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end(false);
    });
    field.addEventListener("blur", () => end(true));
    place.replaceChildren(edit);
    field.select();
  }

  function show(given) {
    room = given;
    document.title = `${room.title || "Untitled"} – Chat`;
    const title = h("button.name", { type: "button", title: "Rename", onclick: rename }, room.title || "Untitled");
    place.replaceChildren(h("h2", {}, title));
    const remove = button(icon("bin"), async () => {
      if (!confirm(`Delete "${room.title || "Untitled"}" with all of its messages?`)) return;
      await unwrap(app.api.DELETE("/chatroom/{chatroom}", { params: { path: { chatroom: room.id } } }));
      app.rooms.drop(room.id);
      keepDraft(app, room.id, "");
      app.leave();
    }, { kind: ".quiet", "aria-label": "Delete the conversation", id: "delete-room" });
    tools.replaceChildren(remove);
  }

  addEventListener("offline", () => connected(false), { signal });
  addEventListener("online", () => connected(true), { signal });
  return { element: h("header.bar", {}, back, place, offline, tools), show, connected };
}
