// A `fetch` that remembers what was asked and answered.

const KEPT = 200;
const SHOWN_BYTES = 20_000;

/** What was asked, oldest first. */
export const entries = [];
const listeners = [];

/** Calls `listener` for each entry that is new or has changed. */
export const onEntry = (listener) => listeners.push(listener);

function changed(entry) {
  listeners.forEach((listener) => listener(entry));
}

/** `fetch`, recorded. */
export async function record(input, options) {
  const request = new Request(input, options);
  const body = request.body === null ? "" : await request.clone().text();
  const entry = remember(request, body);
  const began = performance.now();
  try {
    const response = await fetch(request);
    entry.status = response.status;
    entry.request = response.headers.get("x-request-id");
    entry.kind = response.headers.get("content-type");
    entry.milliseconds = Math.round(performance.now() - began);
    changed(entry);
    read(entry, response.clone());
    return response;
  } catch (error) {
    entry.status = request.signal.aborted ? "–" : "✕";
    entry.error = String(error);
    changed(entry);
    throw error;
  }
}

/** The entry of a request. The same question in a row is one entry. */
function remember(request, body) {
  const url = new URL(request.url);
  const path = url.pathname.replace(/^\/_aws\/[\w-]+\/[\w-]+/, "") + url.search;
  const before = entries.at(-1);
  if (request.method === "GET" && before?.method === "GET" && before.path === path) {
    Object.assign(before, { times: before.times + 1, answer: "", error: null });
    return before;
  }
  const entry = { method: request.method, path, times: 1, curl: curl(request, body), answer: "" };
  entries.push(entry);
  if (entries.length > KEPT) entries.shift();
  changed(entry);
  return entry;
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The request as a command. */
function curl(request, body) {
  const method = request.method === "GET" ? "" : ` -X ${request.method}`;
  const headers = [...request.headers].map(([name, value]) => ` \\\n  -H ${quoted(`${name}: ${value}`)}`);
  return `curl -i${method} ${quoted(request.url)}${headers.join("")}${body ? ` \\\n  -d ${quoted(body)}` : ""}`;
}

/** Reads the body piece by piece: an answer that is a stream is shown as it comes. */
async function read(entry, response) {
  let text = "";
  try {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader.read()) {
      if (text.length < SHOWN_BYTES) text += piece.value;
      entry.answer = text;
      changed(entry);
    }
    if (entry.kind?.includes("json")) entry.answer = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // The client gave the answer up; what came is shown.
  }
  changed(entry);
}
