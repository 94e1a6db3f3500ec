// What was typed and not sent, by conversation. It outlives a look elsewhere and a reload, and ends with its person.

const PREFIX = "draft ";

const key = (app, room) => `${PREFIX}${app.chat.session.user} ${room ?? "new"}`;

/** The text that was typed in a room, or without one in a new conversation. */
export const draft = (app, room) => sessionStorage.getItem(key(app, room)) ?? "";

/** Keeps a text in the place of the one before. */
export function keepDraft(app, room, text) {
  try {
    if (text) sessionStorage.setItem(key(app, room), text);
    else sessionStorage.removeItem(key(app, room));
  } catch {
    // The storage is full: the text is kept as long as its conversation is open.
  }
}

/** Keeps a text that could not be sent, before what was typed since. */
export const keepUnsent = (app, room, text) => keepDraft(app, room, [text, draft(app, room)].filter(Boolean).join("\n"));

/** Forgets all of them. */
export function forgetDrafts() {
  const kept = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
  kept.forEach((name) => sessionStorage.removeItem(name));
}
