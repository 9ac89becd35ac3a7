// Tests src/mr/data/task: values that cannot be encoded.

import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import {
  type ByteSlice,
  defineApp,
  jsonLines,
  lines,
  max,
  rangePartition,
  sum,
  text,
  tsv,
} from "../../../src/mr/index.ts";
import { mrError } from "../../support/mr-error.ts";
import { JobHarness, type JobOptions } from "./job-harness.ts";

let job: JobHarness;

beforeEach(() => {
  job = new JobHarness();
});

afterEach(() => {
  expect(job.leftovers).toEqual([]);
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

let deep: unknown = 1;
for (let level = 0; level < 3000; level++) deep = [deep];

/** What JSON can't carry, and how a message says so of a member of that value, `.a`. */
const BAD: readonly [what: string, value: unknown, why: RegExp][] = [
  ["undefined", undefined, /\.a is undefined, which JSON can't carry/],
  ["a function", () => 1, /\.a is a function, which/],
  ["a BigInt", 10n, /\.a is the bigint 10, which/],
  ["NaN", Number.NaN, /\.a is NaN, which/],
  ["Infinity", -Infinity, /\.a is -Infinity, which/],
  ["a cycle", cycle, /\.a\.self is an object that contains itself, which/],
  ["a symbol", Symbol("s"), /\.a is the symbol Symbol\(s\), which/],
  ["a Date", new Date(0), /\.a is an instance of Date, which/],
  ["what is nested too deep", deep, /\.a(\[0\])+.*…/],
];

/** Whatever the types would refuse. */
interface LooseApp {
  readonly map?: unknown;
  readonly combine?: unknown;
  readonly reduce?: unknown;
  readonly output?: unknown;
  readonly partition?: unknown;
  readonly input?: unknown;
}

function appOf(members: LooseApp): RecordApp {
  const map = (line: ByteSlice, emit: (key: ByteSlice, value: unknown) => void) => emit(line, 1);
  return defineApp({ input: lines(), map, reduce: () => 1, ...members } as never) as RecordApp;
}

async function failureOf(
  app: RecordApp,
  options: JobOptions & { readonly contents?: string } = {},
): Promise<Error> {
  job.write("a.txt", options.contents ?? "first\nsecond\nsecond\n");
  const error: unknown = await job.run(app, ["a.txt"], options).catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) throw new Error("the job did not fail");
  expect(readdirSync(job.directory).filter((name) => name.startsWith("mr-out"))).toEqual([]);
  return error;
}

describe.each(BAD)("F23 %s", (_what, value, why) => {
  const bad = { a: value };
  const onFirst = 'map of test.ts failed on the record at byte 0 of "a.txt": TypeError: ';

  it.each<[string, LooseApp]>([
    ["emitted", { map: (_line: unknown, emit: (k: string, v: unknown) => void) => emit("k", bad) }],
    ["handed back as a pair", { map: () => [["k", bad]] }],
    ["handed back later", { map: async () => [["k", bad]] }],
    [
      "emitted to a fold",
      { map: () => [["k", bad]], combine: (first: unknown, _second: unknown) => first },
    ],
  ])("is refused with app, record and path when it is %s", async (_how, members) => {
    for (const reduces of [1, 3]) {
      const { message, cause } = await failureOf(appOf(members), { reduces });
      expect(message).toContain(onFirst);
      expect(message).toMatch(why);
      expect(cause).toBeInstanceOf(TypeError);
    }
  });

  it("is refused with app, key and path when a combiner makes it", async () => {
    const { message, cause } = await failureOf(appOf({ combine: () => bad }));
    // What contains itself is found at once; all else, when it is written.
    const where =
      value === cycle
        ? 'map of test.ts failed on the record at byte 13 of "a.txt": TypeError: of what combine made, '
        : "map of test.ts failed when its output was written: CombineError: " +
          'combine failed on key "second": ';
    expect(message).toContain(`${where}the value's `);
    expect(message).toMatch(why);
    expect(cause).toBeInstanceOf(TypeError);
  });

  const outputs = { text: text(), tsv: tsv(), jsonLines: jsonLines() };
  it.each(Object.entries(outputs))(
    "is refused with app, key and path by %s()",
    async (_, output) => {
      const makers = [
        () => bad,
        async () => bad,
        (_key: string, _values: unknown, emit: (out: unknown) => void) => {
          emit(1);
          emit(bad);
        },
        function* () {
          yield 1;
          yield bad;
        },
      ];
      for (const reduce of makers) {
        const { message, cause } = await failureOf(appOf({ reduce, output }), { reduces: 1 });
        expect(message).toContain(
          'reduce of test.ts failed on key "first": TypeError: the value\'s ',
        );
        expect(message).toMatch(why);
        expect(cause).toBeInstanceOf(TypeError);
      }
    },
  );
});

/** In parts of seven bytes each has one of the lines. */
const MANY = "second\n".repeat(5);

describe("what combine does not make", () => {
  it("F23 is named by its key for sum, wherever it is made", async () => {
    const map = (line: ByteSlice, emit: (key: string, value: number) => void) =>
      emit(`k${line}`, Number.MAX_VALUE);
    const app = appOf({ map, combine: sum });
    const why = 'combine failed on key "ksecond": ';
    expect((await failureOf(app)).message).toContain(`${why}the sum is Infinity, which JSON can't`);
    const cut = { contents: MANY, reduces: 1, splitBytes: 7, fanIn: 2 };
    expect((await failureOf(app, cut)).message).toContain(
      `${why}the value is Infinity, which JSON`,
    );
  });

  it("names the key for which it throws when runs are merged", async () => {
    const combine = () => {
      throw new RangeError("no more");
    };
    const app = appOf({ combine });
    const { message, stack } = await failureOf(app, {
      contents: MANY,
      reduces: 1,
      splitBytes: 7,
      fanIn: 2,
    });
    expect(message).toBe(
      "combine of test.ts failed when map outputs were merged: CombineError: " +
        'combine failed on key "second": no more',
    );
    expect(stack).toContain("bad-values.test");
  });
});

describe("a partition out of range", () => {
  it.each([-1, 3, 1.5, Number.NaN, "1", undefined])(
    "of %j is refused with app, record and key",
    async (partition) => {
      const app = appOf({ partition: (key: string) => (key === "second" ? partition : 0) });
      const shown = typeof partition === "string" ? JSON.stringify(partition) : partition;
      for (const skipBadRecords of [false, true]) {
        const { message, cause } = await failureOf(app, { skipBadRecords });
        expect(message).toBe(
          'map of test.ts failed on the record at byte 6 of "a.txt": PartitionError: ' +
            `partition gave ${shown}, not a whole number from 0 to 2, for key "second"`,
        );
        expect(cause).toBeInstanceOf(TypeError);
      }
    },
  );

  it("is named with its record even where it turns up at a spill", async () => {
    const filler = "x".repeat(2000);
    const map = (line: ByteSlice, emit: (key: string, value: unknown) => void) => {
      for (let n = 0; n < 2000; n++) emit(`${line}${n}`, filler);
    };
    const app = appOf({ map, partition: (key: string) => (key === "first7" ? 9 : 0) });
    const { message } = await failureOf(app, { memoryBytes: 2 ** 20 });
    expect(message).toBe(
      'map of test.ts failed on the record at byte 0 of "a.txt": PartitionError: ' +
        'partition gave 9, not a whole number from 0 to 2, for key "first7"',
    );
  });

  it("is named with line and field where records have them", async () => {
    const map = (row: { id: string }, emit: (key: string, value: unknown) => void) =>
      emit(row.id, 1);
    const app = appOf({ input: jsonLines(), map, partition: () => 3 });
    job.write("b.txt", '{"id":"x"}\n');
    await expect(job.run(app, ["b.txt"])).rejects.toThrow(
      mrError(
        "APP_THREW",
        'map of test.ts failed on the record at byte 0 of "b.txt": PartitionError: partition gave 3',
      ),
    );
  });

  it("names the key and the record on which a partitioner throws", async () => {
    const partition = () => {
      throw new Error("no idea");
    };
    expect((await failureOf(appOf({ partition }))).message).toBe(
      'map of test.ts failed on the record at byte 0 of "a.txt": PartitionError: ' +
        'partition failed (no idea) for key "first"',
    );
  });

  it("is one by range that there is no reduce task for", async () => {
    const app = appOf({ partition: rangePartition(["a", "b", "c"]), combine: max });
    expect((await failureOf(app)).message).toContain("partition gave 3, not a whole number from 0");
  });
});
