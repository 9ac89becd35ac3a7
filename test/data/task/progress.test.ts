// Tests the progress that src/mr/data/task/map-task.ts and reduce-task.ts report.

import { beforeEach, describe, expect, it } from "vitest";
import { defineApp, lines } from "../../../src/mr/index.ts";
import { JobHarness } from "./job-harness.ts";

let job: JobHarness;

beforeEach(() => {
  job = new JobHarness();
});

type Reduce = (key: string) => unknown;

/**
 * Reduces the lines of a file in one task, and forgets what the map tasks have told.
 *
 * @returns the bytes of the map outputs
 */
async function reduceLines(keys: number, reduce: Reduce, files = 1, fanIn?: number) {
  const app = defineApp({
    input: lines(),
    map: (line, emit) => emit(line, 1),
    reduce: (key: string, _values) => reduce(key) as string,
  });
  const text = Array.from({ length: keys }, (_, at) => `key-${at}\n`).join("");
  const paths = Array.from({ length: files }, (_, at) => job.write(`in-${at}.txt`, text));
  const options = { reduces: 1, ...(fanIn === undefined ? {} : { fanIn }) };
  const reports = await job.map(app, paths, options);
  job.told = { records: 0, bytes: 0 };
  await job.reduce(app, 0, reports, options);
  return reports.reduce((sum, [file]) => sum + (file?.bytes ?? 0), 0);
}

const REDUCES: ReadonlyArray<readonly [what: string, reduce: Reduce]> = [
  ["at once", () => "1"],
  ["later", async () => "1"],
  [
    "later one by one",
    async function* () {
      yield "1";
      yield "2";
    },
  ],
  [
    "later with nothing to write",
    async function* () {
      yield undefined;
      yield undefined;
    },
  ],
];

describe("the progress of a reduce task", () => {
  for (const [what, reduce] of REDUCES) {
    it.each([0, 1, 255, 256, 257, 600])(
      `has a record for each key, and the bytes of the map outputs, where reduce returns ${what}: %i keys`,
      async (keys) => {
        const shuffled = await reduceLines(keys, reduce);
        expect(job.told).toEqual({ records: keys, bytes: shuffled });
      },
    );
  }

  it("has each byte once, however many passes a merge has", async () => {
    const shuffled = await reduceLines(20, () => "1", 5, 2);
    expect(job.told).toEqual({ records: 20, bytes: shuffled });
  });

  it("advances with every value and every key that is waited for, so that the lease is kept", async () => {
    const seen: string[] = [];
    await reduceLines(3, async function* () {
      for (let value = 0; value < 3; value++) {
        seen.push(JSON.stringify(job.told));
        yield value === 1 ? undefined : `value ${value}`;
      }
    });
    expect(new Set(seen).size).toBe(9);

    const waited: string[] = [];
    await reduceLines(5, async () => {
      waited.push(JSON.stringify(job.told));
      return "1";
    });
    // Of a group is told when the next one makes wait.
    expect(new Set(waited).size).toBeGreaterThanOrEqual(4);
  });
});

describe("the progress of a map task", () => {
  it("has a record for each line, where only some take time", async () => {
    const app = defineApp({
      input: lines(),
      map: (line, emit) => {
        emit(line, 1);
        return line.length % 2 === 0 ? Promise.resolve() : undefined;
      },
      reduce: () => "1",
    });
    const text = Array.from({ length: 40 }, (_, at) => `${"x".repeat(at % 5)}\n`).join("");
    await job.map(app, [job.write("in.txt", text)]);
    expect(job.told.records).toBe(40);
  });
});
