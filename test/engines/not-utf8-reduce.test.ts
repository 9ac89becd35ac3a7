// Tests that every engine, and the helpers for tests of apps, say where `reduce` loses bytes that are not UTF-8.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RecordApp } from "../../src/mr/app/contract/define-app.ts";
import { runJob } from "../../src/mr/engines/run-job.ts";
import { ByteSlice } from "../../src/mr/index.ts";
import { runReduce, runSequential } from "../../src/mr/testing/index.ts";
import { JobHarness } from "../data/task/job-harness.ts";
import { Job } from "../support/job.ts";

const LINES = Buffer.from("caf\xe9 1\ncaf\xe8 2\ncafe 3\n\u00ef\u00bf\u00bd 4\n", "latin1");
const KEYS = "emit(line.subarray(0, line.length - 2), 1)";
const VALUES = 'emit("all", line.subarray(0, line.length - 2))';
const ORDER = "orderValues: (a, b) => (String(a) < String(b) ? -1 : 1),";
const NAMES = 'output: { name: "names", write(key, value, sink) { sink.text(key + "\\n"); } },';
const JSON_NAMES =
  'output: { name: "json", write(key, value, sink) { sink.text(JSON.stringify({ name: value }) + "\\n"); } },';

const BAD_KEY = "caf\ufffd";
/** What apps do, the number of keys in which they lose bytes, and the first such key. */
const APPS: readonly [what: string, map: string, rest: string, lost: number, key?: string][] = [
  ["returns the key", KEYS, "reduce: (key) => key", 2, BAD_KEY],
  ["returns a part of the key in JSON", KEYS, "reduce: (key) => [key.slice(1)]", 2, BAD_KEY],
  ["gives the key to its output", KEYS, `${JSON_NAMES} reduce: (key) => key`, 2, BAD_KEY],
  ["has an output that makes a string of the key", KEYS, `${NAMES} reduce: () => 1`, 2, BAD_KEY],
  [
    "decodes the bytes of the key itself",
    KEYS,
    "reduce: (_, values, emit, { keyBytes }) => keyBytes.view().toString()",
    2,
    BAD_KEY,
  ],
  ["does not use the key", KEYS, "reduce: () => 1", 0],
  [
    "returns the bytes of the key",
    KEYS,
    "reduce: (_, values, emit, context) => context.keyBytes",
    0,
  ],
  [
    "counts values as strings",
    VALUES,
    "reduce(_, values) { const all = new Set(); for (const value of values) all.add(String(value)); return all.size; }",
    1,
    "all",
  ],
  [
    "has values as names of members",
    VALUES,
    "reduce(_, values) { const all = {}; for (const value of values) all[value] = 1; return all; }",
    1,
    "all",
  ],
  [
    "decodes the bytes of values itself",
    VALUES,
    "*reduce(_, values) { for (const value of values) yield value.view().toString(); }",
    1,
    "all",
  ],
  [
    "cuts values into words",
    VALUES,
    "*reduce(_, values) { for (const v of values) yield* words(v); }",
    1,
    "all",
  ],
  ["returns values as they are", VALUES, "*reduce(_, values) { yield* values; }", 0],
  ["compares values as strings", VALUES, `${ORDER} *reduce(_, values) { yield* values; }`, 0],
  [
    "reads values in Latin-1",
    VALUES,
    '*reduce(_, values) { for (const value of values) yield value.view().toString("latin1"); }',
    0,
  ],
];

let job: Job;
beforeEach(() => {
  job = new Job();
  job.write("a", LINES);
  job.write("b", LINES);
});
afterEach(() => job.end());

/** The app of a row of {@link APPS}, as a file of the job. */
function writeApp(map: string, rest: string): string {
  const library = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);
  job.write(
    "app.mjs",
    `import { defineApp, lines, words } from ${library};
    export default defineApp({ input: lines(), map(line, emit) { ${map}; }, ${rest} });`,
  );
  return job.path("app.mjs");
}

async function importApp(map: string, rest: string): Promise<RecordApp> {
  const { default: app } = (await import(writeApp(map, rest))) as { default: RecordApp };
  return app;
}

function countersOf(lost: number): Record<string, number> {
  return lost === 0 ? {} : { "keys-not-utf8": lost };
}

describe.each(APPS)("an app that %s", (_, map, rest, lost, key) => {
  it("F18 counts the keys of which tasks lose bytes, whatever the splits", async () => {
    const app = await importApp(map, rest);
    for (const [splitBytes, fanIn] of [
      [1000, 64],
      [8, 2],
    ] as const) {
      const harness = new JobHarness();
      const files = ["a", "b"].map((name) => harness.write(name, LINES));
      await harness.run(app, files, { splitBytes, fanIn });
      expect(harness.counters).toEqual(countersOf(lost));
    }
  });

  it("F18 counts the keys in a sequential run, and names the first", async () => {
    const lines: string[] = [];
    const { counters, skipped } = await runJob({
      ...{ engine: "sequential", reduces: 1, check: false, maxBadRecords: 0 },
      ...{ app: writeApp(map, rest), inputs: [job.path("a"), job.path("b")] },
      ...{ out: job.path("out"), log: (line: string) => lines.push(line) },
    });
    expect(counters).toEqual(countersOf(lost));
    expect(skipped).toEqual([]);
    const said = lines.filter((line) => line.includes("UTF-8"));
    expect(said.length).toBe(Math.sign(lost));
    if (lost > 0) expect(said[0]).toMatch(lineOf(key));
  });

  it("F18 counts the keys in tests of apps", async () => {
    const app = await importApp(map, rest);
    const { counters } = await runSequential(app, [LINES, LINES]);
    expect(counters).toEqual(countersOf(lost));
    const slice = new ByteSlice(LINES, 0, 4);
    const reduced =
      map === KEYS
        ? await runReduce(app, slice, [1])
        : await runReduce(app, "all", [slice, new ByteSlice(Buffer.from("cafe"))]);
    expect(reduced.counters).toEqual(countersOf(Math.sign(lost)));
  });
});

function lineOf(key = ""): RegExp {
  return new RegExp(
    `Not UTF-8: key "${key}": the byte 0xe[89] is not UTF-8; such bytes end a word, and become U.FFFD in a string, which can make different texts equal$`,
  );
}

describe("tsmr run", () => {
  it("F18 counts the keys of which reduce loses bytes, and names the first", {
    timeout: 120_000,
  }, async () => {
    const lines: string[] = [];
    const { counters, skipped } = await runJob({
      ...{ workers: 1, reduces: 1, check: false, maxBadRecords: 0 },
      ...{ app: writeApp(KEYS, "reduce: (key) => key"), inputs: [job.path("a")] },
      ...{ out: job.path("out"), log: (line: string) => lines.push(line) },
    });
    expect(counters).toEqual({ "keys-not-utf8": 2 });
    expect(skipped).toEqual([]);
    expect(lines.filter((line) => line.includes("UTF-8"))).toEqual([
      expect.stringMatching(lineOf(BAD_KEY)),
    ]);
  });
});

describe("tsmr sequential", () => {
  it("F18 names the first key of which reduce loses bytes", { timeout: 120_000 }, async () => {
    writeApp(KEYS, "reduce: (key) => key");
    const { code, stderr } = await job.start("src/main/mrsequential.ts", ["app.mjs", "a"]).ended;
    expect(stderr).toMatch(
      /^mrsequential: Not UTF-8: key "caf\ufffd": the byte 0xe8 is not UTF-8; .*\n$/,
    );
    expect(code).toBe(0);
  });
});
