// A headless Chromium, driven through chromedriver (https://www.w3.org/TR/webdriver2/).

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

/** With these flags the browser opens no addresses of its own. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export class Chromium {
  private constructor(private readonly session: string) {}

  static async start(test: TestContext): Promise<Chromium> {
    const profile = await mkdtemp(join(tmpdir(), "chromium-"));
    const driver = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "ignore"] });
    let session = "";
    test.after(async () => {
      // Chromedriver takes its browser with it only if it is asked to.
      if (session) await call("DELETE", session).catch(console.error);
      driver.kill();
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    });
    const url = `http://127.0.0.1:${await portOf(driver)}/session`;
    const args = [...FLAGS, `--user-data-dir=${profile}`];
    const capabilities = { alwaysMatch: { browserName: "chrome", "goog:chromeOptions": { args } } };
    const { sessionId } = (await call("POST", url, { capabilities })) as { sessionId: string };
    session = `${url}/${sessionId}`;
    return new Chromium(session);
  }

  /** Opens an address in a new tab, and returns the tab. */
  async open(address: string): Promise<string> {
    const { handle } = (await call("POST", `${this.session}/window/new`, { type: "tab" })) as { handle: string };
    await call("POST", `${this.session}/window`, { handle });
    await call("POST", `${this.session}/url`, { url: address });
    return handle;
  }

  /** Runs the body of an async function in a tab, and returns what it returns. */
  async run(tab: string, body: string): Promise<any> {
    await call("POST", `${this.session}/window`, { handle: tab });
    const script = `const done = arguments[0]; (async () => {${body}})().then((value) => done({ value }), (error) => done({ error: String(error) }))`;
    const { value, error } = (await call("POST", `${this.session}/execute/async`, { script, args: [] })) as any;
    if (error) throw new Error(error);
    return value;
  }
}

async function portOf(driver: ChildProcess): Promise<string> {
  const failed = new Promise<never>((_, reject) => driver.once("error", reject));
  const said = (async () => {
    for await (const line of createInterface(driver.stdout as NodeJS.ReadableStream)) {
      const port = /started successfully on port (\d+)/.exec(line)?.[1];
      if (port) return port;
    }
    throw new Error("chromedriver does not start");
  })();
  return Promise.race([said, failed]);
}

async function call(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const { value } = (await response.json()) as { value: any };
  if (!response.ok) throw new Error(`${method} ${url}: ${value.message}`);
  return value;
}
