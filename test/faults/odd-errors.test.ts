// Tests tsmr run with apps that throw unusual values.

import { describe, expect, it, type TestContext } from "vitest";
import { REDUCE } from "../support/apps.ts";
import type { Ended } from "../support/processes.ts";
import { newFolder } from "../support/tsmr.ts";

/** Runs a job of which `map` does what is in `body`. */
function run(context: TestContext, body: string, attempts = 4, reduce = REDUCE): Promise<Ended> {
  const folder = newFolder(context);
  const map = `export function map(): { key: string; value: string }[] { ${body} }`;
  folder.write("app.ts", `${map}\n${reduce}`);
  return folder.tsmr("run", "app.ts", "a", "--no-check", "--attempts", `${attempts}`).ended;
}

describe("an app that throws what nobody expects", { concurrent: true }, () => {
  for (const [what, body] of [
    [
      "a stack of frames",
      'Error.prepareStackTrace = (_, frames) => frames; throw new Error("boom");',
    ],
    ["a stack that is a number", 'throw Object.assign(new Error("boom"), { stack: 5 });'],
  ] as const) {
    it(`F22 is tried four times, and then named with the record: ${what}`, async (context) => {
      const { code, stderr } = await run(context, body);
      expect(code).toBe(1);
      expect(stderr).toContain('map of app.ts failed on "a": Error: boom\n');
      expect(stderr).toContain("attempt 4, failed");
      expect(stderr).not.toMatch(/refused|lost|attempt 5/);
    });
  }

  for (const [what, body] of [
    ["an object without a prototype", "throw Object.create(null);"],
    ["an object whose toString throws", "throw { toString() { throw new Error(); } };"],
  ] as const) {
    it(`F22 is named with the record: ${what}`, async (context) => {
      const { stderr } = await run(context, body, 1);
      const why = "object that cannot be made into text";
      expect(stderr).toContain(`map of app.ts failed on "a": ${why}\n`);
    });
  }

  for (const character of ["y", "\\0"]) {
    it(`F22 fails with words that can be read: a million of "${character}"`, async (context) => {
      const body = `throw new Error("${character}".repeat(1e6));`;
      const { stderr } = await run(context, body, 1);
      expect(stderr).toContain("… (1,000,0");
      expect(stderr).toMatch(/characters\)\n {4}at map .*app\.ts/);
      expect(stderr.length).toBeLessThan(5000);
    });
  }

  it("F22 fails with words that can be read: a key of a million characters", async (context) => {
    const body = 'return [{ key: "k".repeat(1e6), value: "" }];';
    const reduce = 'export function reduce(): string { throw new Error("boom"); }';
    const { stderr } = await run(context, body, 1, reduce);
    expect(stderr).toMatch(
      /reduce of app\.ts failed on key "k+"… \(1,000,000 characters\): Error: boom\n/,
    );
    expect(stderr.length).toBeLessThan(5000);
  });
});
