import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytePartitioner,
  hashKey,
  hashPartition,
  rangePartition,
} from "../../../src/mr/app/contract/partitioners.ts";
import { encodeUtf8 } from "../../../src/mr/base/utf8.ts";

describe("hashPartition", () => {
  it.each([
    ["a", 1678518572],
    ["the", 873378332],
    ["A", 1141634764],
    ["é", 513665217],
  ])("has the lab's hash of %j", (key, hash) => {
    expect(hashKey(encodeUtf8(key))).toBe(hash);
    expect(hashPartition(key, 10)).toBe(hash % 10);
  });
});

describe("rangePartition", () => {
  it("puts keys into the range they lie in, boundaries into the one they begin", () => {
    const partition = rangePartition(["f", "k"]);
    const tasks = ["", "apple", "ez", "f", "jz", "k", "zebra", "é"].map((key) => partition(key, 3));
    expect(tasks).toEqual([0, 0, 0, 1, 1, 2, 2, 2]);
  });

  it("gives strings and their bytes the same task, in the order of the bytes", () => {
    const partition = rangePartition(["m", "\uff5e", "\u{1f600}"]);
    const ofBytes = bytePartitioner(partition);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const [x, y] = [encodeUtf8(a), encodeUtf8(b)];
        expect(ofBytes?.(x, x.length, 4)).toBe(partition(a, 4));
        if (Buffer.compare(x, y) < 0) expect(partition(a, 4)).toBeLessThanOrEqual(partition(b, 4));
      }),
    );
  });

  it("refuses boundaries that do not ascend", () => {
    expect(() => rangePartition(["b", "a"])).toThrow("boundary 1 is not above the one before it");
  });
});
