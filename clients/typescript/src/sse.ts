/** Reading server-sent events from the body of a response. */

/** One event. */
export interface ServerEvent {
  type: string;
  data: string;
  /** The id of the last event that had one. */
  id: string;
  /** The pause before another connection, in milliseconds, if the server named one. */
  retry: number | undefined;
}

/** The events of a stream, by the rules of the HTML standard. Throws when no byte comes for `silence` milliseconds. */
export async function* serverEvents(body: ReadableStream<Uint8Array>, silence: number): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let id = "";
  let retry: number | undefined;
  let type = "";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silence);
      if (done) return;
      // A CR at the end of a piece may be half of a CRLF.
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, field = "", text = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (field === "data") data.push(text);
        else if (field === "event") type = text;
        else if (field === "id" && !text.includes("\0")) id = text;
        else if (field === "retry" && /^\d+$/.test(text)) retry = Number(text);
        if (line !== "") continue;
        if (data.length > 0) yield { type: type || "message", data: data.join("\n"), id, retry };
        [type, data] = ["", []];
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No byte for ${milliseconds} ms.`)), milliseconds);
  });
  return Promise.race([promise, silent]).finally(() => clearTimeout(timer));
}
