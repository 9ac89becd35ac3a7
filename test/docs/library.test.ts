// Tests docs/library.md: its programs run.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Command, startScript } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = new Map<string, string>();
const MARKDOWN = readFileSync(join(ROOT, "docs/library.md"), "utf8");
for (const [, name = "", code = ""] of MARKDOWN.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)) {
  EXAMPLES.set(name, code);
}

let directory: string;
const commands: Command[] = [];
beforeAll(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory, "books"));
  writeFileSync(join(directory, "books/a.txt"), "to be or not to be");
  writeFileSync(join(directory, "books/b.txt"), "to do");
});
afterAll(async () => {
  await Promise.all(commands.map((command) => command.kill()));
});

/** Starts an example; "tsmr" is this project's own sources. */
function start(name: string): Command {
  const file = join(directory, name.replace(/\.ts$/, ".mts"));
  const index = JSON.stringify(join(ROOT, "src/mr/index.ts"));
  writeFileSync(file, (EXAMPLES.get(name) ?? "").replaceAll('"tsmr"', index));
  const command = startScript(file, [], { cwd: directory });
  commands.push(command);
  return command;
}

describe("the examples of docs/library.md", { concurrent: true }, () => {
  it("are all tried here", () => {
    expect([...EXAMPLES.keys()].sort()).toEqual([
      "cancel.ts",
      "count.ts",
      "notebook.ts",
      "server.ts",
      "watch.ts",
    ]);
  });

  it("run a job in one call", async () => {
    const { code, stdout, stderr } = await start("count.ts").ended;
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^10 files in \d+ ms/);
    expect(readdirSync(join(directory, "counts"))).toContain("mr-out-9");
  });

  it("watch a job", async () => {
    const { code, stdout, stderr } = await start("watch.ts").ended;
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^12 tasks: completed\n/);
  });

  it("end a job early", async () => {
    const { code, stdout, stderr } = await start("cancel.ts").ended;
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/^The job is not complete: .*timeout/);
  });

  it("read the results in a notebook", async () => {
    const { code, stdout, stderr } = await start("notebook.ts").ended;
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toMatch(/s: one more task\n/);
    expect(stdout).toMatch(/'to' +│ 3 .*\n.*'be' +│ 2 /);
  });

  it("serve a job to a browser", async () => {
    process.env["PORT"] = "0";
    const server = start("server.ts");
    const port = /port: (\d+)/.exec(await server.printedOut(/port: \d+/))?.[1];
    const response = await fetch(`http://127.0.0.1:${port}/`);
    const text = await response.text();
    expect(text).toMatch(/^data: \{"type":"jobStarted"/);
    expect(text).toMatch(/data: \{"type":"jobEnded","outcome":\{"state":"completed"\}/);
    expect(text).toMatch(/event: result\ndata: \{"outputs":\[/);
  });
});
