// The place to write: Enter sends, Shift and Enter begins a new line, Escape stops an answer.

import { meter } from "./allowance.js";
import { draft, keepDraft } from "./drafts.js";
import { h, icon } from "./dom.js";

const IDLE = "Enter sends, Shift and Enter begin a new line";
const BUSY = "An answer is being written, Escape stops it";
/** The longest message, in characters. */
const MOST = 8000;
const count = (number) => number.toLocaleString("en");

/** A composer with the draft of a room. `send(text)` gets what was written, `stop()` is called to stop an answer. */
export function composer(app, room, { send, stop }) {
  const text = h("textarea", {
    id: "message", rows: "1", placeholder: "Ask anything", "aria-label": "Message", enterkeyhint: "send", dir: "auto",
    value: draft(app, room),
  });
  const go = h("button.round.primary", { type: "submit", "aria-label": "Send", id: "send" }, icon("send"));
  const halt = h("button.round", { type: "button", "aria-label": "Stop", id: "stop", hidden: true, onclick: stop }, icon("stop"));
  const hint = h("p.hint", {}, IDLE);
  const element = h("form.composer", {}, h("div.field", {}, text, go, halt), h("div.below", {}, hint, meter(app)));
  let running = false;

  function submit() {
    const written = text.value.trim();
    look();
    if (go.disabled || running) return;
    put("");
    send(written);
  }
  function put(written) {
    text.value = written;
    keepDraft(app, room, written);
    look();
  }
  /** Shows whether the text can be sent. */
  function look() {
    const length = [...text.value.trim()].length;
    const long = length > MOST;
    go.disabled = !length || long;
    hint.classList.toggle("error", long);
    hint.textContent = long ? `${count(length)} of ${count(MOST)} characters` : running ? BUSY : IDLE;
    // Browsers without `field-sizing` need the height told.
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  }
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  text.addEventListener("input", () => put(text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  requestAnimationFrame(look);

  return {
    element,
    focus: () => text.focus({ preventScroll: true }),
    /** Shows the stop button while an answer is written. */
    set running(value) {
      const hadFocus = document.activeElement === go || document.activeElement === halt;
      running = value;
      go.hidden = value;
      halt.hidden = !value;
      look();
      if (hadFocus) text.focus();
    },
    get running() {
      return running;
    },
    /** Puts a text back that could not be sent, before what was typed since. */
    restore: (written) => put([written, text.value].filter(Boolean).join("\n")),
    /** Keeps what is typed now as the draft. */
    keep: () => keepDraft(app, room, text.value),
    /** The new conversation is this room now. */
    set room(id) {
      keepDraft(app, room, "");
      room = id;
      this.keep();
    },
  };
}
