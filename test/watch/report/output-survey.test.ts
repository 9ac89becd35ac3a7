import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { readLines, surveyOutput } from "../../../src/mr/watch/report/output-survey.ts";
import { TopKeys, ValueSpread } from "../../../src/mr/watch/report/value-statistics.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

/** Surveys an output of these lines, distributed over three files. */
async function survey(lines: readonly string[]) {
  for (let reduce = 0; reduce < 3; reduce++) {
    const own = lines.filter((_, at) => at % 3 === reduce).map((line) => `${line}\n`);
    writeFileSync(join(directory, `mr-out-${reduce}`), own.join(""));
  }
  const found = await surveyOutput(directory);
  expect(found.problems).toEqual([]);
  expect(found.lines).toBe(lines.length);
  const top = found.top.map(({ key, value }) => `${key}=${value}`);
  return { ...found, top, measured: found.spread.count };
}

describe("surveying an output", () => {
  it.each<[string, string[], string, string[]]>([
    ["counts", ["a 3", "b 10", "c 5"], "value", ["b=10", "c=5", "a=3"]],
    ["keys with spaces", ["new york 3", "rio 4"], "value", ["rio=4", "new york=3"]],
    ["fractions and signs", ["a -0.5", "b +1e3", "c .25"], "value", ["b=1000", "c=0.25", "a=-0.5"]],
    ["the lab's index", ["a 2 x,y", "b 1 z"], "first number of the value", ["a=2", "b=1"]],
    ["text", ["a long one", "b one"], "length of the value in bytes", ["a=8", "b=3"]],
    ["objects", ['a {"n":"x","sum":3}', 'b {"n":"y","sum":4}'], "value.sum", ["b=4", "a=3"]],
    ["arrays", ['a ["x","y"]', "b []"], "number of elements", ["a=2", "b=0"]],
    ["tsv", ["a\tx\t3", "b\ty z\t4"], "column 3", ["b=4", "a=3"]],
    ["tsv of one column", ["a b\t3", "c\t4"], "value", ["c=4", "a b=3"]],
    ["JSON lines", ['{"key":"a b","value":3}', '{"key":"c","value":4}'], "value", ["c=4", "a b=3"]],
    ["JSON lines of objects", ['{"key":"a","value":{"n":3}}'], "value.n", ["a=3"]],
    ["JSON lines of text", ['{"key":"a","value":"x"}'], "length of the line in bytes", ["a=23"]],
    ["ties", ["b 1", "a 1", "c 1"], "value", ["a=1", "b=1", "c=1"]],
  ])("finds what to show of %s", async (_, lines, label, top) => {
    expect(await survey(lines)).toMatchObject({ label, top });
  });

  it("takes what is a number in nearly all lines, and leaves the others out", async () => {
    const lines = Array.from({ length: 200 }, (_, at) => `k${at} ${at}`);
    const found = await survey([...lines, "broken"]);
    expect([found.label, found.measured, found.top[0]]).toEqual(["value", 200, "k199=199"]);
  });

  it("is of nothing where there is no output", async () => {
    expect(await survey([])).toMatchObject({ lines: 0, bytes: 0, top: [], measured: 0 });
    expect((await surveyOutput(join(directory, "none"))).problems).toHaveLength(1);
  });

  it("names a file that it cannot read, and reads the others", async () => {
    writeFileSync(join(directory, "mr-out-0"), "a 1\n");
    symlinkSync("gone", join(directory, "mr-out-1"));
    const { problems, lines } = await surveyOutput(directory);
    expect(problems).toEqual([
      expect.stringMatching(/^Cannot read output "mr-out-1": it is a symbolic link$/),
    ]);
    expect(lines).toBe(1);
  });
});

describe("reading lines", () => {
  it("gives the lines of a file wherever it is cut into chunks, and no more of a long one than bounded", async () => {
    const path = join(directory, "lines");
    const lengths = [0, 1, 65_536, 65_537, 262_143, 262_144, 600_000, 5, 0, 3];
    writeFileSync(path, lengths.map((n) => "x".repeat(n)).join("\n"));
    const seen: number[][] = [];
    const total = await readLines(fileStorage, path, ({ bytes, length }) => {
      seen.push([bytes.length, length]);
      return true;
    });
    expect(seen.map(([, length]) => length)).toEqual(lengths);
    expect(Math.max(...seen.map(([kept = 0]) => kept))).toBeLessThanOrEqual(262_144);
    expect(total).toBe(lengths.reduce((sum, n) => sum + n + 1, -1));
  });
});

describe("TopKeys", () => {
  it("keeps the largest, as sorting all of them would", () => {
    const entry = fc.record({
      key: fc.string({ maxLength: 3 }),
      value: fc.integer({ min: -9, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        (all, limit) => {
          const top = new TopKeys(limit);
          for (const { key, value } of all) top.add(value, () => key);
          const order = [...all].sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1));
          expect(top.list).toEqual(order.slice(0, limit));
        },
      ),
    );
  });
});

describe("ValueSpread", () => {
  it("keeps small whole numbers apart and others within five percent", () => {
    const values = fc.array(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const spread = new ValueSpread();
        for (const value of list) spread.add(value);
        const sorted = [...list].sort((a, b) => b - a);
        let at = 0;
        for (const { value, count } of spread.buckets) {
          for (const exact of sorted.slice(at, at + count)) {
            expect(Math.abs(exact / value - 1)).toBeLessThan(0.05);
          }
          at += count;
        }
        expect([at, spread.count, spread.max]).toEqual([list.length, list.length, sorted[0]]);
        expect(spread.sample).toEqual(sorted.reverse());
      }),
    );
    const small = new ValueSpread();
    for (let value = 0; value <= 22; value++) small.add(value);
    expect(small.buckets.map(({ value }) => value)).toEqual(
      Array.from({ length: 22 }, (_, at) => 22 - at),
    );
  });

  it("samples many values fairly, and the same every time", () => {
    const sampleOf = () => {
      const spread = new ValueSpread();
      for (let value = 0; value < 200_000; value++) spread.add(value);
      return spread.sample;
    };
    const sample = sampleOf();
    expect(sample).toHaveLength(20_000);
    const median = sample[10_000] ?? 0;
    expect(Math.abs(median - 100_000)).toBeLessThan(5000);
    expect(sampleOf()).toEqual(sample);
  });
});
