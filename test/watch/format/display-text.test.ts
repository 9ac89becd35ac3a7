// Tests src/mr/base/text.ts, and markup.ts and text-width.ts in src/mr/watch/format.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visible } from "../../../src/mr/base/text.ts";
import { escapeMarkup, markup } from "../../../src/mr/watch/format/markup.ts";
import { printedWidth, shorten } from "../../../src/mr/watch/format/text-width.ts";
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
        const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" }).segment(cut);
        const widths = Array.from(graphemes, ({ segment }) => printedWidth(segment));
        expect(widths.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(width + 2.2);
      }),
    );
  });
});
