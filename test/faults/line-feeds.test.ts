// Tests jobs whose keys or values contain line feeds, in output formats of lines.

import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Folder, newFolder } from "../support/tsmr.ts";

const INDEX = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);

/** An app whose keys are the words of its input. */
function appOf(map: string, reduce: string, output = ""): string {
  return `
    import { defineApp, lines, tsv } from ${INDEX};
    export default defineApp({
      input: lines(),
      map(line, emit) { for (const word of String(line).split(" ")) ${map}; },
      reduce(key, values) { return ${reduce}; },
      ${output}
    });`;
}

const EMIT = "emit(word, 1)";
const RUN = ["run", "app.ts", "a", "b", "--no-check", "--quiet", "--out", "out"];
const SEQUENTIAL = ["sequential", "app.ts", "a", "b", "--out", "expected"];

async function expectSameAsSequential(folder: Folder, ...options: string[]): Promise<void> {
  const run = await folder.tsmr(...RUN, "--merge", ...options).ended;
  expect([run.code, run.stderr]).toEqual([0, ""]);
  expect((await folder.tsmr(...SEQUENTIAL).ended).code).toBe(0);
  expect(folder.text("out/mr-out")).toBe(folder.text("expected"));
}

const CLASSIC = `
  export const map = (name, text) => text.split(" ").map((key) => ({ key, value: "1" }));
  export const reduce = () => "v\\nw 9";`;

describe("a job whose output has line feeds in it", { concurrent: true }, () => {
  for (const [what, app] of [
    ["values", appOf(EMIT, '"v\\nw 9"')],
    ["keys", appOf('emit(word + "\\nk", 1)', "1")],
    ["values of a classic app", CLASSIC],
  ] as const) {
    it(`F65 in its ${what} is neither merged nor searched, and its results stay whole`, async (context) => {
      const folder = newFolder(context);
      folder.write("app.ts", app);
      const multiline =
        /its output is not (merged|searched for --top): The lines of output ".*mr-out-\d" do not/;
      for (const options of [["--merge"], ["--resume", "--merge"], ["--resume", "--top", "3"]]) {
        const ended = await folder.tsmr(...RUN, ...options).ended;
        const [hint, why, ...more] = ended.stderr.split("\n");
        expect(hint).toMatch(/^tsmr: To begin again with another app: .* choose another --out$/);
        expect(why).toMatch(multiline);
        expect(why).toMatch(/line feed.*tsv\(\) or jsonLines\(\)/);
        expect([more, ended.stdout]).toEqual([[""], ""]);
        expect(ended.code).toBe(1);
      }
      expect(existsSync(folder.path("out/mr-out"))).toBe(false);
      // Each key is in one result, with its value.
      expect((await folder.tsmr(...SEQUENTIAL).ended).code).toBe(0);
      const results = Array.from({ length: 10 }, (_, y) => folder.text(`out/mr-out-${y}`)).join("");
      expect(results.length).toBe(folder.text("expected").length);
    });
  }

  it("F65 is merged as a sequential run has it, when one reduce task has all of it", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", appOf(EMIT, '"v\\nw 9"'));
    await expectSameAsSequential(folder, "--reduces", "1");
  });

  it("F65 is merged when the output format escapes them, or writes several lines for a value", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", appOf('emit(word + "\\nk", 1)', '"v\\nw"', "output: tsv(),"));
    await expectSameAsSequential(folder, "--reduces", "3");
    const twice = `output: { name: "twice", write(key, value, sink) {
      for (const part of ["a", "b"]) sink.text(key + " " + part + "\\n");
    } },`;
    folder.write("app.ts", appOf(EMIT, "1", twice));
    const out = ["--out", "again", "--merge", "--reduces", "3"];
    const run = await folder.tsmr(...RUN.slice(0, -2), ...out).ended;
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect((await folder.tsmr(...SEQUENTIAL).ended).code).toBe(0);
    expect(folder.text("again/mr-out")).toBe(folder.text("expected"));
  });
});
