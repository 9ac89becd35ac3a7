// Tests all commands with an app whose promise never settles.

import { describe, expect, it } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { newFolder } from "../support/tsmr.ts";

const WHY = "it waits for a promise that nothing is left to settle";
const AT_TOP = `await new Promise(() => {});${MAP}${REDUCE}`;
const IN_MAP = `${REDUCE}export const map = () => new Promise(() => {});`;

describe("a command whose app waits for ever", { concurrent: true }, () => {
  const cases: Array<[program: string, args: string[], app: string]> = [
    ["tsmr", ["sequential", "app.ts", "a"], IN_MAP],
    ["tsmr", ["sequential", "app.ts", "a"], AT_TOP],
    ["mrsequential", ["app.ts", "a"], IN_MAP],
    ["mrworker", ["app.ts"], AT_TOP],
    ["tsmr", ["worker", "app.ts", "--dir", "."], AT_TOP],
  ];
  for (const [program, args, app] of cases) {
    const where = app === AT_TOP ? "when it is loaded" : "in map";
    it(`says so: ${[program, ...args].join(" ")}, ${where}`, async (context) => {
      const folder = newFolder(context);
      folder.write("app.ts", app);
      const { code, stdout, stderr } = await folder.start(`src/main/${program}.ts`, args).ended;
      expect([stderr, stdout, code]).toEqual([
        `${program}: Cannot go on with app "app.ts": ${WHY}\n`,
        "",
        1,
      ]);
    });
  }

  it("leaves it to a worker's attempt to fail of that", async (context) => {
    const folder = newFolder(context);
    folder.write("never.ts", IN_MAP);
    const coordinator = await folder.ready("a", "--attempts", "2");
    const worker = folder.worker("never.ts");
    const ended = await coordinator.ended;
    expect(ended.stderr).toContain(`Map task 0 failed 2 times: Error: ${WHY}`);
    expect((await worker.ended).stderr).not.toContain("Cannot go on");
  });
});
