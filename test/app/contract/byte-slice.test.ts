import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";

const slice = new ByteSlice(Buffer.from("..hello.."), 2, 7);

describe("a byte slice", () => {
  it("is a part of its bytes", () => {
    expect(slice.length).toBe(5);
    expect(slice.at(0)).toBe(0x68);
    expect(slice.at(-1)).toBe(0x6f);
    expect(slice.at(5)).toBeUndefined();
    expect(slice.indexOf("l")).toBe(2);
    expect(slice.indexOf(0x2e)).toBe(-1);
    expect(`${slice}`).toBe("hello");
    expect(JSON.stringify([slice])).toBe('["hello"]');
  });

  it.each([
    [[], "hello"],
    [[1], "ello"],
    [[1, 3], "el"],
    [[-2], "lo"],
    [[0, -1], "hell"],
    [[3, 1], ""],
    [[9, 12], ""],
  ])("has the parts that typed arrays have: subarray(%j)", (range, expected) => {
    expect(slice.subarray(...(range as [])).toString()).toBe(expected);
  });

  it("equals slices and strings of the same bytes, and can be copied", () => {
    const copy = slice.copy();
    expect(copy.bytes).not.toBe(slice.bytes);
    expect(copy.equals(slice)).toBe(true);
    expect(copy.equals("hello")).toBe(true);
    expect(copy.equals("hell")).toBe(false);
  });

  it.each([
    ["a Buffer", Buffer.from("kept")],
    ["another byte array", new TextEncoder().encode("kept")],
  ])("has a copy that stays as it is when the bytes of %s are reused", (_kind, bytes) => {
    const copy = new ByteSlice(bytes, 1).copy();
    bytes.fill(0);
    expect(copy.toString()).toBe("ept");
  });
});
