import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellWord } from "../../src/main/shell-words.ts";
import { visibleLines } from "../../src/mr/base/text.ts";

/** The words that bash makes of a command line. */
function parsed(words: readonly string[]): string[] {
  const script = `printf '%s\\0' ${words.map(shellWord).join(" ")}`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

describe("a word for a shell", () => {
  it("needs no quotes where it is plain", () => {
    expect(shellWord("a/b-c_1.txt")).toBe("a/b-c_1.txt");
    expect(shellWord("it's")).toBe("'it'\\''s'");
  });

  it("has no characters that a terminal obeys", () => {
    expect(shellWord("r\x1b]0;x\x07'\\.html")).toBe("$'r\\x1b]0;x\\x07\\x27\\x5c.html'");
    expect(shellWord("a\u202eb")).toBe("$'a\\xe2\\x80\\xaeb'");
  });

  it("is the same word to the shell, and can be printed, whatever it is", () => {
    const word = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
    const words = fc.array(word, { minLength: 1, maxLength: 40 }).map((all) => {
      return all.map((text) => text.replaceAll("\0", "x").toWellFormed());
    });
    fc.assert(
      fc.property(words, (all) => {
        expect(parsed(all)).toEqual(all);
        for (const text of all) expect(visibleLines(shellWord(text))).toBe(shellWord(text));
      }),
      { numRuns: 20 },
    );
  });
});
