// The turns of a conversation in their order, and the place of the reader in it.

import { h } from "./dom.js";
import { answer, question } from "./turns.js";

/** Closer to the end than this many pixels, the reader is at the end and stays there. */
const NEAR_END = 80;

/** A list of turns. `regenerate(message)` makes another answer to a message. */
export function openLog(regenerate) {
  const turns = h("div.log", { role: "log", "aria-label": "Conversation" });
  const element = h("div.scroll", { tabindex: "-1" }, turns);
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
    // It had arrived before it was sent again.
    if (known.has(id)) return turn.element.remove();
    known.add(id);
    turn.element.dataset.message = id;
  }

  /** Shows an answer beneath its message, with the earlier ones to it. */
  function reply(message) {
    const to = message.in_reply_to;
    if (!answers.has(to)) {
      answers.set(to, answer(() => regenerate(to)));
      const asked = turns.querySelector(`[data-message="${CSS.escape(to)}"]`);
      asked ? asked.after(answers.get(to).element) : turns.append(answers.get(to).element);
    }
    answers.get(to).show(message);
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
    // Its answer is known already where it was made long after it.
    const early = answers.get(message.id);
    if (early) turn.element.after(early.element);
  }

  /** The turns whose message could not be sent. */
  const lost = () => [...unnamed].filter(({ element }) => element.parentElement === turns && element.matches(".lost"));

  /** The turn of a message that arrived although its answer was lost. */
  function arrived(text) {
    const turn = lost().find((turn) => turn.text === text);
    turn?.sent();
    return turn;
  }

  return {
    element, ask, named, reply, put, toEnd,
    /** The texts that could not be sent. */
    lost: () => lost().map(({ text }) => text),
    /** The answer to a message, to write into. */
    answerTo: (message) => answers.get(message),
    /** Puts earlier messages above the others; what the reader sees does not move. */
    putEarlier(messages, button) {
      const newer = [...turns.children].filter((turn) => turn !== button);
      const read = newer.find((turn) => turn.matches(".user") && turn.offsetTop + turn.offsetHeight > element.scrollTop) ?? newer[0];
      const from = read.getBoundingClientRect().top;
      turns.replaceChildren();
      messages.forEach(put);
      turns.append(...newer.filter((turn) => turn.parentElement !== turns));
      element.scrollTop += read.getBoundingClientRect().top - from;
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
