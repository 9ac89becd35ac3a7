import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runJob } from "../../../src/mr/engines/run-job.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { testEngine } from "../engine-conformance.ts";

testEngine("sequential");

it("F12 leaves no result behind when one of them can't be published", async () => {
  const directory = temporaryDirectory();
  const out = join(directory, "out");
  const app = join(directory, "app.ts");
  writeFileSync(join(directory, "in.txt"), "a b c");
  // The second result is in the way of itself: a file can't replace a directory.
  writeFileSync(
    app,
    `import { mkdirSync } from "node:fs";
    export const map = (_file: string, text: string) => text.split(" ").map((key) => ({ key, value: "" }));
    export function reduce() {
      mkdirSync(${JSON.stringify(join(out, "mr-out-1", "in-the-way"))}, { recursive: true });
      return "";
    }`,
  );
  const inputs = [join(directory, "in.txt")];
  mkdirSync(out);
  const job = runJob({ engine: "sequential", app, inputs, out, reduces: 3, check: false });
  await expect(job).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  expect(existsSync(join(out, "mr-out-0"))).toBe(false);
});
