import { describe, expect, it } from "vitest";
import type { RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import { MrError } from "../../../src/mr/base/errors.ts";
import { type ByteSlice, defineApp, lines, rangePartition, sum } from "../../../src/mr/index.ts";
import { runSequential } from "../../../src/mr/testing/run-sequential.ts";
import { JobHarness } from "../../data/task/job-harness.ts";
import { runOracle } from "../../support/oracle.ts";

const CONTENTS = "x\ny\n";

type LooseEmit = (key?: unknown, value?: unknown) => void;

interface LooseContext {
  readonly offset: number;
  readonly counters: { readonly add: (...args: unknown[]) => void };
}

interface LooseSink {
  text(text?: unknown): void;
  bytes(bytes?: unknown, start?: unknown, end?: unknown): void;
}

/** An app in JavaScript, which no types check. */
interface LooseApp {
  map?(line: ByteSlice, emit: LooseEmit, context: LooseContext): unknown;
  reduce?(key: string, values: Iterable<unknown>, emit: LooseEmit, context: LooseContext): unknown;
  combine?: unknown;
  partition?: unknown;
  orderValues?: unknown;
  output?: {
    readonly name?: string;
    write(key: ByteSlice, value: unknown, sink: LooseSink): unknown;
  };
}

function appOf(members: LooseApp): RecordApp {
  const map = (line: ByteSlice, emit: LooseEmit) => emit(line, 1);
  return defineApp({ input: lines(), map, reduce: () => 1, ...members } as never) as RecordApp;
}

/** Emits all records under one key. */
const toOne = (line: ByteSlice, emit: LooseEmit) => emit("k", line.length);
const asArray = (values: Iterable<unknown>) => values as unknown as unknown[];
const writing = (write: (sink: LooseSink, key: ByteSlice) => unknown) => ({
  output: { write: (key: ByteSlice, _value: unknown, sink: LooseSink) => write(sink, key) },
});
const kept: { emit?: LooseEmit; values?: Iterable<unknown>; context?: LooseContext } = {};
const BYTES = new TextEncoder().encode("x\n");

/** Apps, and their output, or what the error says. */
const CASES: readonly [what: string, app: LooseApp, expected: string | RegExp][] = [
  [
    "iterates its values a second time",
    { map: toOne, reduce: (_key, values) => [...values].length + [...values].length },
    "k 2\n",
  ],
  [
    "sums its values after it has iterated them",
    { map: toOne, reduce: (_, values) => [...values].length + sum.of(values as Iterable<number>) },
    "k 2\n",
  ],
  [
    "iterates the values of an earlier key",
    {
      reduce(_key, values) {
        const all = [...(kept.values ?? [])];
        kept.values = values;
        return all.length;
      },
    },
    "x 0\ny 0\n",
  ],
  [
    "goes on with its values after it has left a loop",
    {
      map: toOne,
      reduce(_key, values) {
        for (const value of values) return `${value}+${[...values].join()}`;
        return undefined;
      },
    },
    "k 1+1\n",
  ],
  [
    "keeps its values, which are one slice",
    { map: (line, emit) => emit("k", line), reduce: (_key, values) => [...values].join() },
    "k y,y\n",
  ],
  ["takes its values for an array", { reduce: (_, values) => asArray(values).length }, ""],
  [
    "asks for a method of arrays",
    { reduce: (_, values) => typeof asArray(values).map },
    "x undefined\ny undefined\n",
  ],
  [
    "asks for the method of an iterator",
    { reduce: (_, values) => `${"next" in values} ${"drop" in values}` },
    "x true false\ny true false\n",
  ],
  ["writes a number as text", writing((sink) => sink.text(5)), /text\(\) .* takes a string/],
  ["writes a list as text", writing((sink) => sink.text(["a\n"])), /text\(\) .* takes a string/],
  ["writes bytes without an end", writing((sink) => sink.bytes(BYTES, 0)), /bytes\(\) .* takes a/],
  ["writes bytes of a string", writing((sink) => sink.bytes("x\n", 0, 2)), /./],
  ["writes bytes that are not there", writing((sink) => sink.bytes(BYTES, 0, 3)), /are not in an/],
  ["writes bytes backwards", writing((sink) => sink.bytes(BYTES, 2, 1)), /from 2 to 1 are not in/],
  ["writes many bytes too many", writing((s) => s.bytes(BYTES, 0, 600)), /are not in an array/],
  [
    "writes lines without a line feed",
    writing((s) => s.text("x;")),
    /wrote no line feed at the end/,
  ],
  [
    "writes a line in parts, or nothing",
    writing((sink, key) => {
      if (key.equals("y")) return;
      sink.text("a");
      sink.bytes(BYTES, 0, 2);
    }),
    "ax\n",
  ],
  [
    "writes later",
    writing(async (sink) => {
      await undefined;
      sink.text("x\n");
    }),
    /write of the output format returned a promise/,
  ],
  ["returns a pair of three", { map: () => [["k", 1, 2]] }, /pair 1 is an array/],
  ["returns a string for a pair", { map: () => ["ab"] }, /pair 1 is the string ab/],
  ["returns promises of pairs", { map: () => [Promise.resolve(["k", 1])] }, /pair 1 is an object/],
  ["returns an object that is no list", { map: () => ({}) }, /has no pairs to go through/],
  [
    "yields promises from reduce",
    {
      *reduce() {
        yield Promise.resolve(1);
      },
    },
    /instance of Promise/,
  ],
  [
    "returns an object with a member next",
    { reduce: () => ({ next: 1 }) },
    'x {"next":1}\ny {"next":1}\n',
  ],
  [
    "emits in reduce by the emit of map",
    {
      map(line, emit) {
        kept.emit = emit;
        emit(line, 1);
      },
      reduce: () => kept.emit?.("z", 1),
    },
    /emit was called after the map task had ended/,
  ],
  [
    "emits by the emit of the first record",
    {
      map(line, emit, context) {
        if (context.offset === 0) kept.emit = emit;
        kept.emit?.(line, 1);
      },
    },
    "x 1\ny 1\n",
  ],
  [
    "looks at the context of the first record",
    {
      map(line, emit, context) {
        if (context.offset === 0) kept.context = context;
        emit(line, kept.context?.offset);
      },
      reduce: (_key, values) => [...values].join(),
    },
    "x 0\ny 2\n",
  ],
  [
    "emits a string that sum can't add",
    { map: (l, emit) => emit(l, "1"), combine: sum },
    /sum takes a/,
  ],
  [
    "adds NaN to a counter",
    { map: (_l, _e, c) => c.counters.add("a", Number.NaN) },
    /counters\.add takes/,
  ],
  [
    "adds to a counter without a name",
    { map: (_l, _e, c) => c.counters.add(5) },
    /counters\.add takes/,
  ],
  ["takes add from the counters", { map: (_l, _e, { counters: { add } }) => add("a") }, /./],
  [
    "has a partition that is too high",
    { partition: () => 99 },
    /partition gave 99, not a whole number/,
  ],
  ["has a negative partition", { partition: () => -1 }, /partition gave -1, not a whole number/],
  ["has no partition", { partition: () => Number.NaN }, /partition gave NaN, not a whole number/],
  [
    "has a string for a partition",
    { partition: () => "1" },
    /partition gave "1", not a whole number/,
  ],
  [
    "throws in partition",
    {
      partition() {
        throw new Error("no idea");
      },
    },
    /no idea/,
  ],
  [
    "has a partition for each key",
    { partition: (key: string) => Number(key === "y") },
    "x 1\ny 1\n",
  ],
  ["has ranges", { partition: rangePartition(["a", "y"]) }, "x 1\ny 1\n"],
  [
    "combines to NaN",
    { map: toOne, combine: () => Number.NaN },
    /combine failed .*NaN, which JSON/,
  ],
  ["combines to nothing", { map: toOne, combine: () => undefined }, /combine .*undefined/],
  [
    "throws in combine",
    {
      map: toOne,
      combine() {
        throw new Error("no idea");
      },
    },
    /no idea/,
  ],
  ["would combine to NaN, but has nothing to combine", { combine: () => Number.NaN }, "x 1\ny 1\n"],
];

/** The result of a run: its output, or its error. */
async function resultOf(run: () => Promise<string>): Promise<string | MrError> {
  for (const name of Object.keys(kept)) Reflect.deleteProperty(kept, name);
  try {
    return await run();
  } catch (error) {
    if (error instanceof MrError) return error;
    throw error;
  }
}

describe("an app without types", () => {
  it.each(CASES)(
    "F63 that %s is treated alike by tasks, sequentially and in tests",
    async (_, members, expected) => {
      const app = appOf(members);
      const job = new JobHarness();
      const file = job.write("a.txt", CONTENTS);
      const ofTasks = await resultOf(async () => {
        const outputs = await job.run(app, [file], { reduces: 10 });
        const lines = Buffer.concat(outputs)
          .toString()
          .split(/(?<=\n)/);
        return lines.sort().join("");
      });
      const ofOracle = await resultOf(async () => (await runOracle(app, [file])).toString());
      const ofTest = await resultOf(async () => {
        const { lines: found } = await runSequential(app, CONTENTS);
        return found.map((line) => `${line}\n`).join("");
      });
      for (const result of [ofTasks, ofOracle, ofTest]) {
        if (typeof expected === "string") expect(result).toBe(expected);
        else {
          expect(result).toMatchObject({ code: "APP_THREW" });
          expect((result as MrError).message).toMatch(expected);
        }
      }
    },
  );
});
