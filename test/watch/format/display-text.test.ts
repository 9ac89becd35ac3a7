import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visible } from "../../../src/mr/base/visible-text.ts";
import {
  escapeMarkup,
  formatBytes,
  formatMs,
  formatNumber,
  formatShort,
  shorten,
  textWidth,
} from "../../../src/mr/watch/format/display-text.ts";
import { markup } from "../../../src/mr/watch/format/markup.ts";
import { NASTY } from "../report/arbitraries.ts";

describe("text that is shown", () => {
  it("has nothing in it that cannot be seen, changes direction, or XML cannot hold", () => {
    fc.assert(
      fc.property(NASTY, (text) => {
        const shown = visible(text);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u);
      }),
    );
    expect(visible("a\u202eb\nc\u0000\ud800d é中👍\ufffd")).toBe(
      "a\\u{202e}b\\nc\\u{0}\\u{d800}d é中👍\ufffd",
    );
  });

  it("cannot break out of the place it is inserted at", () => {
    fc.assert(
      fc.property(NASTY, (text) => {
        expect(escapeMarkup(text)).not.toMatch(/[<>"']/);
        const { text: page } = markup`<p title="${text}">${[text, [text]]}</p>`;
        expect(page.match(/</g)).toHaveLength(2);
        expect(page.match(/"/g)).toHaveLength(2);
      }),
    );
    expect(markup`<i>${markup`<b>${1.23456}</b>`}${undefined}&</i>`.text).toBe(
      "<i><b>1.23</b>&</i>",
    );
  });

  it("is cut where it is too wide, but never within what is one character to people", () => {
    expect(shorten("short", 10)).toBe("short");
    expect(shorten("abcdefghij", 5)).toBe("abc…");
    expect(shorten("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 5)).toBe("👨‍👩‍👧…");
    fc.assert(
      fc.property(NASTY, fc.integer({ min: 3, max: 50 }), (text, width) => {
        const cut = shorten(visible(text), width);
        expect(textWidth(cut)).toBeLessThanOrEqual(width + 2.2);
      }),
    );
  });
});

describe("numbers that are shown", () => {
  it("are as long as they need to be", () => {
    expect([0, 1234567, -5, 0.1234567, 1e21, 1e-7, Number.NaN].map(formatNumber)).toEqual([
      "0",
      "1,234,567",
      "-5",
      "0.1235",
      "1.00e+21",
      "1.00e-7",
      "–",
    ]);
    expect([0, 0.5, 999, 1000, 1_500_000, 1e-9].map(formatShort)).toEqual([
      "0",
      "0.5",
      "999",
      "1k",
      "1.5M",
      "1e-9",
    ]);
    expect([0, 1, 999, 999_600, 12_345, 5e14].map(formatBytes)).toEqual([
      "0 bytes",
      "1 byte",
      "999 bytes",
      "1.00 MB",
      "12.3 kB",
      "500 TB",
    ]);
    expect([0, 0.26, 830.4, 999.7, 12_345, 59_960, 245_000, 7_380_000, 2e8].map(formatMs)).toEqual([
      "0 ms",
      "0.3 ms",
      "830 ms",
      "1.00 s",
      "12.3 s",
      "1 min 00 s",
      "4 min 05 s",
      "2 h 03 min",
      "2 d 8 h",
    ]);
  });
});
