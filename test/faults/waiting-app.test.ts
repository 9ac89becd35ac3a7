// Tests an app that waits longer than a lease without using the processor.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { runMap } from "../../src/mr/testing/run-map.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const LEASE_MS = 400;

const LIBRARY = JSON.stringify(join(import.meta.dirname, "../../src/mr/index.ts"));

/** A job whose `map` and `reduce` wait for two leases each. */
function job(call: string) {
  const home = temporaryDirectory();
  const app = `import { setTimeout as sleep } from "node:timers/promises";
    import { defineApp, lines } from ${LIBRARY};
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

it("F42 a reader that calls progress() keeps its lease, and may call it in every engine", async () => {
  const { out, options } = job("");
  const app = (reader: string) => `import { setTimeout as sleep } from "node:timers/promises";
    import { defineApp, recordsFrom } from ${LIBRARY};
    async function wait(progress) {
      for (let beats = 0; beats < 16; beats++) {
        await sleep(${LEASE_MS / 8});
        progress();
      }
    }
    const generator = recordsFrom("slow", async function* ({ file, progress }) {
      await wait(progress);
      yield "a";
    });
    const own = {
      name: "slow",
      splitting: "wholeFile",
      open(source, { progress }) {
        const records = ["a"];
        let isLoaded = false;
        return {
          offset: -1,
          next: () => (isLoaded ? records.pop() : undefined),
          async load() {
            if (isLoaded) return false;
            await wait(progress);
            isLoaded = true;
            return true;
          },
        };
      },
    };
    export default defineApp({
      input: ${reader},
      map(record, emit) { emit(record, 1); },
      reduce: () => 1,
    });`;
  for (const reader of ["generator", "own"]) {
    writeFileSync(options.app, app(reader));
    for (const engine of ["local", "sequential"] as const) {
      const made = `${out}-${reader}-${engine}`;
      await runJob({ ...options, out: made, engine, attempts: 1 });
      expect(readFileSync(join(made, "mr-out-0"), "utf8")).toBe("a 1\n");
    }
  }
  const { default: tested } = await import(options.app);
  expect(await runMap(tested, "")).toEqual({ pairs: [["a", 1]], counters: {} });
}, 60_000);

it("F42 the error of one that blocks says that it needs a longer --lease", async () => {
  const { options } = job("");
  const app = `import { execFileSync } from "node:child_process";
    import { defineApp, lines } from ${LIBRARY};
    export default defineApp({
      input: lines(),
      map(line, emit, context) {
        context.progress();
        execFileSync("sleep", ["${(4 * LEASE_MS) / 1000}"]);
        context.progress();
        emit(line, 1);
      },
      reduce: () => 1,
    });`;
  writeFileSync(options.app, app);
  const failed = runJob({ ...options, attempts: 1 });
  const message = expect.stringMatching(/blocks.*execFileSync\(\).*longer --lease/);
  await expect(failed).rejects.toMatchObject({ code: "TASK_LOST", message });
  await runJob({ ...options, out: `${options.out}-longer`, leaseMs: 10_000 });
  expect(readFileSync(join(`${options.out}-longer`, "mr-out-0"), "utf8")).toBe("a 1\n");
}, 120_000);

it("F42 the error of one that does not names --lease and context.progress()", async () => {
  const { options, lost } = job("");
  const failed = runJob({ ...options, attempts: 1 });
  const message = expect.stringMatching(/context\.progress\(\).*--lease/);
  await expect(failed).rejects.toMatchObject({ code: "TASK_LOST", message });
  expect(lost.length).toBeGreaterThan(0);
}, 120_000);
