// Tests tsmr run with an app that ends its process or never loads.

import { describe, expect, it } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { newFolder } from "../support/tsmr.ts";

/** What Node ends with, and what any program may; see src/mr/engines/local/exit-codes.ts for what a worker does. */
const CODES = [0, 1, 3, 86];

describe("tsmr run of an app that ends its process", { concurrent: true }, () => {
  it.for(CODES)(
    "F37: replaces workers until the job fails and names the task: exit code %i in map",
    async (exitCode, context) => {
      const folder = newFolder(context);
      folder.write("app.ts", MAP.replace("{", `{ process.exit(${exitCode});`) + REDUCE);
      const args = ["app.ts", "a", "-w", "1", "-r", "1", "--attempts", "1"];
      const { code, stderr } = await folder.tsmr("run", ...args).ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /: The job failed: Map task 0.* was lost 5 times: .*its worker died\n/,
      );
    },
  );

  it("F37: completes the job when the app does so at its first attempt only", async (context) => {
    const folder = newFolder(context);
    const first = `if (_file.endsWith("a") && !existsSync("${folder.path("been")}")) {
      writeFileSync("${folder.path("been")}", "");
      process.exit(0);
    }`;
    const imports = `import { existsSync, writeFileSync } from "node:fs";\n`;
    folder.write("app.ts", imports + MAP.replace("{", `{ ${first}`) + REDUCE);
    const { code, stdout } = await folder.tsmr("run", "app.ts", "a", "b", "-w", "2", "--top", "1")
      .ended;
    expect([code, stdout]).toEqual([0, "y 3\n"]);
  });

  it.for(CODES)(
    "F21: says so in one line: exit code %i when it is loaded",
    async (exitCode, context) => {
      const folder = newFolder(context);
      folder.write("app.ts", `process.exit(${exitCode});\n${MAP}${REDUCE}`);
      const { code, stderr } = await folder.tsmr("run", "app.ts", "a", "--no-check", "-q").ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(
          `^tsmr: Cannot load app ".*/app.ts": it ends the process that loads it, with exit code ${exitCode}\n$`,
        ),
      );
    },
  );

  it("F21: says so in one line when at its top level it waits for ever", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", `await new Promise(() => {});\n${MAP}${REDUCE}`);
    const { code, stderr } = await folder.tsmr("run", "app.ts", "a", "--no-check", "-q").ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^tsmr: Cannot load app ".*\/app.ts": at its top level, it waits for what never happens\n$/,
    );
  });

  it("F21: says what else it needs of its user, with the exit code of wrong usage", async (context) => {
    const folder = newFolder(context);
    const { code, stderr } = await folder.tsmr("run", "grep", "a", "-q").ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tsmr: Cannot load app ".*": .*GREP.*\n$/);
  });
});
