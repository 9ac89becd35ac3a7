// Tests that sums which depend on how the input is split are counted.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sum } from "../../../src/mr/app/contract/combiners.ts";
import { defineApp, type RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import { lines } from "../../../src/mr/data/input/lines.ts";
import { runJob } from "../../../src/mr/engines/run-job.ts";
import { startScript } from "../../support/processes.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { JobHarness } from "./job-harness.ts";

/** Each line is a key and a number. */
function appOf(combine: typeof sum | undefined): RecordApp {
  return defineApp({
    input: lines(),
    map(line, emit) {
      const [key = "", value] = line.toString().split(" ");
      emit(key, Number(value));
    },
    ...(combine === undefined ? {} : { combine }),
    reduce: (_key, values) => sum.of(values as Iterable<number>),
  }) as RecordApp;
}

const EXACT = "a 9007199254740990\na 1\nb -9007199254740991\nc 0.1\nc 0.2\n";
const INEXACT = "a 9007199254740991\na 1\na 1\nb -9007199254740991\nb -2\nc 1\n";

describe.each([
  ["with a combiner", sum],
  ["without a combiner", undefined],
])("the sum of a key %s", (_, combine) => {
  it("F51 is counted if it is not exact", async () => {
    const job = new JobHarness();
    await job.run(appOf(combine), [job.write("in", Buffer.from(INEXACT))], { reduces: 2 });
    expect(job.counters).toEqual({ "sums-inexact": 2 });
  });

  it("F51 is not counted if it is", async () => {
    const job = new JobHarness();
    await job.run(appOf(combine), [job.write("in", Buffer.from(EXACT))], { reduces: 2 });
    expect(job.counters).toEqual({});
  });
});

it("F51 a sum that is not exact is counted by the sequential engine, and reported by its command", async () => {
  const home = temporaryDirectory();
  const input = join(home, "in");
  writeFileSync(input, INEXACT);
  const app = join(home, "app.ts");
  writeFileSync(
    app,
    `import { defineApp, lines, sum } from "tsmr";
    export default defineApp({
      input: lines(),
      map: (line, emit) => emit(line.toString().split(" ")[0] ?? "", Number(line.toString().split(" ")[1])),
      combine: sum,
      reduce: (_key, values) => sum.of(values),
    });`,
  );
  const options = { app, inputs: [input], out: join(home, "out"), check: false } as const;
  const { counters } = await runJob({ ...options, engine: "sequential" });
  expect(counters).toEqual({ "sums-inexact": 2 });
  const args = ["sequential", app, input, "--out", join(home, "sums")];
  const { code, stderr } = await startScript("src/main/tsmr.ts", args, { cwd: home }).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "tsmr: sums-inexact: 2\n" });
});
