// What was typed and not sent, by conversation. It outlives a look elsewhere and a reload, and ends with its person.

const PREFIX = "draft ";

const key = (app, room, kind = "") => `${PREFIX}${app.chat.session.user} ${room ?? "new"}${kind}`;
const SENDING = " sending";

/** The text that was typed in a room, or without one in a new conversation. */
export const draft = (app, room) => sessionStorage.getItem(key(app, room)) ?? "";

/** Keeps a text in the place of the one before. */
export const keepDraft = (app, room, text) => keep(key(app, room), text);

function keep(name, text) {
  try {
    if (text) sessionStorage.setItem(name, text);
    else sessionStorage.removeItem(name);
  } catch {
    // The storage is full: the text is kept as long as its conversation is open.
  }
}

/** Keeps a text that could not be sent, before what was typed since. */
export const keepUnsent = (app, room, text) => keepDraft(app, room, [text, draft(app, room)].filter(Boolean).join("\n"));

/** Keeps what is being sent in a room while the page is away, each text with its idempotency key. */
export const keepSending = (app, room, sending) => keep(key(app, room, SENDING), sending && JSON.stringify(sending));

/** What was being sent in a room when the page went away; it is not kept any longer. */
export function takeSending(app, room) {
  const kept = sessionStorage.getItem(key(app, room, SENDING));
  keepSending(app, room, null);
  return JSON.parse(kept ?? "[]");
}

/** Forgets all of them. */
export function forgetDrafts() {
  const kept = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
  kept.forEach((name) => sessionStorage.removeItem(name));
}
