import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  formatEstimate,
  formatNumber,
} from "../../../src/mr/watch/format/quantities.js";
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
  ])("%d ms that pass are %s", (ms, text) => expect(formatElapsed(ms)).toBe(text));

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
    [999.7, "1,000"],
    [9999, "9,999"],
    [12_345, "12.3k"],
    [99_960, "100k"],
    [999_400, "999k"],
    [999_600, "1.00M"],
    [1.5e15, "1.50P"],
  ])("%d records are %s", (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0, "0 B"],
    [1, "1 B"],
    [999, "999 B"],
    [999.7, "1.00 kB"],
    [1024, "1.02 kB"],
    [12_345, "12.3 kB"],
    [999_600, "1.00 MB"],
    [5_000_000, "5.00 MB"],
    [5e14, "500 TB"],
  ])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [-5, "0 ms"],
    [0, "0 ms"],
    [0.26, "0.3 ms"],
    [830.4, "830 ms"],
    [999.7, "1.00 s"],
    [12_345, "12.3 s"],
    [59_960, "1 min 00 s"],
    [245_000, "4 min 05 s"],
    [7_380_000, "2 h 03 min"],
    [2e8, "2 d 8 h"],
  ])("%d ms are %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0, "0"],
    [1_234_567, "1,234,567"],
    [-5, "-5"],
    [0.1234567, "0.1235"],
    [1e21, "1.00e+21"],
    [1e-7, "1.00e-7"],
    [Number.NaN, "–"],
  ])("the number %d is %s", (value, text) => expect(formatNumber(value)).toBe(text));
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
