// The answers to one message: each that is made again is kept, and one of them is shown.

import { h, icon } from "./dom.js";

/** A pager of answers. `turned(message, isLatest)` shows the one that is chosen. */
export function openVersions(turned) {
  const messages = []; // oldest first
  let at = 0;
  const place = h("span", { role: "status" });
  const step = (by, label, drawing) => h("button.link", { type: "button", "aria-label": label, onclick: () => turn(by) }, drawing);
  const back = step(-1, "Earlier answer", icon("back"));
  const forth = step(1, "Later answer", icon("forth"));
  const element = h("div.versions", { role: "group", "aria-label": "Answers", hidden: true }, back, place, forth);

  function draw() {
    element.hidden = messages.length < 2;
    place.textContent = `${at + 1} of ${messages.length}`;
    // A disabled button would lose the focus.
    back.setAttribute("aria-disabled", String(at === 0));
    forth.setAttribute("aria-disabled", String(at === messages.length - 1));
  }

  function turn(by) {
    if (!messages[at + by]) return;
    at += by;
    draw();
    turned(messages[at], at === messages.length - 1);
  }

  return {
    element,
    /** Takes an answer, or what became of one; a new latest one is chosen. Returns whether it is the latest and chosen. */
    put(message) {
      const chosen = messages[at];
      const found = messages.findIndex(({ id }) => id >= message.id);
      const index = found < 0 ? messages.length : found;
      const isKnown = messages[index]?.id === message.id;
      messages.splice(index, isKnown ? 1 : 0, message);
      const isLatest = index === messages.length - 1;
      if (!isKnown) at = isLatest ? index : messages.indexOf(chosen);
      draw();
      return isLatest && at === index;
    },
  };
}
