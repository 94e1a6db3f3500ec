/** Reading server-sent events from the body of a response. */

export interface ServerEvent {
  type: string;
  data: string;
  /** The id of the last event that had one. */
  id: string;
}

/** The events of a stream, by the rules of the HTML standard. Throws when no byte comes for `silence` milliseconds. */
export async function* serverEvents(body: ReadableStream<Uint8Array>, silence: number): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [rest, id, type, data] = ["", "", "", ""];
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silence);
      if (done) return;
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

/** Rejects if the promise takes longer. */
export async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came for ${milliseconds} ms.`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
