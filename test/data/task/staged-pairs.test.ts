import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ByteSlice, type Text } from "../../../src/mr/app/contract/byte-slice.ts";
import { sum } from "../../../src/mr/app/contract/combiners.ts";
import { encodeUtf8 } from "../../../src/mr/base/utf8.ts";
import { StagedPairs } from "../../../src/mr/data/task/staged-pairs.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});

/** A pair as it can be compared: slices and the bytes of keys as hexadecimal digits. */
function plain(key: Text, value: unknown): [string, unknown] {
  const bytes = key instanceof ByteSlice ? key.view() : Buffer.from(encodeUtf8(key));
  const shown = value instanceof ByteSlice ? { bytes: value.view().toString("hex") } : value;
  return [bytes.toString("hex"), shown];
}

function stage(): { staged: StagedPairs; released: [string, unknown][] } {
  const released: [string, unknown][] = [];
  const staged = new StagedPairs(
    (key, value) => released.push(plain(key, value)),
    undefined,
    fileStorage.scratch(directory, "1-1-1"),
    0,
  );
  return { staged, released };
}

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => new ByteSlice(array));
const key = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\ud800", ""), bytes);
const value = fc.oneof(fc.jsonValue(), fc.constantFrom("\udc00", "x".repeat(100_000)), bytes);
const record = fc.record({
  pairs: fc.array(fc.tuple(key, value), { maxLength: 12 }),
  isGood: fc.boolean(),
});

describe("staged pairs", () => {
  it("of good records are released as they were emitted, and of others nothing is", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), (records) => {
        const { staged, released } = stage();
        const expected: unknown[] = [];
        for (const { pairs, isGood } of records) {
          for (const [k, v] of pairs) {
            emitAny(staged, k, v);
            // JSON has no −0.
            if (isGood) expected.push(plain(k, v instanceof ByteSlice ? v : withoutMinusZero(v)));
          }
          if (isGood) staged.release();
          else staged.drop();
        }
        expect(released).toEqual(expected);
        expect(readdirSync(directory)).toEqual([]);
      }),
    );
  });

  it("of a record that has many are in a file, which goes with them", () => {
    const { staged, released } = stage();
    for (let i = 0; i < 100_000; i++) staged.emit(`key ${i}`, i);
    expect(readdirSync(directory)).toEqual([".mr-0-staged.1-1-1.tmp"]);
    staged.drop();
    expect(readdirSync(directory)).toEqual([]);
    for (let i = 0; i < 100_000; i++) staged.emit(`key ${i}`, i);
    expect(released).toEqual([]);
    staged.release();
    expect(released).toEqual(Array.from({ length: 100_000 }, (_, i) => plain(`key ${i}`, i)));
    expect(readdirSync(directory)).toEqual([]);
  });

  it("are not released when the file is not what was written", () => {
    const { staged } = stage();
    for (let i = 0; i < 100_000; i++) staged.emit(`key ${i}`, i);
    writeFileSync(join(directory, ".mr-0-staged.1-1-1.tmp"), Buffer.alloc(500_000));
    expect(() => staged.release()).toThrow(
      mrError("OUTPUT_UNREADABLE", "they are not what was written"),
    );
    staged.drop();
  });

  it("leave a pair out that is refused, and keep those before and after it", () => {
    const { staged, released } = stage();
    staged.emit("a", 1);
    expect(() => emitAny(staged, "a long key", { n: 1n })).toThrow(
      "the value's .n is the bigint 1",
    );
    expect(() => staged.emit(7 as never, 1)).toThrow("the key is of type number");
    staged.emit("b", 2);
    staged.release();
    expect(released).toEqual([plain("a", 1), plain("b", 2)]);
  });

  it("refuse at once what the combiner can't take", () => {
    const staged = new StagedPairs(() => undefined, sum as never);
    expect(() => staged.emit("a", "1")).toThrow("sum takes a finite number");
  });
});

/** As an app in JavaScript may. */
function emitAny(staged: StagedPairs, key: Text, value: unknown): void {
  (staged.emit as (key: Text, value: unknown) => void)(key, value);
}

function withoutMinusZero(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json));
}
