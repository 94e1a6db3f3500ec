// Elements made of data. Every text becomes a text node: nothing here makes markup of a string.

/** Makes an element: `h("p.note", { title: "…", onclick() {} }, "text", child, null)`. */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the drawings in index.html. It says nothing to screen readers: its button has a label. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#draw-${name}`);
  svg.append(use);
  return svg;
}

/** A button that is disabled while its work runs. What the work throws goes to `failed`. */
export function button(label, work, { kind = "", failed = toastError, ...properties } = {}) {
  const element = h(`button${kind}`, { type: "button", ...properties }, label);
  element.addEventListener("click", () => busy(element, work, failed));
  return element;
}

/** Runs work with an element disabled. */
export async function busy(element, work, failed = toastError) {
  element.disabled = true;
  try {
    return await work();
  } catch (error) {
    failed(error);
  } finally {
    element.disabled = false;
  }
}

/** A form whose only submit button is disabled while `work` runs; a refusal is shown below the fields, as `say` puts it. */
export function form(className, fields, submit, work, say = words) {
  const alert = h("p.error", { role: "alert", hidden: true });
  const send = h("button.primary", { type: "submit" }, submit);
  const element = h(`form.${className}`, { novalidate: true }, fields, alert, send);
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    alert.hidden = true;
    busy(send, work, (error) => {
      alert.replaceChildren(...[say(error)].flat());
      alert.hidden = false;
    });
  });
  return element;
}

/** What an error says to people: the API's own words where it is the API's. */
export function words(error) {
  const fields = (error.errors ?? []).map((field) => field.detail);
  if (fields.length) return fields.join(" ");
  if (error.detail) return error.detail;
  return navigator.onLine && !(error instanceof TypeError) ? String(error.message ?? error) : "No connection to the service.";
}

/** Shows a sentence at the bottom for some seconds. */
export function toast(text) {
  const place = document.getElementById("toast");
  const shown = h("p", {}, text);
  place.replaceChildren(shown);
  setTimeout(() => shown.remove(), 6000);
}

/** A button that copies a text. */
export function copy(text) {
  return button("Copy", async () => {
    await navigator.clipboard.writeText(text());
    toast("Copied.");
  }, { kind: ".link" });
}

function toastError(error) {
  toast(words(error));
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const MINUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A date of the API's, for people. */
export const day = (text) => DAY.format(new Date(text));
export const minute = (text) => MINUTE.format(new Date(text));
