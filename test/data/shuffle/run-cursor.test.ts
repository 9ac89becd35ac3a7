import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { OrderedMerger } from "../../../src/mr/data/shuffle/ordered-merger.ts";
import { RunCursor } from "../../../src/mr/data/shuffle/run-cursor.ts";
import type { Run } from "../../../src/mr/data/shuffle/run-file.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { writeRun } from "./write-run.ts";

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});

type Group = readonly [key: string, values: readonly (readonly [count: number, value: unknown])[]];

function byKey([a]: Group, [b]: Group): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function readAll(run: Run, bufferBytes = 16): number {
  const cursor = new RunCursor(run, bufferBytes);
  let values = 0;
  try {
    while (cursor.nextLine()) while (cursor.nextValue()) values += cursor.count;
  } finally {
    cursor.close();
  }
  return values;
}

const group = fc.tuple(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.array(fc.tuple(fc.integer({ min: 1, max: 1e9 }), fc.jsonValue()), {
    minLength: 1,
    maxLength: 5,
  }),
);

const run = fc.array(group, { maxLength: 12 }).map((groups) => {
  return [...new Map(groups.map((each) => [each[0], each])).values()].sort(byKey);
});

describe("merging runs", () => {
  it("equals concatenating and sorting them", () => {
    fc.assert(
      fc.property(
        fc.array(run, { maxLength: 6 }),
        fc.integer({ min: 1, max: 99 }),
        (runs, size) => {
          const merger = new OrderedMerger(
            runs.map((groups) => writeRun(directory, groups)),
            size,
            () => 0,
          );
          const merged: Group[] = [];
          while (merger.nextGroup()) {
            const values: [number, unknown][] = [];
            while (merger.nextValue()) values.push([merger.count, merger.decode()]);
            merged.push([merger.key.toString(), values]);
          }
          merger.close();
          // A stable sort keeps the order of the runs.
          const all = runs.flat().sort(byKey);
          const expected = new Map<string, (readonly [number, unknown])[]>();
          for (const [key, values] of all) {
            const text = values.map(([count, value]) => [count, plain(value)] as const);
            expected.set(key, [...(expected.get(key) ?? []), ...text]);
          }
          expect(merged).toEqual([...expected]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("goes on with the next group when values of one are left", () => {
    const runs = [1, 2, 3].map((n) =>
      writeRun(directory, [
        [
          "a",
          [
            [n, "x"],
            [n, "y"],
          ],
        ],
        ["b", [[n, "z"]]],
      ]),
    );
    const merger = new OrderedMerger(runs, 8, () => 0);
    expect(merger.nextGroup()).toBe(true);
    expect(merger.nextValue()).toBe(true);
    expect(merger.nextGroup()).toBe(true);
    expect(merger.key.toString()).toBe("b");
    expect(merger.nextGroup()).toBe(false);
  });

  it("writes a long group as several lines, none of them long", () => {
    const values = Array.from({ length: 50_000 }, (_, index) => [1, `value ${index}`] as const);
    const written = writeRun(directory, [["k", values]]);
    const lines = readFileSync(written.path, "utf8").split("\n").slice(0, -1);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      expect(line.length).toBeLessThan(100_000);
      expect((JSON.parse(line) as unknown[])[0]).toBe("k");
    }
    expect(readAll(written)).toBe(50_000);
  });
});

describe("a run", () => {
  const groups: Group[] = [
    [
      "apple",
      [
        [1, { n: 3 }],
        [2, "x\ny"],
      ],
    ],
    ['quo"te\\', [[4013, "1"]]],
    [
      "é",
      [
        [1, [1, "]"]],
        [1, null],
      ],
    ],
  ];

  it("is found damaged whichever one byte of it is changed, or when it is cut anywhere", () => {
    const written = writeRun(directory, groups);
    const bytes = readFileSync(written.path);
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 0x20, 0x80]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        writeFileSync(written.path, damaged);
        expect(() => readAll(written)).toThrow(mrError("SHUFFLE_DAMAGED"));
      }
      writeFileSync(written.path, bytes.subarray(0, at));
      expect(() => readAll(written)).toThrow(mrError("SHUFFLE_DAMAGED"));
    }
    writeFileSync(written.path, bytes);
    expect(readAll(written)).toBe(4013 + 3 + 2);
  });

  it("is found damaged when it is longer than it should be, or gone", () => {
    const written = writeRun(directory, groups);
    const bytes = readFileSync(written.path);
    writeFileSync(written.path, Buffer.concat([bytes, bytes]));
    expect(() => readAll(written)).toThrow(mrError("SHUFFLE_DAMAGED", /is longer than|instead of/));
    rmSync(written.path);
    expect(() => readAll(written)).toThrow(
      mrError("SHUFFLE_DAMAGED", `"${written.path}"`, "ENOENT"),
    );
  });

  it("is found damaged when its checksum is right but its lines are no records", () => {
    for (const text of ["[]\n", '["a"]\n', '["a",0,1]\n', '["a",1]\n', "{}\n", '["a",1,2', "\n"]) {
      const files = fileStorage.scratch(directory, "t");
      const path = join(directory, "bad");
      writeFileSync(path, text);
      const bad: Run = {
        files,
        path,
        start: 0,
        end: text.length,
        crc32: crc32(text),
        isWholeFile: true,
      };
      expect(() => readAll(bad), text).toThrow(mrError("SHUFFLE_DAMAGED"));
    }
  });
});

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
