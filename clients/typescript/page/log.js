// The turns of a conversation in their order, and the place of the reader in it.

import { h } from "./dom.js";
import { answer, question } from "./turns.js";

/** Closer to the end than this many pixels, the reader is at the end and stays there. */
const NEAR_END = 80;

/** A list of turns. `regenerate(message)` makes another answer to a message. */
export function openLog(regenerate) {
  const turns = h("div.log", { role: "log", "aria-label": "Conversation" });
  const element = h("div.scroll", {}, turns);
  const known = new Set();
  const unnamed = new Set(); // turns whose message the service may not have
  const answers = new Map(); // by the id of the message that is answered
  let stays = true;

  function toEnd() {
    stays = true;
    element.scrollTop = element.scrollHeight;
  }

  // Whoever reads the end goes on reading the end, whatever grows.
  element.addEventListener("scroll", () => {
    stays = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
  });
  const sizes = new ResizeObserver(() => stays && toEnd());
  sizes.observe(element);
  sizes.observe(turns);

  /** A message of the user's. It gets its id once the service has it. */
  function ask(text) {
    turns.querySelector(":scope > .empty")?.remove();
    const turn = question(text);
    turns.append(turn.element);
    unnamed.add(turn);
    return turn;
  }

  function named(turn, id) {
    unnamed.delete(turn);
    known.add(id);
    turn.element.dataset.message = id;
  }

  /** Shows an answer beneath its message. The newest one to a message replaces the earlier ones. */
  function reply(message) {
    const to = message.in_reply_to;
    const shown = answers.get(to);
    if (shown && shown.id > message.id) return;
    const turn = shown ?? answer(() => regenerate(to));
    turn.id = message.id;
    if (!shown) {
      answers.set(to, turn);
      const asked = turns.querySelector(`[data-message="${CSS.escape(to)}"]`);
      asked ? asked.after(turn.element) : turns.append(turn.element);
    }
    turn.show(message);
  }

  /** Shows a message, whoever wrote it. */
  function put(message) {
    if (message.role === "assistant") return reply(message);
    if (known.has(message.id)) return;
    const turn = arrived(message.content) ?? ask(message.content);
    named(turn, message.id);
    // Another device may have sent it before what is shown already.
    const later = [...turns.querySelectorAll("[data-message]")].find((other) => other.dataset.message > message.id);
    later?.before(turn.element);
  }

  /** The turn of a message that arrived although its answer was lost. */
  function arrived(text) {
    const is = ({ element }) => element.parentElement === turns && element.matches(".lost") && element.firstElementChild.textContent === text;
    const turn = [...unnamed].find(is);
    turn?.sent();
    return turn;
  }

  return {
    element, ask, named, reply, put, toEnd,
    /** The answer to a message, to write into. */
    answerTo: (message) => answers.get(message),
    /** Puts earlier messages above the others; what the reader sees does not move. */
    putEarlier(messages, button) {
      const from = element.scrollHeight - element.scrollTop;
      const newer = [...turns.children].filter((turn) => turn !== button);
      turns.replaceChildren();
      messages.forEach(put);
      turns.append(...newer);
      element.scrollTop = element.scrollHeight - from;
    },
    /** Says what to do where nothing was said yet. */
    greet() {
      turns.prepend(h("div.empty.hello", {}, h("h1", {}, "What would you like to know?"),
        h("p", {}, "Ask below. The conversation is kept, and is on your other devices, too.")));
    },
    /** Puts a button above all turns. */
    above: (shown) => turns.prepend(shown),
    get isEmpty() {
      return !turns.childElementCount;
    },
  };
}
