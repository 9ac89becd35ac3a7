// Tests src/mr/testing.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type ByteSlice,
  csv,
  defineApp,
  type Emit,
  jsonLines,
  lines,
  type RecordApp,
  sum,
  tsv,
  union,
  words,
} from "../../src/mr/index.ts";
import { runMap, runReduce, runSequential } from "../../src/mr/testing/index.ts";
import * as wc from "../../src/mrapps/wc.ts";
import { mrError } from "../support/mr-error.ts";
import { runOracle } from "../support/oracle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const wordCount = defineApp({
  input: lines(),
  map(line, emit, { counters }) {
    counters.add("lines");
    for (const word of words(line)) emit(word, 1);
  },
  combine: sum,
  reduce: (_word, counts) => sum.of(counts),
});

/** Which files a word is in. */
const index = defineApp({
  input: lines(),
  map(line, emit: Emit<string>, { file }) {
    for (const word of words(line)) emit(word, file);
  },
  combine: union,
  reduce: (_word, files) => union.of(files).join(","),
});

describe("runMap", () => {
  it("gives the pairs in the order of emission, and what was counted", async () => {
    const { pairs, counters } = await runMap(wordCount, "to be or\nnot to be");
    expect(pairs).toEqual(["to", "be", "or", "not", "to", "be"].map((word) => [word, 1]));
    expect(counters).toEqual({ lines: 2 });
    expectTypeOf(pairs).toEqualTypeOf<(readonly [key: string, value: number])[]>();
  });

  it("runs a classic app, from its module", async () => {
    const { pairs } = await runMap(wc, "a b");
    expect(pairs).toEqual([
      ["a", "1"],
      ["b", "1"],
    ]);
    expectTypeOf(pairs).toEqualTypeOf<(readonly [key: string, value: string])[]>();
  });

  it("tells map the file, the task and the place of each record", async () => {
    const app = defineApp({
      input: lines(),
      map(line, emit: Emit<number>, { file, task, offset }) {
        emit(`${file} ${task} ${line}`, offset);
      },
      reduce: () => 0,
    });
    const { pairs } = await runMap(app, "ab\ncd\n", { file: "x.log", task: 3 });
    expect(pairs).toEqual([
      ["x.log 3 ab", 0],
      ["x.log 3 cd", 3],
    ]);
  });

  it("takes pairs that are returned, yielded or promised, and waits for them", async () => {
    const generator = defineApp({
      input: lines(),
      *map(line): Generator<readonly [ByteSlice, number]> {
        yield [line, line.length];
      },
      reduce: () => 0,
    });
    expect((await runMap(generator, "a\nbc")).pairs).toEqual([
      ["a", 1],
      ["bc", 2],
    ]);
    const later = defineApp({
      input: jsonLines<number>(),
      async map(number, emit: Emit<number>) {
        await Promise.resolve();
        emit("n", number);
      },
      reduce: () => 0,
    });
    expect((await runMap(later, "1\n2\n")).pairs).toEqual([
      ["n", 1],
      ["n", 2],
    ]);
  });

  it("keeps a byte slice and an object as they were when they were emitted", async () => {
    const reused = { seen: "" };
    const app = defineApp({
      input: lines(),
      map(line, emit: Emit<unknown>) {
        emit("slice", line);
        reused.seen = line.toString();
        emit("object", reused);
      },
      reduce: () => 0,
    });
    const { pairs } = await runMap(app, "one\ntwo");
    expect(pairs.map(([key, value]) => [key, JSON.stringify(value)])).toEqual([
      ["slice", '"one"'],
      ["object", '{"seen":"one"}'],
      ["slice", '"two"'],
      ["object", '{"seen":"two"}'],
    ]);
  });

  it("fails as a job would: on what throws, and on what can't be carried", async () => {
    const thrower = defineApp({
      input: csv({ column: "n" }),
      map(n, emit: Emit<unknown>) {
        if (n === "2") throw new RangeError("two");
        emit(n, (n === "3" ? { when: new Date(0) } : 1) as unknown);
      },
      reduce: () => 0,
    });
    const failed = runMap(thrower, "n\n1\n2\n", { file: "n.csv" });
    await expect(failed).rejects.toThrow(
      mrError("APP_THREW", /^map failed on line 3 of "n.csv": RangeError: two$/),
    );
    await expect(failed).rejects.toHaveProperty("cause", new RangeError("two"));
    await expect(runMap(thrower, "n\n3\n")).rejects.toThrow(
      mrError("APP_THREW", "the value's .when is an instance"),
    );
    const skipping = await runMap(thrower, "n\n1\n2\n3\n4\n", { skipBadRecords: true });
    expect(skipping.pairs.map(([key]) => key)).toEqual(["1", "4"]);
    expect(skipping.counters).toEqual({ "skipped-records": 2 });
  });

  it("takes the module of an app for the app, as CommonJS hands it over", async () => {
    const module = { default: wordCount } as never;
    expect(await runMap(module, "a")).toMatchObject({ pairs: [["a", 1]] });
  });

  it("names what is wrong with something that is no app", async () => {
    await expect(runMap({ map: 1 } as never, "")).rejects.toThrow('"input" is missing');
  });
});

describe("runReduce", () => {
  it("gives outputs, and lines as the output format writes them", async () => {
    const { outputs, lines: written } = await runReduce(wordCount, "the", [1, 2, 1]);
    expect(outputs).toEqual([4]);
    expect(written).toEqual(["the 4"]);
    expectTypeOf(outputs).toEqualTypeOf<number[]>();
    // @ts-expect-error its values are numbers
    await expect(runReduce(wordCount, "the", ["1"])).rejects.toThrow(
      mrError("APP_THREW", "sum takes numbers"),
    );
    expect(await runReduce(wc, "the", ["1", "1"])).toMatchObject({ lines: ["the 2"] });
  });

  it("takes none, several and later outputs, and counts", async () => {
    const app = defineApp({
      input: lines(),
      map: (_line, _emit: Emit<number>) => undefined,
      async *reduce(_key, values, emit, { counters, keyBytes }) {
        counters.add("bytes", keyBytes.length);
        for (const value of values) {
          if (value === 0) emit(["none"]);
          else yield [`n${value}`, String(value)];
        }
      },
      output: tsv(),
    });
    expect(await runReduce(app, "k", [])).toEqual({
      outputs: [],
      lines: [],
      counters: { bytes: 1 },
    });
    const { lines: written } = await runReduce(app, "ké", [0, 1, 2]);
    expect(written).toEqual(["ké\tnone", "ké\tn1\t1", "ké\tn2\t2"]);
  });

  it("orders the values as the app wants, and gives them once", async () => {
    const app = defineApp({
      input: lines(),
      map: (_line, _emit: Emit<number>) => undefined,
      orderValues: (a, b) => b - a,
      reduce: (_key, values) => `${[...values].join(">")} ${[...values].length}`,
    });
    expect((await runReduce(app, "k", [1, 3, 2])).lines).toEqual(["k 3>2>1 0"]);
  });

  it("fails as a job would, naming the key", async () => {
    const app = defineApp({
      input: lines(),
      map: (_line, _emit: Emit<number>) => undefined,
      reduce: () => {
        throw new Error("no");
      },
    });
    await expect(runReduce(app, "k", [1])).rejects.toThrow(
      mrError("APP_THREW", 'reduce failed on key "k": Error: no'),
    );
  });
});

describe("runSequential", () => {
  it("runs a whole job over named inputs, several, or one", async () => {
    const run = await runSequential(index, { "a.txt": "the cat", "b.txt": "the dog" });
    expect(run.lines).toEqual(["cat a.txt", "dog b.txt", "the a.txt,b.txt"]);
    expect(run.outputs[2]).toEqual(["the", "a.txt,b.txt"]);
    expectTypeOf(run.outputs).toEqualTypeOf<(readonly [key: string, output: string])[]>();
    expect((await runSequential(index, ["x", "x"])).lines).toEqual(["x input-1.txt,input-2.txt"]);
    expect((await runSequential(wc, "b a b")).lines).toEqual(["a 1", "b 2"]);
  });

  it("shows a combiner that changes the result", async () => {
    const wrong = defineApp({
      input: lines(),
      map: (line, emit: Emit<number>) => emit("mean", Number(line)),
      combine: (a, b) => (a + b) / 2,
      reduce(_key, values) {
        const all = [...values];
        return all.reduce((a, b) => a + b) / all.length;
      },
    });
    const inputs = ["1\n2\n6", "5"];
    const plain = await runSequential(wrong, inputs);
    expect(plain.lines).toEqual(["mean 3.5"]);
    expect((await runSequential(wrong, inputs, { combine: true })).lines).not.toEqual(plain.lines);
    for (const app of [wordCount, index] as RecordApp[]) {
      const texts = { x: "a b a\nb", y: "a" };
      expect((await runSequential(app, texts, { combine: true })).lines).toEqual(
        (await runSequential(app, texts)).lines,
      );
    }
  });

  it("gives what the oracle gives for files, for any text", async () => {
    const directory = temporaryDirectory();
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom("a", "é", "𝒳", "\ud800", " ", "\n") }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom<RecordApp>(wordCount, index), async (all, app) => {
        const files = all.map((text, number) => {
          const name = `${number}.txt`;
          writeFileSync(join(directory, name), text);
          return [name, text] as const;
        });
        const names = files.map(([name]) => name);
        const expected = (await runOracle(app, names, directory)).toString();
        // What a file holds is UTF-8, in which there is no lone surrogate.
        const inputs = Object.fromEntries(
          files.map(([name, text]) => [name, Buffer.from(text)] as const),
        );
        const { lines: written } = await runSequential(app, inputs);
        expect(written.map((line) => `${line}\n`).join("")).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });
});
