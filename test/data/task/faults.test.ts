// Tests src/mr/data/task: difficult keys, values and sizes.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type ByteSlice,
  count,
  defineApp,
  type Emit,
  first,
  lines,
  sum,
  type Text,
  wholeFile,
  words,
} from "../../../src/mr/index.ts";
import { memoryInUse } from "../../support/memory.ts";
import { mrError } from "../../support/mr-error.ts";
import { JobHarness } from "./job-harness.ts";

let job: JobHarness;

beforeEach(() => {
  job = new JobHarness();
});

/** An app that emits each of `pairs` for each line, and gives the values of a key as JSON. */
function emitting(...pairs: readonly (readonly [unknown, unknown])[]) {
  return defineApp({
    input: lines(),
    map(_line, emit: Emit<unknown>) {
      for (const [key, value] of pairs) emit(key as Text, value);
    },
    reduce: (_key, values) => JSON.stringify([...values]),
  });
}

const wordCount = defineApp({
  input: lines(),
  map(line, emit) {
    for (const word of words(line)) emit(word, 1);
  },
  combine: sum,
  reduce: (_word, counts) => sum.of(counts),
});

describe("keys and values", () => {
  it.each<[string, unknown, unknown, string]>([
    ["a key that is undefined", undefined, 1, "the key is undefined undefined, not a string"],
    ["a key that is a number", 7, 1, "the key is number 7, not a string or a byte slice"],
    ["a key that is null", null, 1, "the key is null, not a string"],
    ["a value that is undefined", "k", undefined, "the value is undefined, which JSON can't carry"],
    [
      "a value with NaN in it",
      "k",
      { a: [NaN] },
      "the value's .a[0] is NaN, which JSON can't carry",
    ],
    ["a BigInt", "k", 1n, "the value is the bigint 1, which JSON can't carry"],
  ])("F23 %s fails the task, which names app, record and path", async (_what, key, value, why) => {
    job.write("a.txt", "first\nsecond\n");
    await expect(job.run(emitting([key, value]), ["a.txt"])).rejects.toThrow(
      mrError(
        "APP_THREW",
        `map of test.ts failed on the record at byte 0 of "a.txt": TypeError: ${why}`,
      ),
    );
    expect(readdirSync(job.directory)).toEqual(["a.txt"]);
  });

  it("F23 a value that the combiner does not take fails the task", async () => {
    job.write("a.txt", "x\n");
    const app = defineApp({
      input: lines(),
      map: (line, emit) => emit(line, "1" as never),
      combine: sum,
      reduce: () => 1,
    });
    await expect(job.run(app, ["a.txt"])).rejects.toThrow(
      mrError("APP_THREW", "TypeError: the value is of type string, but sum takes a finite number"),
    );
  });

  it("F24 __proto__, constructor and the empty string are ordinary keys", async () => {
    job.write("a.txt", "1\n2\n");
    const names = ["__proto__", "constructor", "hasOwnProperty", "", "toString"];
    const app = emitting(...names.map((name) => [name, { [name]: name }] as const));
    const outputs = await job.run(app, ["a.txt"], { reduces: 1 });
    const expected = names.toSorted().map((name) => {
      const value = `{${JSON.stringify(name)}:${JSON.stringify(name)}}`;
      return `${name} [${value},${value}]\n`;
    });
    expect(String(outputs[0])).toBe(expected.join(""));
  });

  it("F25 lone surrogates in keys and values come back, and stay distinct", async () => {
    job.write("a.txt", "1\n");
    const seen: string[] = [];
    const keys = ["\ud800", "\ud801", "\udc00", "\ufffd", "a\ud800b"];
    const app = defineApp({
      input: lines(),
      map(_line, emit: Emit<string>) {
        for (const key of keys) emit(key, key);
      },
      reduce(key, values) {
        seen.push(key);
        expect([...values]).toEqual([key]);
      },
    });
    await job.run(app, ["a.txt"], { reduces: 2 });
    expect(new Set(seen)).toEqual(new Set(keys));
    expect(seen).toHaveLength(keys.length);
  });

  it("F18 keys that are not UTF-8 are kept byte for byte, and none are merged", async () => {
    const bytes = [[0xff], [0xfe], [0xef, 0xbf, 0xbd], [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]];
    const file = bytes.flatMap((line) => [...line, 10]);
    job.write("a.txt", Uint8Array.from(file));
    const app = defineApp({
      input: lines(),
      map: (line, emit: Emit<ByteSlice>) => emit(line, line),
      reduce: (_key, values) => first.of(values),
    });
    const [output = Buffer.alloc(0)] = await job.run(app, ["a.txt"], { reduces: 1 });
    const expected = bytes.toSorted(([a = 0], [b = 0]) => a - b);
    expect([...output]).toEqual(expected.flatMap((line) => [...line, 0x20, ...line, 10]));
  });

  it("F38 keys are in the order of their UTF-8 bytes, not of their UTF-16 units", async () => {
    job.write("a.txt", "\u{1f600}\n\uff5e\nz\n");
    const app = defineApp({
      input: lines(),
      map: (line, emit: Emit<number>) => emit(line.toString(), 1),
      reduce: (_key, values) => sum.of(values),
    });
    const outputs = await job.run(app, ["a.txt"], { reduces: 1 });
    expect(String(outputs[0])).toBe("z 1\n\uff5e 1\n\u{1f600} 1\n");
  });
});

describe("sizes", () => {
  it("F16 empty inputs give valid empty outputs", async () => {
    job.write("a.txt", "");
    const outputs = await job.run(wordCount, ["a.txt"], { reduces: 3 });
    expect(outputs.map(String)).toEqual(["", "", ""]);
    expect((await job.run(wordCount, [], { reduces: 2 })).map(String)).toEqual(["", ""]);
  });

  it("F28 more reduce tasks than keys leave the others' outputs empty", async () => {
    job.write("a.txt", "one\n");
    const outputs = await job.run(wordCount, ["a.txt"], { reduces: 50 });
    expect(outputs).toHaveLength(50);
    expect(outputs.map(String).filter((output) => output !== "")).toEqual(["one 1\n"]);
  });

  it("F26 many distinct keys are spilled, and take no more memory than they may", async () => {
    const keys = 400_000;
    job.write("a.txt", "x\n".repeat(keys / 100));
    let [most, spills] = [0, 0];
    const before = memoryInUse();
    const app = defineApp({
      input: lines(),
      map(_line, emit, { offset }) {
        for (let i = 0; i < 100; i++) emit(`key number ${50 * offset + i}`, 1);
        if (offset % 1000 !== 0) return;
        most = Math.max(most, memoryInUse() - before);
        spills = Math.max(spills, job.leftovers.length);
      },
      combine: sum,
      reduce: (_key, counts) => sum.of(counts),
    });
    const options = { reduces: 1, memoryBytes: 8e6, fanIn: 4 };
    const reports = await job.map(app, ["a.txt"], options);
    const output = await job.reduce(app, 0, reports, options);
    expect(String(output).trimEnd().split("\n")).toHaveLength(keys);
    expect(spills).toBeGreaterThan(0);
    expect(most).toBeLessThan(12e6);
  });

  it("F27 the values of a key are streamed, not held, however many", async () => {
    job.write("a.txt", "x\n".repeat(20_000));
    let most = 0;
    let before = 0;
    const app = defineApp({
      input: lines(),
      map(_line, emit: Emit<string>, { offset }) {
        for (let i = 0; i < 50; i++) emit("k", `${offset}-${i} ${"x".repeat(100)}`);
      },
      reduce(_key, values) {
        let total = 0;
        for (const value of values) {
          total += value.length > 100 ? 1 : 0;
          // The first value comes before the others are read.
          if (total % 200_000 === 1) most = Math.max(most, memoryInUse() - before);
        }
        return total;
      },
    });
    const options = { reduces: 1, memoryBytes: 8e6, fanIn: 4, splitBytes: 10_000 };
    const reports = await job.map(app, ["a.txt"], options);
    before = memoryInUse();
    const output = await job.reduce(app, 0, reports, options);
    expect(String(output)).toBe("k 1000000\n");
    // All values together are 110 MB.
    expect(most).toBeLessThan(16e6);
  });

  it("values that are byte slices can be copied, and kept while others are read", async () => {
    const letters = [..."abcdefghijklmnopqrst"];
    job.write("a.txt", letters.map((letter) => `${letter.repeat(20_000)}\n`).join(""));
    const app = defineApp({
      input: lines(),
      map: (line, emit: Emit<ByteSlice>) => emit("k", line),
      reduce: (_key, values) => Array.from(values, (value) => value.copy()).join(","),
    });
    const [output] = await job.run(app, ["a.txt"], { reduces: 1, memoryBytes: 100_000, fanIn: 2 });
    expect(String(output)).toBe(`k ${letters.map((letter) => letter.repeat(20_000)).join(",")}\n`);
  });

  it("F36 no more files are open at once than are merged at a time", async () => {
    const files = Array.from({ length: 40 }, (_, index) => `${index}.txt`);
    for (const file of files) job.write(file, `w${file.length} ${file}\n`);
    let open = 0;
    const app = defineApp({
      input: lines(),
      map(line, emit) {
        for (const word of words(line)) emit(word, 1);
      },
      combine: count,
      reduce(_key, values) {
        open = Math.max(open, readdirSync("/proc/self/fd").length);
        return count.of(values);
      },
    });
    const before = readdirSync("/proc/self/fd").length;
    const outputs = await job.run(app, files, { reduces: 200, fanIn: 5 });
    expect(Buffer.concat(outputs).toString()).toContain("txt 40\n");
    expect(open - before).toBeLessThan(5 + 3);
    expect(readdirSync("/proc/self/fd")).toHaveLength(before);
    expect(job.leftovers).toEqual([]);
  });
});

describe("damaged map outputs", () => {
  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ["F10 a truncated map output", (bytes) => bytes.subarray(0, -3)],
    ["F11 a changed digit", (bytes) => Buffer.from(bytes.toString().replace(",1]", ",2]"))],
    ["F11 a line that is left out", (bytes) => bytes.subarray(bytes.indexOf("\n") + 1)],
  ])("%s fails the reduce task, by name", async (_what, damage) => {
    job.write("a.txt", "some words here\n");
    const reports = await job.map(wordCount, ["a.txt"], { reduces: 1 });
    const path = join(job.directory, "mr-0-0");
    writeFileSync(path, damage(readFileSync(path)));
    const reducing = job.reduce(wordCount, 0, reports, { reduces: 1 });
    await expect(reducing).rejects.toThrow(mrError("SHUFFLE_DAMAGED", `"${path}"`));
    expect(job.leftovers).toEqual([]);
  });

  it("F11 are noticed even if the app swallows the error", async () => {
    const app = defineApp({
      input: lines(),
      map: (line, emit: Emit<string>) => emit("k", line.toString()),
      reduce(_key, values) {
        try {
          return [...values].length;
        } catch {
          return "none";
        }
      },
    });
    job.write("a.txt", "a\n\nb\n".repeat(50_000));
    const reports = await job.map(app, ["a.txt"], { reduces: 1 });
    const path = join(job.directory, "mr-0-0");
    const bytes = readFileSync(path);
    bytes[bytes.length - 2] = 0x20;
    writeFileSync(path, bytes);
    await expect(job.reduce(app, 0, reports, { reduces: 1 })).rejects.toThrow(
      mrError("SHUFFLE_DAMAGED"),
    );
  });
});

describe("apps that throw", () => {
  const fragile = defineApp({
    input: lines(),
    map(line, emit) {
      emit("lines", 1);
      if (line.equals("bad")) throw new Error("cannot stand this line");
      emit(line, 1);
    },
    combine: sum,
    reduce(key, counts) {
      if (key === "worse") throw new Error("cannot stand this key");
      return sum.of(counts);
    },
  });

  it("F22 fail the task, which names the record", async () => {
    job.write("a.txt", "good\nbad\n");
    await expect(job.run(fragile, ["a.txt"])).rejects.toThrow(
      mrError(
        "APP_THREW",
        'map of test.ts failed on the record at byte 5 of "a.txt": Error: cannot stand this line',
      ),
    );
    job.write("a.txt", "worse\n");
    await expect(job.run(fragile, ["a.txt"])).rejects.toThrow(
      mrError("APP_THREW", 'reduce of test.ts failed on key "worse": Error: cannot stand this key'),
    );
    expect(job.leftovers).toEqual([]);
  });

  it("F22 have the record left out and counted, all of it, when told to skip bad records", async () => {
    job.write("a.txt", "good\nbad\nworse\ngood\nbad\n");
    const options = { reduces: 1, skipBadRecords: true };
    const outputs = await job.run(fragile, ["a.txt"], options);
    expect(String(outputs[0])).toBe("good 2\nlines 3\n");
    expect(job.counters).toEqual({ "skipped-records": 3 });
  });

  it("F22 have a record left out whose values can't be combined, the good ones before included", async () => {
    job.write("a.txt", "1\nx\n2\n");
    const app = defineApp({
      input: lines(),
      map(line, emit) {
        emit("n", 1);
        emit("n", line.equals("x") ? (line.toString() as never) : Number(line.toString()));
      },
      combine: sum,
      reduce: (_key, values) => sum.of(values),
    });
    const outputs = await job.run(app, ["a.txt"], { reduces: 1, skipBadRecords: true });
    expect(String(outputs[0])).toBe("n 5\n");
    expect(job.counters).toEqual({ "skipped-records": 1 });
  });

  it("F22 fail the task where the combiner throws", async () => {
    job.write("a.txt", "x\n");
    const app = defineApp({
      input: lines(),
      map(line, emit: Emit<string>) {
        emit(line, "1");
        emit(line, "2");
      },
      combine() {
        throw new Error("cannot combine");
      },
      reduce: () => 1,
    });
    await expect(job.run(app, ["a.txt"], { skipBadRecords: true })).rejects.toThrow(
      mrError(
        "APP_THREW",
        'combine of test.ts failed on the record at byte 0 of "a.txt": Error: cannot combine',
      ),
    );
  });

  it("F22 fail the task where the combiner throws between two passes of a merge", async () => {
    for (const name of ["a", "b", "c"]) job.write(name, "x\n");
    const app = defineApp({
      input: lines(),
      map: (line, emit: Emit<number>) => emit(line, 1),
      combine() {
        throw new Error("cannot combine");
      },
      reduce: () => 1,
    });
    const running = job.run(app, ["a", "b", "c"], { fanIn: 2, skipBadRecords: true });
    await expect(running).rejects.toThrow(
      mrError(
        "APP_THREW",
        "combine of test.ts failed when map outputs were merged: CombineError: " +
          'combine failed on key "x": cannot combine',
      ),
    );
    expect(job.leftovers).toEqual([]);
  });

  it("F15 inputs that are not there, or vanish, fail the job by name", async () => {
    await expect(job.run(wordCount, ["none.txt"])).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"none.txt"'),
    );
  });
});

describe("partitioners", () => {
  it.each([-1, 3, 0.5, Number.NaN, undefined])(
    "that give %s fail the task, which names app, record and key",
    async (partition) => {
      job.write("a.txt", "some\n");
      const app = defineApp({
        input: lines(),
        map: (line, emit: Emit<number>) => emit(line, 1),
        reduce: () => 1,
        partition: () => partition as number,
      });
      await expect(job.run(app, ["a.txt"], { reduces: 3 })).rejects.toThrow(
        mrError(
          "APP_THREW",
          'map of test.ts failed on the record at byte 0 of "a.txt": PartitionError: ' +
            `partition gave ${partition}, not a whole number from 0 to 2, for key "some"`,
        ),
      );
      expect(readdirSync(job.directory)).toEqual(["a.txt"]);
    },
  );
});

describe("counters and context", () => {
  it("are given to map and reduce, and summed", async () => {
    job.write("a.txt", "x\nyy\n");
    const app = defineApp({
      input: lines(),
      map(line, emit: Emit<number>, { counters, file, offset, task }) {
        counters.add("lines");
        counters.add("bytes", line.length);
        emit(`${file} ${offset} ${task}`, 1);
      },
      reduce(_key, values, emit, { counters, keyBytes, task }) {
        counters.add("keys");
        emit(`${keyBytes.length} ${task} ${sum.of(values)}`);
      },
    });
    const outputs = await job.run(app, ["a.txt"], { reduces: 1 });
    expect(String(outputs[0])).toBe("a.txt 0 0 9 0 1\na.txt 2 0 9 0 1\n");
    expect(job.counters).toEqual({ lines: 2, bytes: 3, keys: 2 });
  });

  it("refuse pairs that are emitted after the task has ended", async () => {
    job.write("a.txt", "x\n");
    let late: (() => void) | undefined;
    const app = defineApp({
      input: wholeFile(),
      map(_file, emit: Emit<number>) {
        late = () => emit("late", 1);
      },
      reduce: () => 1,
    });
    await job.run(app, ["a.txt"]);
    expect(late).toThrow("emit was called after the map task had ended");
  });
});
