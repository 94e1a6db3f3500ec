import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { fresh, texted, variable } from "./people.js";

const PACKAGE = join(import.meta.dirname ?? "", "../..");
const TSC = join(PACKAGE, "node_modules/.bin/tsc");

/** The code blocks of the README in a language. */
const blocks = async (language: string): Promise<string[]> => {
  const text = await readFile(join(PACKAGE, "README.md"), "utf8");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, code = ""]) =>
    found === language ? [code] : [],
  );
};

test("a stranger installs the published package, and the README's journey runs and has its types", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "stranger-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const run = async (program: string, ...args: string[]) =>
    (await promisify(execFile)(program, args, { cwd: home })).stdout;
  // It was built a moment ago, and other tests read what was built.
  await run("npm", "pack", PACKAGE, "--silent", "--ignore-scripts", "--pack-destination", home);
  const [tarball = ""] = (await readdir(home)).filter((name) => name.endsWith(".tgz"));
  await writeFile(join(home, "package.json"), '{"private":true,"type":"module"}');
  await run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline", `./${tarball}`);
  const installed = await readdir(join(home, "node_modules/chat-backend-client"), { recursive: true });
  assert.deepEqual(installed.filter((name) => !name.startsWith("dist")).sort(), ["README.md", "package.json"]);
  assert(!(await readdir(join(home, "node_modules"))).includes("ai"));

  const [journey = ""] = await blocks("js");
  assert(journey.trim().split("\n").length <= 30);
  await writeFile(join(home, "journey.js"), journey);
  await writeFile(join(home, "journey.ts"), journey);
  const types = ["--types", "node", "--typeRoots", join(PACKAGE, "node_modules/@types")];
  await run(TSC, "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", ...types, "journey.ts");

  const mobile = fresh();
  const env = { ...process.env, API_URL: variable("API_URL"), MOBILE: mobile };
  const running = promisify(execFile)("node", ["journey.js"], { cwd: home, env });
  // It asks for the code, unless the API returns it.
  running.child.stdout?.once("data", async (asked) => {
    if (String(asked).includes("The code?")) running.child.stdin?.write(`${await texted(mobile)}\n`);
  });
  const { stdout } = await running;
  assert.match(stdout, /^completed: .*What is tea\?/m);
});

test("the README's component for the AI SDK has its types", async (t) => {
  const home = await mkdtemp(join(PACKAGE, "build/component-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const [component = ""] = await blocks("tsx");
  await writeFile(join(home, "room.tsx"), component);

  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--jsx",
    "react-jsx",
  ];
  await promisify(execFile)(TSC, [...options, "room.tsx"], { cwd: home });
});
