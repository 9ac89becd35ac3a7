// Tests an app that waits longer than a lease without using the processor.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const LEASE_MS = 400;

/** A job whose `map` and `reduce` wait for two leases each. */
function job(call: string) {
  const home = temporaryDirectory();
  const library = JSON.stringify(join(import.meta.dirname, "../../src/mr/index.ts"));
  const app = `import { setTimeout as sleep } from "node:timers/promises";
    import { defineApp, lines } from ${library};
    async function wait(context) {
      for (let beats = 0; beats < 16; beats++) {
        await sleep(${LEASE_MS / 8});
        ${call}
      }
    }
    export default defineApp({
      input: lines(),
      async map(line, emit, context) { emit(line, 1); await wait(context); },
      async reduce(key, values, emit, context) { await wait(context); return 1; },
    });`;
  writeFileSync(join(home, "app.mjs"), app);
  writeFileSync(join(home, "a.txt"), "a\n");
  const out = join(home, "out");
  const lost: JobEvent[] = [];
  const onEvent = (event: JobEvent) => {
    if (event.type === "attemptLost") lost.push(event);
  };
  const options = { app: join(home, "app.mjs"), inputs: [join(home, "a.txt")], out, onEvent };
  return { lost, out, options: { ...options, workers: 1, reduces: 1, leaseMs: LEASE_MS } };
}

it("F42 an app that calls context.progress() keeps its lease", async () => {
  const { out, options } = job("context.progress();");
  await runJob(options);
  expect(readFileSync(join(out, "mr-out-0"), "utf8")).toBe("a 1\n");
});

it("F42 an app in the classic form keeps its lease in the same way", async () => {
  const { out, options } = job("context.progress();");
  const app = `import { setTimeout as sleep } from "node:timers/promises";
    async function wait(context) {
      for (let beats = 0; beats < 16; beats++) {
        await sleep(${LEASE_MS / 8});
        context.progress();
      }
    }
    export async function map(file, text, context) {
      await wait(context);
      return [{ key: text.trim(), value: "1" }];
    }
    export async function reduce(key, values, context) {
      await wait(context);
      return String(values.length);
    }`;
  writeFileSync(options.app, app);
  await runJob(options);
  expect(readFileSync(join(out, "mr-out-0"), "utf8")).toBe("a 1\n");
  const sequential = { ...options, out: `${out}-sequential`, engine: "sequential" } as const;
  await runJob(sequential);
  expect(readFileSync(join(sequential.out, "mr-out-0"), "utf8")).toBe("a 1\n");
});

it("F42 an app in the classic form gets no context where a third parameter is its own", async () => {
  const { out, options } = job("");
  const app = `export const map = (file, text, one = "1") => [{ key: text.trim(), value: one }];
    export const reduce = (key, values, ...rest) => String(values.length + rest.length);`;
  writeFileSync(options.app, app);
  await runJob(options);
  expect(readFileSync(join(out, "mr-out-0"), "utf8")).toBe("a 1\n");
});

it("F42 the error of one that does not names --lease and context.progress()", async () => {
  const { options, lost } = job("");
  const failed = runJob({ ...options, attempts: 1 });
  const message = expect.stringMatching(/context\.progress\(\).*--lease/);
  await expect(failed).rejects.toMatchObject({ code: "TASK_LOST", message });
  expect(lost.length).toBeGreaterThan(0);
}, 120_000);
