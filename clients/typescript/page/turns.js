// The turns of a conversation: what the user said, and the answer beneath it.

import { button, copy, h, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { openVersions } from "./versions.js";

/** The states of a reply that is not ready yet. */
const UNDER_WAY = ["pending", "generating"];

/** Whether a reply is being made. */
export const isUnderWay = (message) => message.role === "assistant" && UNDER_WAY.includes(message.state);

/** What the user said. It is shown before the service has it. */
export function question(text) {
  const note = h("p.note", { hidden: true });
  const element = h("article.turn.user", { "aria-label": "You" }, h("div.bubble", { dir: "auto" }, text), note);
  return {
    element, text,
    /** Marks it as sent, or as not sent with a way to try again. */
    sent: () => {
      element.classList.remove("sending", "lost");
      note.hidden = true;
    },
    sending: () => element.classList.add("sending"),
    lost(detail, retry) {
      element.classList.replace("sending", "lost");
      note.replaceChildren(`Not sent. ${detail} `, button("Try again", retry, { kind: ".link" }));
      note.hidden = false;
    },
  };
}

/** What is said of an answer that is none, or not all. */
const ENDS = { cancelled: "Stopped.", truncated: "The answer was cut at its greatest length." };

/** An answer, written as it comes. `regenerate` makes another one; the newest is shown, and the earlier ones on request. */
export function answer(regenerate) {
  const body = h("div.body");
  const note = h("p.note", { hidden: true });
  const versions = openVersions(settle);
  const take = copy(() => text);
  const again = button([icon("again"), " Answer again"], regenerate, { kind: ".link.again" });
  const tools = h("div.tools", { hidden: true }, versions.element, take, again);
  const element = h("article.turn.assistant", { "aria-label": "Answer" }, body, note, tools);
  let text = "";
  let drawn = 0;

  function draw() {
    cancelAnimationFrame(drawn);
    drawn = 0;
    body.replaceChildren(...markdown(text));
    // Each block is read in the direction of its own words.
    for (const block of body.children) block.dir = block.tagName === "PRE" ? "ltr" : "auto";
  }

  /** A snapshot or a delta of the text. */
  function write(content) {
    element.classList.add("writing");
    element.classList.remove("past");
    element.setAttribute("aria-busy", "true");
    element.classList.toggle("waiting", !content);
    note.hidden = tools.hidden = true;
    text = content;
    // Pieces that come within one frame are drawn together.
    drawn ||= requestAnimationFrame(draw);
  }

  /** Shows an answer that is not written any more. An earlier one can be read and copied alone. */
  function settle(message, isLatest) {
    element.classList.remove("writing", "waiting");
    element.classList.toggle("past", !isLatest);
    element.setAttribute("aria-busy", "false");
    text = message.content;
    draw();
    const said = [isLatest ? null : "An earlier answer.", message.error?.detail ?? ENDS[message.state]].filter(Boolean).join(" ");
    note.textContent = said;
    note.hidden = !said;
    note.classList.toggle("error", message.state === "failed" || message.state === "blocked");
    take.hidden = !text;
    again.hidden = !isLatest;
    tools.hidden = false;
  }

  return {
    element, write,
    append: (piece) => write(text + piece),
    /** The message as the API has it. */
    show(message) {
      const isShown = versions.put(message);
      if (isShown && isUnderWay(message)) write(message.content);
      else if (isShown) settle(message, true);
    },
  };
}
