import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packSplits, planJob } from "../../../src/mr/data/input/plan-job.ts";
import { inputName, type Split } from "../../../src/mr/job/split.ts";
import { storageFor } from "../../../src/mr/storage/registry.ts";

const MEBIBYTE = 2 ** 20;

function files(sizes: readonly number[]): Split[] {
  return sizes.map((size, index) => ({ file: `f${index}`, start: 0, end: size }));
}

/** What the tasks read, as the numbers of the files. */
function packed(sizes: readonly number[], splitBytes: number, leastTasks: number): string[] {
  return packSplits(files(sizes), splitBytes, leastTasks).map(({ file, further = [] }) => {
    return [file, ...further.map((part) => part.file)].join(" ");
  });
}

describe("planJob", () => {
  const inputs = ["a", "b", "c", "d"].map((url) => ({ url, size: 1000, version: "1" }));
  const rest = { inputs, inputDirectory: "/", splitBytes: undefined, workers: 2 };

  function planned(app: string | undefined, splitBytes?: number): string[] {
    const plan = planJob(storageFor, { ...rest, app, splitBytes });
    return plan("wholeFile").map(inputName);
  }

  it("lets files that are not cut share tasks, too", () => {
    expect(planned("/wc.ts")).toEqual(["a +1", "c +1"]);
  });

  it("gives each file a task where workers bring the app, as in the lab", () => {
    expect(planned(undefined)).toEqual(["a", "b", "c", "d"]);
  });

  it("gives each file a task with the smallest split", () => {
    expect(planned("/wc.ts", 1)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("packSplits", () => {
  it("lets small files share tasks, in equal shares", () => {
    expect(packed(Array(8).fill(412_000), 64 * MEBIBYTE, 2)).toEqual([
      "f0 f1 f2 f3",
      "f4 f5 f6 f7",
    ]);
    expect(packed(Array(6).fill(MEBIBYTE), 64 * MEBIBYTE, 1)).toEqual(["f0 f1", "f2 f3", "f4 f5"]);
  });

  it("leaves as many tasks as can run at a time", () => {
    expect(packed(Array(8).fill(100), 64 * MEBIBYTE, 4)).toHaveLength(4);
    expect(packed([100, 100, 100], 64 * MEBIBYTE, 8)).toHaveLength(3);
  });

  it("leaves large files alone, beside small ones", () => {
    const sizes = [10, 64 * MEBIBYTE, 10, 10, 30 * MEBIBYTE, 40 * MEBIBYTE, 10];
    expect(packed(sizes, 64 * MEBIBYTE, 2)).toEqual(["f0", "f1", "f2 f3", "f4", "f5", "f6"]);
  });

  it("pairs no parts that fill most of a task by themselves", () => {
    expect(packed(Array(24).fill(1_650_000), 2 * MEBIBYTE, 3)).toHaveLength(24);
  });

  it("lets no files share a task that is as small as the user wants them", () => {
    expect(packed([1000, 1000, 1000], 1000, 1)).toHaveLength(3);
  });

  it("takes opening a file into account, however little there is in it", () => {
    expect(packed(Array(10_000).fill(0), 64 * MEBIBYTE, 2)).toHaveLength(79);
  });

  it("keeps the order, loses nothing, and fills no task twice over", () => {
    const sizes = fc.array(fc.nat(5 * MEBIBYTE), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 70 }), (bytes, leastTasks) => {
        const splits = files(bytes);
        const packs = packSplits(splits, 64 * MEBIBYTE, leastTasks);
        const parts = packs.flatMap(({ further = [], ...first }) => [first, ...further]);
        expect(parts).toEqual(splits);
        expect(packs.length).toBeGreaterThanOrEqual(Math.min(1, splits.length));
        for (const { end, further = [] } of packs) {
          if (further.length === 0) continue;
          const total = further.reduce((sum, part) => sum + part.end, end);
          expect(total).toBeLessThan(4 * MEBIBYTE);
        }
      }),
    );
  });
});
