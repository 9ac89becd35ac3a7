import { beforeEach, describe, expect, it } from "vitest";
import { mrError } from "../support/mr-error.ts";
import { someSpeeches } from "../support/speeches.ts";
import { AppUnderTest, countUp, loadShipped } from "./app-under-test.ts";

const RANGES: readonly (readonly [name: string, initials: RegExp])[] = [
  ["a-e", /^[a-eéâ]/],
  ["f-j", /^[f-j]/],
  ["k-o", /^[k-oñ]/],
  ["p-t", /^[p-t]/],
  ["u-z", /^[u-z]/],
  ["other", /^[^a-zéâñ]/],
];

describe("top_words", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("gives each range of letters an output, with its words that a count puts first", async () => {
    const texts = someSpeeches();
    texts.set("more.txt", "élan élan élan élan âme ñame ωμέγα Ωμέγα 漢字 øl łódź æther");
    const counts = new Map<string, number>();
    for (const [name, text] of texts) {
      job.write(name, text);
      for (const word of text.toLowerCase().split(/\P{L}+/u))
        if (word !== "") countUp(counts, word);
    }
    const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const expected = RANGES.map(([name, initials]) => {
      const best = sorted.filter(([word]) => initials.test(word)).slice(0, 10);
      return best.map(([word, count]) => `${name} ${word} ${count}\n`).join("");
    });
    const app = await loadShipped("top_words");
    expect(await job.run(app, [...texts.keys()], { reduces: 6, splitBytes: 10_000 })).toEqual(
      expected,
    );
    // With fewer outputs than ranges, the last has what is left.
    expect(await job.run(app, [...texts.keys()], { reduces: 2 })).toEqual([
      expected[0],
      expected.slice(1).sort().join(""),
    ]);
  });

  it("puts words that are equally frequent in alphabetical order", async () => {
    job.write("a.txt", "b d\nc a b c\nf e e d");
    const app = await loadShipped("top_words", { TOP_WORDS: "3" });
    const [output] = await job.run(app, ["a.txt"], { reduces: 5, splitBytes: 3 });
    expect(output).toBe("a-e b 2\na-e c 2\na-e d 2\n");
  });

  it("F52 takes time in proportion to the number of different words, however many are kept", async () => {
    const digits = "abcdefghij";
    const word = (i: number) =>
      `a${String(i).replace(/./g, (digit) => digits[Number(digit)] ?? "")}`;
    const words = Array.from({ length: 300_000 }, (_, i) => word(1_000_000 + i));
    job.write("a.txt", `${words.join("\n")}\n${words.at(-1)}\n`);
    const app = await loadShipped("top_words", { TOP_WORDS: "150000" });
    const outputs = await job.run(app, ["a.txt"], { reduces: 1, splitBytes: 4e6 });
    const lines = outputs.join("").split("\n");
    expect(lines).toHaveLength(150_001);
    expect(lines.slice(0, 2)).toEqual([`a-e ${words.at(-1)} 2`, `a-e ${words[0]} 1`]);
  });

  it("refuses a number of words that is none", async () => {
    await expect(loadShipped("top_words", { TOP_WORDS: "many" })).rejects.toThrow(
      mrError("USAGE", 'TOP_WORDS is how many words there are a range, not "many"'),
    );
  });
});
