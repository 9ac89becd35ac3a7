import fc from "fast-check";
import { expect, it } from "vitest";
import { map, reduce } from "../../src/mrapps/wc.ts";

/** The words of a text, found symbol by symbol. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word = "";
  for (const symbol of text) {
    if (/^\p{L}$/u.test(symbol)) {
      word += symbol;
    } else if (word !== "") {
      words.push(word);
      word = "";
    }
  }
  return word === "" ? words : [...words, word];
}

const keysOf = (contents: string) => Array.from(map("a.txt", contents), ({ key }) => key);

it("emits every run of letters of any script, with the value 1", () => {
  expect(keysOf("Don't stop: naïve Ελλάδα 3rd 漢字\u{10400}!")).toEqual([
    "Don",
    "t",
    "stop",
    "naïve",
    "Ελλάδα",
    "rd",
    "漢字\u{10400}",
  ]);
  expect([...map("a.txt", "a a")]).toEqual([
    { key: "a", value: "1" },
    { key: "a", value: "1" },
  ]);
});

it("finds no words where there are none", () => {
  expect(keysOf("")).toEqual([]);
  expect(keysOf(" 123 -- \n")).toEqual([]);
});

it("finds the words that a search symbol by symbol finds", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("a", "Z", "é", "\u{10400}", "\uD800", " ", "1", "'") }),
  );
  fc.assert(
    fc.property(text, (contents) => {
      expect(keysOf(contents)).toEqual(wordsOf(contents));
    }),
  );
});

it("counts how many values a word has", () => {
  expect(reduce("a", ["1", "1", "1"])).toBe("3");
});
