import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEstimate,
} from "../../../src/mr/watch/format/quantities.ts";
import { clip, plainText, widthOf } from "../../../src/mr/watch/format/text-width.ts";

describe("quantities", () => {
  it.each([
    [0, "0.0 s"],
    [-5, "0.0 s"],
    [1234, "1.2 s"],
    [9949, "9.9 s"],
    [9950, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
  ])("%d ms are %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0, "1 s"],
    [4200, "5 s"],
    [11_000, "15 s"],
    [89_000, "90 s"],
    [90_000, "2 min"],
    [7_500_000, "2 h 0 min"],
    [7_900_000, "2 h 10 min"],
  ])("%d ms to go are about %s", (ms, text) => expect(formatEstimate(ms)).toBe(text));

  it.each([
    [0, "0"],
    [999, "999"],
    [999.7, "1.00k"],
    [1000, "1.00k"],
    [12_345, "12.3k"],
    [99_960, "100k"],
    [999_400, "999k"],
    [999_600, "1.00M"],
    [1.5e15, "1500T"],
  ])("%d records are %s", (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0, "0 B"],
    [1023, "1.00 KB"],
    [1536, "1.50 KB"],
    [5_000_000, "4.77 MB"],
    [2 ** 40, "1.00 TB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe("the width of a text", () => {
  it.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["漢字", 4],
    ["👩‍👩‍👧 x", 4],
    ["\u200b", 0],
  ])("of %j is %d", (text, width) => expect(widthOf(text)).toBe(width));

  it("decides what of it fits", () => {
    expect([0, 1, 2, 3, 4].map((columns) => clip("漢字", columns))).toEqual([
      "",
      "…",
      "…",
      "漢…",
      "漢字",
    ]);
  });

  it("is known only without control characters, which become visible", () => {
    expect(plainText("a\tb\x1b[31mc\u202ed\n")).toBe("a\ufffdb\ufffd[31mc\ufffdd\ufffd");
  });
});
