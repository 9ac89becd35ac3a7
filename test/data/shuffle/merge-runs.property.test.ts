// Tests src/mr/data/shuffle: merging runs, in WebAssembly and in TypeScript.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import { decodeUtf8 } from "../../../src/mr/base/utf8.ts";
import type { GroupSource } from "../../../src/mr/data/shuffle/group-source.ts";
import { KernelMerger } from "../../../src/mr/data/shuffle/kernel-merger.ts";
import { OrderedMerger } from "../../../src/mr/data/shuffle/ordered-merger.ts";
import type { Run } from "../../../src/mr/data/shuffle/run-file.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { key } from "../../kernel/arbitraries.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type Counted, writeRun } from "./write-run.ts";

let directory: string;
let files = 0;

beforeEach(() => {
  directory = temporaryDirectory();
});

type Group = readonly [key: Uint8Array, values: readonly Counted[]];

function byKey([a]: Group, [b]: Group): number {
  return Buffer.compare(a, b);
}

/** A run of which the file has these lines, whatever they are. */
function runOf(text: string): Run {
  const path = join(directory, `text-${files++}`);
  writeFileSync(path, text);
  const local = fileStorage.scratch(directory, "t");
  const end = Buffer.byteLength(text);
  return { files: local, path, start: 0, end, crc32: crc32(text), isWholeFile: true };
}

/** What can be compared: slices are reused. */
function shown(value: unknown): unknown {
  return value instanceof ByteSlice ? { slice: value.view().toString("hex") } : value;
}

/**
 * All that is in a group, or the first `most` runs of equal values of each.
 *
 * @param takesNumbers several at once, where that can be done
 */
function mergeAll(
  merger: GroupSource,
  most = Infinity,
  takesNumbers = false,
): [string, Counted[]][] {
  const groups: [string, Counted[]][] = [];
  try {
    while (merger.nextGroup()) {
      const values: Counted[] = [];
      // Whoever writes a long group needs its key again and again, where it was in the beginning.
      const key = Buffer.from(merger.key.view());
      expect(merger.keyText).toBe(decodeUtf8(key));
      for (;;) {
        const runs = takesNumbers ? merger.nextNumbers() : undefined;
        for (let at = runs?.from ?? 0; at < (runs?.to ?? 0); at++) {
          values.push([runs?.counts[at] ?? 0, runs?.numbers[at]]);
        }
        if (values.length >= most || !merger.nextValue()) break;
        values.push([merger.count, shown(merger.decode())]);
      }
      expect(merger.key.view().equals(key)).toBe(true);
      expect(merger.keyText).toBe(decodeUtf8(key));
      groups.push([key.toString("hex"), values]);
    }
  } finally {
    merger.close();
  }
  return groups;
}

const value = fc.oneof(
  fc.nat(),
  fc.jsonValue(),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(0, -1, 1.5, 1e15 - 1, 1e15, 2 ** 53, 1e300, "", '"', "\\", "]", [], {}, null),
  fc.uint8Array({ maxLength: 30 }).map((bytes) => new ByteSlice(bytes)),
);

const group = fc.tuple(
  fc.oneof(
    key,
    fc.string({ unit: "binary", maxLength: 12 }).map((text) => Buffer.from(text)),
    fc.constantFrom("a", "b", "ab", "a\0", '"', "\\", "\n").map((text) => Buffer.from(text)),
  ),
  fc.array(fc.tuple(fc.integer({ min: 1, max: 1e9 }), value), { minLength: 1, maxLength: 5 }),
);

const run = fc.array(group, { maxLength: 12 }).map((groups) => {
  return [...new Map(groups.map((each) => [Buffer.from(each[0]).toString("hex"), each])).values()];
});

describe.each<[string, (runs: readonly Run[], bufferBytes: number) => GroupSource]>([
  ["an order of values", (runs, bufferBytes) => new OrderedMerger(runs, bufferBytes, () => 0)],
  ["WebAssembly", (runs, bufferBytes) => new KernelMerger(runs, bufferBytes)],
])("merging runs in %s", (_kind, merge) => {
  it("equals concatenating and sorting them, by the bytes of the keys", () => {
    fc.assert(
      fc.property(
        fc.array(run, { maxLength: 6 }),
        fc.integer({ min: 1, max: 99 }),
        fc.boolean(),
        (runs, bufferBytes, takesNumbers) => {
          const sorted = runs.map((groups) => groups.toSorted(byKey));
          const merger = merge(
            sorted.map((groups) => writeRun(directory, groups)),
            bufferBytes,
          );
          const merged = mergeAll(merger, Infinity, takesNumbers);
          // A stable sort keeps the order of the runs.
          const expected = new Map<string, Counted[]>();
          for (const [key, values] of sorted.flat().sort(byKey)) {
            const hex = Buffer.from(key).toString("hex");
            const plain = values.map(([count, each]): Counted => [count, asRead(each)]);
            expected.set(hex, [...(expected.get(hex) ?? []), ...plain]);
          }
          expect(merged).toEqual([...expected]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("goes on with the next group when values of one are left", () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 4 }), fc.nat(2), (runs, most) => {
        const written = runs.map((groups) => writeRun(directory, groups.toSorted(byKey)));
        const all = mergeAll(merge(written, 16));
        expect(mergeAll(merge(written, 16), most)).toEqual(
          all.map(([key, values]) => [key, values.slice(0, most)]),
        );
      }),
    );
  });

  it("merges more groups, and more values of one, than are ever in memory", () => {
    const runs = [0, 1, 2].map((run) => {
      const groups: Group[] = [];
      for (let n = 0; n < 9000; n++) {
        const values: Counted[] = n === 4321 ? [] : [[1, run]];
        // Different from each other, so that none is counted with another.
        for (let each = 0; n === 4321 && each < 30_000; each++) values.push([1, `v${each}`]);
        groups.push([Buffer.from(`key ${String(n).padStart(5, "0")}`), values]);
      }
      return writeRun(directory, groups);
    });
    const merged = mergeAll(merge(runs, 4096));
    expect(mergeAll(merge(runs, 4096), Infinity, true)).toEqual(merged);
    expect(merged).toHaveLength(9000);
    expect(merged[4321]?.[1]).toHaveLength(90_000);
    expect(merged[4321]?.[1][30_000]).toEqual([1, "v0"]);
    expect(merged[4320]?.[1]).toEqual([0, 1, 2].map((run) => [1, run]));
    expect(mergeAll(merge(runs, 4096), 10)[4322]).toEqual(merged[4322]);
  });

  it("merges values and keys that are larger than all of its memory so far", () => {
    const long = (letter: string, length: number) => letter.repeat(length);
    const runs = [1, 2].map((run) =>
      writeRun(directory, [
        [Buffer.from("a"), [[1, long("x", 900_000 * run)]]],
        [Buffer.from(`b${long("k", 300_000)}`), [[run, "after a long key"]]],
        [Buffer.from(`b${long('"', 200_000)}z`), [[run, 1]]],
        [Buffer.from("c"), [[1, "last"]]],
      ]),
    );
    // Of the long keys, the one with quotes comes first.
    const sorted = runs.map(({ path }) => readFileSync(path, "utf8").split("\n"));
    const right = sorted.map(([a, b, q, c]) => runOf(`${[a, q, b, c].join("\n")}\n`));
    const merged = mergeAll(merge(right, 64));
    expect(merged.map(([key]) => key.length / 2)).toEqual([1, 200_002, 300_001, 1]);
    expect(merged.map(([, values]) => values.map(([count]) => count))).toEqual([
      [1, 1],
      [1, 2],
      [1, 2],
      [1, 1],
    ]);
    expect(merged[0]?.[1][1]).toEqual([1, long("x", 1_800_000)]);
  });

  it("merges nothing, and runs that are empty, to nothing", () => {
    expect(mergeAll(merge([], 64))).toEqual([]);
    expect(mergeAll(merge([writeRun(directory, []), writeRun(directory, [])], 64))).toEqual([]);
  });

  it("has read all bytes of all runs in the end", () => {
    const runs = [0, 1, 2].map((run) => writeRun(directory, [[Buffer.from("k"), [[1, run]]]]));
    const merger = merge(runs, 8);
    while (merger.nextGroup());
    expect(merger.bytesRead).toBe(runs.reduce((sum, { end }) => sum + end, 0));
    merger.close();
  });

  it("finds a run damaged whichever one byte of it is changed, or when it is cut anywhere", () => {
    const groups: Group[] = [
      [
        Buffer.from("apple"),
        [
          [1, { n: 3 }],
          [2, "x\ny"],
        ],
      ],
      [Buffer.from('quo"te\\'), [[4013, "1"]]],
      [Buffer.of(0xff), [[1, new ByteSlice(Buffer.of(0xc3))]]],
    ];
    const whole = writeRun(directory, [[Buffer.from("b"), [[1, 1]]]]);
    const written = writeRun(directory, groups);
    const bytes = readFileSync(written.path);
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 0x20, 0x80]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        writeFileSync(written.path, damaged);
        expect(() => skipAll(merge([whole, written], 16))).toThrow(mrError("SHUFFLE_DAMAGED"));
      }
      writeFileSync(written.path, bytes.subarray(0, at));
      expect(() => skipAll(merge([whole, written], 16))).toThrow(mrError("SHUFFLE_DAMAGED"));
    }
    writeFileSync(written.path, bytes);
    expect(mergeAll(merge([whole, written], 16))).toHaveLength(4);
    writeFileSync(written.path, Buffer.concat([bytes, bytes]));
    expect(() => skipAll(merge([written], 1000))).toThrow(
      mrError("SHUFFLE_DAMAGED", /is longer than|instead of/),
    );
    rmSync(written.path);
    expect(() => skipAll(merge([whole, written], 16))).toThrow(
      mrError("SHUFFLE_DAMAGED", `"${written.path}"`, "ENOENT"),
    );
  });

  it("finds a run damaged of which the checksum is right but the lines are no records", () => {
    const lines = ["[]", '["a"]', '["a",0,1]', '["a",1]', "{}", "", "[1,1,1]", '["a",1,[]', "[[]]"];
    for (const text of [...lines.map((line) => `${line}\n`), '["a",1,2', '["a",1,2]', "["]) {
      expect(() => skipAll(merge([runOf(text)], 16)), text).toThrow(mrError("SHUFFLE_DAMAGED"));
    }
  });
});

/** Goes through all groups. */
function skipAll(merger: GroupSource): void {
  try {
    while (merger.nextGroup());
  } finally {
    merger.close();
  }
}

/** What becomes of a value that is written and read. */
function asRead(value: unknown): unknown {
  if (!(value instanceof ByteSlice)) return JSON.parse(JSON.stringify(value)) as unknown;
  return { slice: value.view().toString("hex") };
}
