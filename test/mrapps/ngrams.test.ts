import { beforeEach, describe, expect, it } from "vitest";
import type { ReadOptions } from "../../src/mr/app/contract/reader.ts";
import { Random } from "../simulation/random.ts";
import { mrError } from "../support/mr-error.ts";
import { someSpeeches } from "../support/speeches.ts";
import { AppUnderTest, countLines, countUp, loadShipped, sorted } from "./app-under-test.ts";

describe("ngrams", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it.each([1, 2, 3])(
    "counts the sequences that stepping through the words finds: n = %i",
    async (n) => {
      const counts = new Map<string, number>();
      const speeches = someSpeeches();
      for (const [name, text] of speeches) {
        job.write(name, text.replaceAll(". ", ".\r\n"));
        let last: string[] = [];
        for (const [token] of text.toLowerCase().matchAll(/[\p{L}'’]+|\n\n/gu)) {
          const word = token.replace(/^['’]+|['’]+$/g, "");
          if (token === "\n\n") last = [];
          if (word.trim() === "") continue;
          last = [...last, word].slice(-n);
          if (last.length === n) countUp(counts, last.join(" "));
        }
      }
      const app = await loadShipped("ngrams", { NGRAMS: String(n) });
      const outputs = await job.run(app, [...speeches.keys()]);
      expect(sorted(...outputs)).toEqual(countLines(counts, "\t"));
    },
  );

  it("goes on over line ends and chunks, but not over the end of a paragraph", async () => {
    // Readers give a file in chunks of 256 KiB; here one ends within a symbol, within a word.
    const filler = "é".repeat(128 * 1024 - 4);
    job.write("a.txt", `to be,\nor, ${filler}ü not\n \t\r\nto be\r\n\r\n`);
    const outputs = await job.run(await loadShipped("ngrams"), ["a.txt"]);
    expect(sorted(...outputs)).toEqual([
      "be or\t1",
      `or ${filler}ü\t1`,
      "to be\t2",
      `${filler}ü not\t1`,
    ]);
  });

  it("finds the paragraphs of a text that lies in chunks of any length", async () => {
    const random = new Random(5);
    const pieces = ["a", "b", "é", "\n", "\n\n", "\r\n", " ", "\n \n", "\u2028", "\ufeff"];
    const { input } = await loadShipped("ngrams");
    for (let round = 0; round < 300; round++) {
      const parts = Array.from({ length: random.whole(0, 12) }, () => random.pick(pieces) ?? "");
      const text = parts.join("");
      const bytes = Buffer.from(text);
      const source = {
        file: "a.txt",
        start: 0,
        end: bytes.length,
        read: (target: Uint8Array, from: number, position: number) =>
          bytes.copy(target, from, position, position + random.whole(1, 3)),
      };
      const cursor = input.open(source, {} as ReadOptions);
      const paragraphs: unknown[] = [];
      while (await cursor.load()) paragraphs.push(cursor.next());
      expect(paragraphs).toEqual(text.replace(/^\ufeff/, "").split(/\n\s*\n/));
    }
  });

  it.each([
    ["letters of two UTF-16 units", "𐐨".repeat(3e6), "𐐨".repeat(3e6)],
    ["letters with apostrophes", "a'".repeat(6e6), "a'".repeat(6e6).slice(0, -1)],
  ])("F52 finds a word of 12 MB: %s", async (_, text, word) => {
    job.write("a.txt", text);
    const app = await loadShipped("ngrams", { NGRAMS: "1" });
    const outputs = await job.run(app, ["a.txt"]);
    expect(outputs.join("") === `${word}\t1\n`).toBe(true);
  });

  it("finds the words that a regular expression finds", async () => {
    const text = "a'b ''c' d’e 'f 'g'’h i''j k' l\u0301’m 𐐨'é'\n'n";
    job.write("a.txt", text);
    const app = await loadShipped("ngrams", { NGRAMS: "1" });
    const found = text.match(/\p{L}+(?:['’]\p{L}+)*/gu) ?? [];
    const outputs = await job.run(app, ["a.txt"]);
    expect(sorted(...outputs)).toEqual(sorted(...found.map((word) => `${word}\t1`)));
  });

  it.each([
    ["spaces", " "],
    ["blank lines", "\n "],
    ["blank lines that end with CRLF", "\r\n\t"],
  ])("F52 takes time in proportion to 8 MB of %s", { timeout: 30_000 }, async (_, part) => {
    const white = part.repeat(8e6 / part.length);
    const bytes = Buffer.from(`a\n${white}b`);
    const { input } = await loadShipped("ngrams");
    const source = {
      file: "a.txt",
      start: 0,
      end: bytes.length,
      read: (target: Uint8Array, from: number, position: number) =>
        bytes.copy(target, from, position, position + 1000),
    };
    const cursor = input.open(source, {} as ReadOptions);
    const paragraphs: unknown[] = [];
    while (await cursor.load()) paragraphs.push(cursor.next());
    const last = white.lastIndexOf("\n");
    const expected = last < 0 ? [`a\n${white}b`] : ["a", `${white.slice(last + 1)}b`];
    expect(paragraphs.length).toBe(expected.length);
    expect(paragraphs.every((paragraph, i) => paragraph === expected[i])).toBe(true);
  });

  it("F18 says that a file is not UTF-8, so that different words may be equal", async () => {
    job.write("a.txt", Buffer.from("caf\xe9 noir\ncaf\xe8 noir\n", "latin1"));
    await job.run(await loadShipped("ngrams"), ["a.txt"]);
    expect(job.counters).toEqual({ "files-not-utf8": 1 });
    job.write("b.txt", "café noir\n");
    await job.run(await loadShipped("ngrams"), ["b.txt"]);
    expect(job.counters).toEqual({});
  });

  it("refuses a number of words that is none", async () => {
    await expect(loadShipped("ngrams", { NGRAMS: "1.5" })).rejects.toThrow(
      mrError("USAGE", 'NGRAMS is the number of words in a sequence, not "1.5"'),
    );
  });
});
