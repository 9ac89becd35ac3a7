import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { lowerCase } from "../../../src/mr/app/text/lower-case.ts";
import { words } from "../../../src/mr/app/text/words.ts";
import { AppUnderTest, loadShipped, sorted } from "../../mrapps/app-under-test.ts";

describe("lowerCase", () => {
  it("keeps each letter one word with its neighbours, whatever the letter is", () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const text = `a${String.fromCodePoint(code)}b`;
      const count = [...words(text)].length;
      if ([...words(lowerCase(text))].length !== count) expect.fail(code.toString(16));
    }
  });

  it("is toLowerCase but for İ", () => {
    expect(lowerCase("İSTANBUL ΟΔΟΣ Straße")).toBe("istanbul οδος straße");
  });

  it("is the same for a word whatever surrounds it, also where that ends in Σ", () => {
    expect(lowerCase("ΟΔΟΣ ΟΔΟΣ.Α Α'ΣΑΣ Σ ΣΣ\u00adΣ ΟΔΟΣ\u0301Α İΣ")).toBe(
      "οδος οδος.α α'σας σ σς\u00adσ οδος\u0301α iς",
    );
    const unit = fc.constantFrom(
      "Σ",
      "Σ",
      "Α",
      "ʰ",
      "𐐀",
      "𝛢",
      "İ",
      ".",
      "'",
      "\u0301",
      "\u00ad",
      " ",
      "Ⓐ",
      "中",
    );
    const surrogate = fc.constantFrom("\ud801", "\udc00");
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: unit }, surrogate)), (units) => {
        const text = units.join("");
        const each = Array.from(words(text), (word) => word.replaceAll("İ", "i").toLowerCase());
        expect([...words(lowerCase(text))]).toEqual(each);
        const other = (lower: string) => lower.replaceAll("ς", "σ");
        expect(other(lowerCase(text))).toBe(other(text.replaceAll("İ", "i").toLowerCase()));
      }),
      { numRuns: 1000 },
    );
  });

  it("F52 takes a long word of Σ, and many short ones", () => {
    for (const text of ["Σ".repeat(3_000_000), "Σ.".repeat(1_000_000), "𝛢Σ".repeat(1_000_000)]) {
      expect(lowerCase(text)).toHaveLength(text.length);
    }
  });
});

describe("the shipped apps that count words in lower case", () => {
  const TEXT = "İstanbul ve İzmir, ANKARA";
  const WORDS = ["ankara", "istanbul", "izmir", "ve"];
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it.each([
    ["inverted_index", { "a.txt": TEXT }, /^(\p{L}+)\ta\.txt:\d$/u],
    ["ngrams", { "a.txt": TEXT }, /^(\p{L}+)\t1$/u],
    ["top_words", { "a.txt": TEXT }, /^\S+ (\p{L}+) 1$/u],
    ["tweets", { "a.csv": `text\n"${TEXT}"\n` }, /^(\p{L}+) 1$/u],
  ])("have the words that are in the text: %s", async (name, files, pattern) => {
    for (const [file, contents] of Object.entries(files)) job.write(file, contents);
    const app = await loadShipped(name, { NGRAMS: "1" });
    const lines = sorted(...(await job.run(app, Object.keys(files))));
    expect(sorted(lines.map((line) => pattern.exec(line)?.[1]).join("\n"))).toEqual(WORDS);
  });

  it("have the words that are in the text: term_vector", async () => {
    job.write("a.jsonl", JSON.stringify({ url: "http://a.example", text: "İstanbul İzmir" }));
    const outputs = await job.run(await loadShipped("term_vector"), ["a.jsonl"]);
    expect(sorted(...outputs)).toEqual(["a.example istanbul:1 izmir:1"]);
  });
});
