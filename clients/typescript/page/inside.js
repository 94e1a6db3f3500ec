// The tabs of the panel that look into the local stack: queues, stand-ins, logs.

import { button, form, h, toast, words } from "./dom.js";

const LOOK_MILLISECONDS = 2000;

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), answer);
  return answer;
}

/** The depths of the queues, as long as one looks. */
export function queues() {
  const element = h("div", { "aria-live": "off" });
  let timer = 0;
  async function look() {
    try {
      const { queues: all, replies } = await ask("dev/queues");
      const cells = (one) => [one.waiting, one.in_flight, one.dead].map((count) => h("td", {}, String(count)));
      const head = ["Queue", "waiting", "in flight", "dead"].map((name) => h("th", { scope: "col" }, name));
      element.replaceChildren(
        h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, all.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), cells(one))))),
        h("table", {}, h("caption", {}, "Replies"), h("tbody", {}, Object.entries(replies).map(([state, count]) => h("tr", {}, h("th", { scope: "row" }, state), h("td", {}, String(count)))))));
    } catch (error) {
      element.replaceChildren(h("p.error", {}, words(error)));
    }
  }
  return {
    name: "Queues", element,
    enter() {
      look();
      timer = setInterval(look, LOOK_MILLISECONDS);
    },
    leave: () => clearInterval(timer),
  };
}

const TITLES = { gemini: "Gemini", stripe: "Stripe" };

/** What the stand-ins can be told, in words. */
const FAULTS = {
  gemini: [
    ["Be overloaded twice", "next", { fault: "503", times: 2 }],
    ["Refuse once, for 2 s", "next", { fault: "429:2" }],
    ["Write slowly", "next", { fault: "drip:300" }],
    ["Break off in the middle", "next", { fault: "cut" }],
    ["Block the next question", "next", { fault: "blocked" }],
    ["Cut the next answer's length", "next", { fault: "max" }],
    ["Say nothing at all", "next", { fault: "hang" }],
    ["Be well again", "reset", {}],
  ],
  stripe: [
    ["Fail twice", "fail", { status: 500, times: 2 }],
    ["Take effect, lose the answer", "fail", { status: 503, after: true }],
    ["Hold events back", "webhooks", { mode: "hold" }],
    ["Send events twice", "webhooks", { mode: "duplicate" }],
    ["Send events as usual", "webhooks", { mode: "deliver" }],
    ["Deliver what is held", "deliver", {}],
  ],
};

/** The stand-ins with buttons for their faults. */
export function standins() {
  const element = h("div.standins");
  const only = h("input", { id: "only", "aria-label": "Only for messages with", placeholder: "only for messages with …" });
  const press = (name, [label, call, body]) => button(label, async () => {
    const containing = call === "next" && only.value.trim() ? { containing: only.value.trim() } : {};
    await ask(`dev/standins/${name}/${call}`, { ...body, ...containing });
    toast(`${TITLES[name]}: ${label[0].toLowerCase()}${label.slice(1)}.`);
  }, { "data-fault": body.fault ?? call });
  async function enter() {
    try {
      const running = await ask("dev/standins");
      const parts = Object.keys(FAULTS).map((name) => [
        h("h3", {}, TITLES[name]),
        running[name] ? h("p.help", {}, running[name]) : h("p.help", {}, "Not a stand-in: the real one is used."),
        running[name] && name === "gemini" && only,
        running[name] && h("div.row", {}, FAULTS[name].map((fault) => press(name, fault))),
      ]);
      const word = h("p.help", {}, "Words in a message do the same: ", h("code", {}, "[[503*2]]"), ", ", h("code", {}, "[[drip:200]]"), ", ", h("code", {}, "[[blocked]]"), ".");
      element.replaceChildren(...parts.flat().filter(Boolean), word);
    } catch (error) {
      element.replaceChildren(h("p.error", {}, words(error)));
    }
  }
  return { name: "Stand-ins", element, enter };
}

/** The functions' log lines: of one request, or what went wrong. */
export function logs() {
  const id = h("input", { id: "log-request", "aria-label": "Request id", placeholder: "x-request-id; empty: what went wrong" });
  const lines = h("div.lines");
  async function look() {
    const query = id.value.trim() ? `?request=${encodeURIComponent(id.value.trim())}` : "";
    const found = await ask(`dev/logs${query}`);
    lines.replaceChildren(...found.map((one) => h("div.line", {}, h("b", {}, one.function), h("pre", {}, readable(one.line)))));
    if (!found.length) lines.append(h("p.empty", {}, query ? "No line has this id in the last half hour." : "Nothing went wrong in the last half hour."));
  }
  const search = form("search", [id], "Search", look);
  return {
    name: "Logs", element: h("div", {}, search, lines),
    enter(request) {
      if (request) id.value = request;
      search.requestSubmit();
    },
  };
}

function readable(line) {
  try {
    const { timestamp, level, message, span, ...rest } = JSON.parse(line);
    const fields = Object.entries({ ...span, ...rest }).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
    return [`${timestamp.slice(11, 23)} ${level} ${message}`, ...fields].join("\n");
  } catch {
    return line;
  }
}
