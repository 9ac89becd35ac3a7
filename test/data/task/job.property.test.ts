// Tests src/mr/data/task: whole jobs of generated inputs against the sequential run.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { ByteSlice, Text } from "../../../src/mr/app/contract/byte-slice.ts";
import { count, first, max, min, sum, union } from "../../../src/mr/app/contract/combiners.ts";
import type { Emit } from "../../../src/mr/app/contract/contract.ts";
import { defineApp, type RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import { rangePartition } from "../../../src/mr/app/contract/partitioners.ts";
import { words } from "../../../src/mr/app/text/words.ts";
import { blocks, lines } from "../../../src/mr/data/input/lines.ts";
import * as wc from "../../../src/mrapps/wc.ts";
import { runOracle } from "../../support/oracle.ts";
import { JobHarness, sortedLines } from "./job-harness.ts";

let job = new JobHarness();

afterEach(() => {
  job = new JobHarness();
});

const wordCount = (combine?: typeof sum) =>
  defineApp({
    input: lines(),
    map(line, emit: Emit<number>) {
      for (const word of words(line)) emit(word, 1);
    },
    ...(combine === undefined ? {} : { combine }),
    reduce: (_word, counts) => sum.of(counts),
  });

/** All of the apps are deterministic, whatever the splits. */
const apps: Record<string, RecordApp> = {
  "word count": wordCount(sum),
  "word count without combiner": wordCount(),
  "count by blocks": defineApp({
    input: blocks(),
    map(block, emit) {
      for (const word of words(block)) emit(word, 1);
    },
    combine: count,
    reduce: (_word, counts) => count.of(counts),
  }),
  "least and greatest line length by first word, as strings": defineApp({
    input: lines(),
    map(line, emit) {
      const text = line.toString();
      const [key = ""] = words(text);
      emit(`min ${key}`, text.length);
    },
    combine: min,
    reduce: (_key, lengths) => min.of(lengths),
  }),
  "greatest offset": defineApp({
    input: lines(),
    map(line, emit, { offset }) {
      for (const word of words(line)) emit(word, offset);
    },
    combine: max,
    reduce: (_key, offsets) => max.of(offsets),
  }),
  "lines by their beginning, as slices": defineApp({
    input: lines(),
    map(line, emit: Emit<ByteSlice>) {
      emit(line.subarray(0, 2), line);
    },
    *reduce(_key, values) {
      for (const value of values) yield value;
    },
    partition: rangePartition(["a"]),
  }),
  "values in order": defineApp({
    input: lines(),
    map(line, emit: Emit<string>) {
      for (const word of words(line)) emit(word.subarray(0, 1), word.toString());
    },
    orderValues: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    reduce: (_key, values) => [...values].join(","),
  }),
  "distinct words by first letter": defineApp({
    input: lines(),
    map(line, emit) {
      for (const word of words(line.toString())) emit(word.slice(0, 1), { word });
    },
    combine: union,
    reduce: (_key, found) => union.of(found),
  }),
  "distinct words by first letter, in order": defineApp({
    input: lines(),
    map(line, emit) {
      for (const word of words(line.toString())) emit(word.slice(0, 1), word);
    },
    combine: union,
    orderValues: (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0),
    // Neighbours, not `union.of`: that equal values come together is what the order is for.
    reduce(_key, found) {
      const distinct: string[] = [];
      for (const word of found) if (word !== distinct.at(-1)) distinct.push(word);
      return distinct;
    },
  }),
  "first line of each word": defineApp({
    input: lines(),
    map(line, emit: Emit<string>) {
      for (const word of words(line)) emit(word, line.toString());
    },
    combine: first,
    reduce: (_key, values) => first.of(values),
  }),
  "a fold of one's own, on arrays": defineApp({
    input: lines(),
    *map(line): Generator<[Text, number[]]> {
      for (const word of words(line)) yield [word, [word.length, 1]];
    },
    combine: (a: number[], b: number[]) => a.map((n, index) => n + (b[index] ?? 0)),
    async *reduce(_key, values) {
      const all = [...values].reduce((a, b) => a.map((n, i) => n + (b[i] ?? 0)));
      yield all;
      if ((all[1] ?? 0) > 2) yield "often";
    },
  }),
  "async, with outputs emitted": defineApp({
    input: lines(),
    async map(line, emit: Emit<string>) {
      await Promise.resolve();
      for (const word of words(line)) emit(word, "x");
    },
    async reduce(_key, values, emit: (output: number) => void) {
      await Promise.resolve();
      emit([...values].length);
    },
  }),
};

const text = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom("the", "cat", "Ünïcode", "a", "語彙", "x1y", "it's"),
      },
      { weight: 4, arbitrary: fc.constantFrom(" ", "\n", "\r\n", ", ", '"', "\\", "\0", "\xff") },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 5 }) },
      { weight: 1, arbitrary: fc.constantFrom("long".repeat(30), "__proto__", "constructor") },
    ),
    { maxLength: 120 },
  )
  .map((parts) => Buffer.from(parts.join(""), "utf8"));

const SLOW_MS = 300_000;

const options = fc.record({
  reduces: fc.integer({ min: 2, max: 5 }),
  // Files that are not cut may share a task.
  splitBytes: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 3, max: 300 }) },
    { weight: 1, arbitrary: fc.constant(2 ** 26) },
  ),
  parallelism: fc.constantFrom(1, 2, Infinity),
  fanIn: fc.integer({ min: 2, max: 4 }),
});

describe("a job in the record form", () => {
  it.each(Object.keys(apps))(
    "equals the oracle at any splits, reduces and fan-in: %s",
    async (name) => {
      const app = apps[name] ?? wordCount();
      await fc.assert(
        fc.asyncProperty(fc.array(text, { maxLength: 3 }), options, async (contents, settings) => {
          const files = contents.map((bytes, index) => {
            job.write(`in/${index}.txt`, bytes);
            return `in/${index}.txt`;
          });
          const outputs = await job.run(app, files, settings);
          const oracle = await runOracle(app, files, job.directory);
          expect(sortedLines(outputs)).toEqual(sortedLines([oracle]));
          expect(job.leftovers).toEqual([]);
        }),
        { numRuns: 25 },
      );
    },
    SLOW_MS,
  );

  it.each(Object.keys(apps))(
    "F26 equals the oracle when memory is short and all is spilled: %s",
    async (name) => {
      const app = apps[name] ?? wordCount();
      const parts: string[] = [];
      for (let index = 0; index < 60_000; index++) {
        parts.push(
          `k${String.fromCharCode(97 + (index % 26))}${letters(index * 7919)} the ${letters(index % 100)}`,
        );
      }
      job.write("big.txt", parts.join("\n"));
      const settings = { memoryBytes: 400_000, fanIn: 2, splitBytes: 1e6 };
      const outputs = await job.run(app, ["big.txt"], settings);
      const oracle = await runOracle(app, ["big.txt"], job.directory);
      expect(sortedLines(outputs)).toEqual(sortedLines([oracle]));
      expect(job.leftovers).toEqual([]);
    },
    SLOW_MS,
  );

  it("orders each output by the bytes of its keys", async () => {
    job.write("a.txt", "b 語 é z 𝒜 \uff5e ab aa a\n");
    const outputs = await job.run(wordCount(sum), ["a.txt"], { reduces: 2 });
    for (const output of outputs) {
      const keys = output.toString("latin1").split("\n").slice(0, -1);
      expect(keys).toEqual(keys.toSorted());
    }
  });
});

describe("a job in the classic form", () => {
  it("gives what the record form gives", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 3 }), options, async (contents, settings) => {
        const files = contents.map((bytes, index) => {
          job.write(`in/${index}.txt`, bytes);
          return `in/${index}.txt`;
        });
        const classic = await job.run(wc, files, settings);
        const record = await job.run(wordCount(sum), files, settings);
        expect(classic.map(String)).toEqual(record.map(String));
      }),
      { numRuns: 25 },
    );
  });
});

/** A number in letters. */
function letters(number: number): string {
  return number.toString(26).replace(/[0-9]/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
}
