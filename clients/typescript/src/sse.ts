/** Reading server-sent events from the body of a response. */

/** An event, with the id of the last one that had an id. */
export type ServerEvent = { type: string; data: string; id: string };

/** The events of a stream, by the rules of the HTML standard. Calls `alive` at each piece that comes. */
export async function* serverEvents(body: ReadableStream<Uint8Array>, alive: () => void): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [rest, id, type, data] = ["", "", "", ""];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      // A CR at the end of a piece may be half of a CRLF.
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, field, text = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (field === "data") data += `${text}\n`;
        if (field === "event") type = text;
        if (field === "id") id = text;
        if (line !== "") continue;
        if (data) yield { type, data, id };
        [type, data] = ["", ""];
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
