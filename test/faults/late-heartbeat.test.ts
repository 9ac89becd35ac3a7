// Tests src/mr/engines/local: workers whose heartbeat starts late.

import { describe, expect, it, type TestContext } from "vitest";
import { Job, sleep } from "../support/job.ts";

const TSMR = "src/main/tsmr.ts";

/** An app whose first record is all the work there is, done without a moment in which anything else can run. */
function startJob({ onTestFinished }: TestContext, work: string): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.write("a", "x y x\n");
  job.writeApp(`import { writeFileSync } from "node:fs";
    import { defineApp, lines, sum, words } from "tsmr";
    export default defineApp({
      input: lines(),
      map(line, emit) {
        writeFileSync("begun", "");
        ${work}
        for (const word of words(line)) emit(word, 1);
      },
      combine: sum,
      reduce: (_word, counts) => sum.of(counts),
    });`);
  return job;
}

describe("a worker of tsmr run whose app lets nothing else run", { concurrent: true }, () => {
  it("F8: keeps its task for as long as it computes", async (context) => {
    // Longer than a lease, and that longer than a busy machine holds a process up.
    const job = startJob(context, "for (const end = Date.now() + 17_000; Date.now() < end;);");
    const args = ["a", "--workers", "2", "--lease", "8", "--no-backups", "--json", "--out", "."];
    const { code, stdout } = await job.start(TSMR, ["run", "app.ts", ...args]).ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ map: { attempts: 1 } });
    expect(job.output()).toBe("x 2\ny 1\n");
  });

  it("F40: does not outlive the process that has started it, even if that is killed", async (context) => {
    const job = startJob(context, "for (;;);");
    const command = job.start(TSMR, ["run", "app.ts", "a", "--workers", "1", "--out", "."]);
    await job.appeared("begun");
    // When a job lasts so long, somebody watches.
    await sleep(1500);
    // Whatever was due by then is done when it has answered twice, even if it was held up.
    for (let answers = 0; answers < 2; answers++) await job.status();
    command.signalAlone("SIGKILL");
    expect(await command.survivors()).toEqual([]);
  });

  it("F6: is replaced when it is stopped, although it is the only one", async (context) => {
    const job = startJob(context, "");
    // Only the first one stops itself.
    const stop = `if (!existsSync("stopped")) {
        writeFileSync("stopped", String(process.pid));
        process.kill(process.pid, "SIGSTOP");
      }`;
    job.writeApp(`import { existsSync, writeFileSync } from "node:fs";
    export const map = (_file: string, text: string) => {
      ${stop}
      return text.trim().split(/\\s+/).map((key) => ({ key, value: "" }));
    };
    export const reduce = (_word: string, values: string[]) => String(values.length);`);
    const args = ["a", "--workers", "1", "--lease", "2", "--json", "--out", "."];
    const { code, stdout } = await job.start(TSMR, ["run", "app.ts", ...args]).ended;
    expect(code).toBe(0);
    expect(job.output()).toBe("x 2\ny 1\n");
    expect(JSON.parse(stdout)).toMatchObject({ map: { attempts: 2 } });
  });
});
