// Tests docs/apps.md: its commands print what it says.

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { SHIPPED_APPS } from "../../src/main/commands/apps.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { type Example, findExamples } from "./examples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGE = join(ROOT, "docs/apps.md");
/** Set it to write what the commands print into the page, and review the difference. */
const { UPDATE_DOCS } = process.env;
/** Several jobs at once, on a machine that may be busy with other tests. */
const PATIENCE = { timeout: 300_000 };

describe("the catalogue of the apps", () => {
  const page = readFileSync(PAGE, "utf8");
  const examples = findExamples(page);
  let directory: string;

  beforeAll(() => {
    directory = temporaryDirectory();
    mkdirSync(join(directory, "bin"));
    // One worker does for inputs of a few lines, and starts a process less.
    const tsmr = `exec "${process.execPath}" --import "${import.meta.resolve("tsx")}" "${ROOT}src/main/tsmr.ts" "$@" --workers 1`;
    writeFileSync(join(directory, "bin/tsmr"), `#!/bin/sh\n${tsmr}\n`, { mode: 0o755 });
  });

  async function run({ title, files, command }: Example): Promise<string> {
    const cwd = join(directory, title);
    mkdirSync(cwd);
    for (const [name, contents] of files) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), contents);
    }
    const path = `${join(directory, "bin")}${delimiter}${process.env["PATH"]}`;
    const env = { ...process.env, PATH: path, LC_ALL: "C" };
    const { stdout } = await promisify(execFile)("sh", ["-ec", command], { cwd, env });
    return stdout;
  }

  it.concurrent.each(examples)("shows what happens: $title", PATIENCE, async (example) => {
    const output = await run(example);
    if (UPDATE_DOCS !== "1") {
      expect(output).toBe(example.output);
      return;
    }
    // Each output changes where the next ones are, but not how often the same text came before.
    const now = readFileSync(PAGE, "utf8");
    const at = findExamples(now).find(({ title }) => title === example.title);
    if (at === undefined) throw new Error(`The page has no example "${example.title}" any more`);
    writeFileSync(PAGE, now.slice(0, at.from) + output + now.slice(at.to));
  });

  it("has an example of every app that computes something", () => {
    const shown = examples.map(({ title }) => title);
    const table = [...page.matchAll(/^\| \[`(\w+)`\]/gm)].map(([, name]) => name);
    expect(shown).toEqual(table);
    expect(new Set(shown)).toEqual(new Set(SHIPPED_APPS.map(({ name }) => name)));
  });
});
