// The panel for developers, on the local stack alone: requests with their answers, queues, stand-ins, logs.

import { copy, h, icon } from "./dom.js";
import { entries, onEntry } from "./record.js";
import { logs, queues, standins } from "./inside.js";

export { record } from "./record.js";

const REQUESTS = 100;
/** An id; its end is enough to tell it from others. */
const ID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{8}([\da-f]{4})/g;

/** Puts the panel and its button on the page. */
export function openPanel() {
  const tabs = [requests((id) => choose("Logs", id)), queues(), standins(), logs()];
  const content = h("div.content", { role: "tabpanel", id: "panel-content", tabindex: "0" });
  const bar = h("div.tabs", { role: "tablist", "aria-label": "Developer" }, tabs.map((tab) => h("button", {
    type: "button", role: "tab", "aria-controls": "panel-content", id: `tab-${tab.name}`, onclick: () => choose(tab.name),
  }, tab.name)));
  const close = h("button.quiet", { type: "button", "aria-label": "Close the panel", onclick: () => toggle(false) }, icon("close"));
  const element = h("aside", { id: "panel", "aria-label": "Developer", hidden: true }, h("header", {}, bar, close), content);
  const opener = h("button.opener", { type: "button", id: "developer", "aria-expanded": "false", "aria-controls": "panel",
    onclick: () => toggle(element.hidden) }, icon("code"), " Developer");
  let chosen = null;

  function choose(name, detail) {
    chosen?.leave?.();
    chosen = tabs.find((tab) => tab.name === name);
    for (const tab of bar.children) {
      const here = tab.textContent === name;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
    }
    content.setAttribute("aria-labelledby", `tab-${name}`);
    content.replaceChildren(chosen.element);
    chosen.enter?.(detail);
  }

  function toggle(open) {
    element.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("with-panel", open);
    localStorage.setItem("panel", open ? "open" : "");
    if (open) choose(chosen?.name ?? "Requests");
    else chosen?.leave?.();
    (open ? bar.querySelector("[aria-selected=true]") : opener).focus();
  }

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(chosen) + step + tabs.length) % tabs.length];
    choose(next.name);
    bar.querySelector("[aria-selected=true]").focus();
  });
  element.addEventListener("keydown", (event) => event.key === "Escape" && toggle(false));
  document.body.append(element, opener);
  if (localStorage.getItem("panel")) toggle(true);
}

function requests(showLogs) {
  const list = h("ul.requests");
  const empty = h("p.empty", {}, "Every request of this page will be listed here.");
  const rows = new Map();
  const forgotten = new WeakSet();

  function draw(entry) {
    if (forgotten.has(entry)) return;
    empty.remove();
    let row = rows.get(entry);
    if (!row) {
      row = h("details", {}, h("summary"));
      row.addEventListener("toggle", () => row.open && fill(entry, row));
      rows.set(entry, row);
      list.prepend(h("li", {}, row));
      while (rows.size > REQUESTS) forgetOldest();
    }
    const kind = !entry.status ? "" : entry.status < 400 ? ".good" : ".bad";
    const times = entry.times > 1 ? h("span.times", {}, `×${entry.times}`) : null;
    row.firstElementChild.replaceChildren(h(`span.status${kind}`, {}, String(entry.status ?? "…")), " ",
      h("span.path", {}, h("b", {}, entry.method), ` ${entry.path.replaceAll(ID, "…$1")}`), times ?? "", h("span.time", {}, entry.milliseconds ? `${entry.milliseconds} ms` : ""));
    if (row.open) fill(entry, row);
  }

  function forgetOldest() {
    const [oldest] = rows.keys();
    forgotten.add(oldest);
    rows.delete(oldest);
    list.lastElementChild.remove();
  }

  function fill(entry, row) {
    const log = entry.request && h("button.link", { type: "button", onclick: () => showLogs(entry.request) }, "Its logs");
    row.replaceChildren(row.firstElementChild,
      h("p.caption", {}, "curl ", copy(() => entry.curl), " ", log || ""), h("pre", {}, entry.curl),
      h("p.caption", {}, entry.error ?? `${entry.status ?? ""} ${entry.kind ?? ""}`), h("pre", {}, entry.answer || "(no body)"));
  }

  entries.forEach(draw);
  onEntry(draw);
  return { name: "Requests", element: h("div", {}, empty, list) };
}
