// Following a reply until it is there, whatever happens to the connection.

const RETRY_MILLISECONDS = 2000;

/** Waits, or until the browser is online again. */
export function pause(milliseconds, signal) {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });
}

/** The shortest and the longest pause between two looks at what other devices did. */
const SOON_MILLISECONDS = 4000;
const LATE_MILLISECONDS = 30_000;

/** Looks again and again. `look` returns whether something happened: where nothing does, the pauses grow. */
export async function keepLooking(look, signal) {
  let milliseconds = SOON_MILLISECONDS;
  const soon = () => (milliseconds = SOON_MILLISECONDS);
  addEventListener("focus", soon, { signal });
  addEventListener("keydown", soon, { signal });
  for (;;) {
    await pause(milliseconds, signal);
    if (signal.aborted) return;
    milliseconds = (await look()) ? SOON_MILLISECONDS : Math.min(milliseconds * 1.25, LATE_MILLISECONDS);
  }
}

/** Follows a reply. `to` gets the text as it is written. Returns the message at its end, or nothing if it is gone. */
export async function watch(app, accepted, signal, to) {
  while (!signal.aborted) {
    try {
      for await (const event of app.chat.follow(accepted, { signal })) {
        to.connected(true);
        if (event.type === "snapshot") to.write(event.content);
        if (event.type === "delta") to.append(event.content);
        if (event.type === "done") return event.message;
        if (event.type === "closing" && event.reason === "gone") return null;
      }
    } catch (error) {
      if (signal.aborted || error.status === 404 || error.status === 401) return null;
      to.connected(false);
    }
    await pause(RETRY_MILLISECONDS, signal);
  }
  return null;
}
