import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import {
  count,
  type Fold,
  first,
  max,
  min,
  sum,
  union,
} from "../../../src/mr/app/contract/combiners.ts";

describe("combiners", () => {
  it("fold two values, or all", () => {
    expect(sum(2, 3)).toBe(5);
    expect(sum.of([1, 2, 3])).toBe(6);
    expect(count.of([1, 2])).toBe(3);
    expect([min(2, 3), max(2, 3)]).toEqual([2, 3]);
    expect([min.of([3, 1, 2]), max.of([3, 1, 2])]).toEqual([1, 3]);
    expect([sum.of([]), min.of([]), max.of([])]).toEqual([0, Infinity, -Infinity]);
    expect((first as unknown as Fold<string>)("a", "b")).toBe("a");
    expect(first.of(["a", "b"])).toBe("a");
    expect(first.of([])).toBeUndefined();
    expect(union.of(["b", "a", "b", { x: 1 }, { x: 1 }])).toEqual(["b", "a", { x: 1 }]);
  });

  it("keep slices that are reused apart", () => {
    const slice = new ByteSlice(Buffer.from("abab"));
    function* reused() {
      for (const start of [0, 1, 2, 3]) {
        slice.start = start;
        slice.end = start + 1;
        yield slice;
      }
    }
    expect(union.of(reused()).map(String)).toEqual(["a", "b"]);
  });

  it("refuse what is no number, and counts that are not exact", () => {
    expect(() => sum.of(["1"] as never)).toThrow("sum takes numbers, not the string 1");
    expect(() => count.of([0.5])).toThrow("count takes whole numbers from 0 to 2^53 - 1");
    expect(() => count(2 ** 53 - 1, 1)).toThrow(TypeError);
  });
});
