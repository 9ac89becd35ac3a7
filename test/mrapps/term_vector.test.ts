import { beforeEach, describe, expect, it } from "vitest";
import { mrError } from "../support/mr-error.ts";
import { someSpeeches } from "../support/speeches.ts";
import { AppUnderTest, countUp, loadShipped, sorted } from "./app-under-test.ts";

describe("term_vector", () => {
  let job: AppUnderTest;
  beforeEach(() => {
    job = new AppUnderTest();
  });

  it("gives the words that a count over all pages of a host puts first", async () => {
    const hosts = new Map<string, Map<string, number>>();
    const pages: string[] = [];
    for (const [name, text] of someSpeeches()) {
      const host = `${name.slice(0, 2)}00s.example:8080`;
      const counts = hosts.get(host) ?? new Map();
      hosts.set(host, counts);
      for (const [page, paragraph] of text.split("\n").entries()) {
        pages.push(JSON.stringify({ url: `https://${host}/${page}`, text: paragraph, x: 1 }));
        for (const word of paragraph.toLowerCase().split(/\P{L}+/u)) {
          if (word.length >= 3) countUp(counts, word);
        }
      }
    }
    job.write("pages.jsonl", pages.join("\n"));
    const app = await loadShipped("term_vector", { TERM_VECTOR: "5" });
    const outputs = await job.run(app, ["pages.jsonl"]);
    const lines = sorted(...outputs);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(sorted(...hosts.keys()));
    for (const line of lines) {
      const [host = "", ...terms] = line.split(" ");
      const counts = [...(hosts.get(host) ?? [])].sort(
        ([a, m], [b, n]) => n - m || (a < b ? -1 : 1),
      );
      const given = terms.map((term) => term.split(":")[0] ?? "");
      const last = counts.findIndex(([word]) => word === given.at(-1));
      // What is not given, and yet is more frequent than the last, is a stop word.
      const frequent = counts.slice(0, last + 1);
      const stopWords = frequent.filter(([word]) => !given.includes(word)).map(([word]) => word);
      const expected = frequent.filter(([word]) => given.includes(word));
      expect(terms).toEqual(expected.map(([word, count]) => `${word}:${count}`));
      expect(terms).toHaveLength(5);
      expect(stopWords).toContain("the");
      expect(stopWords.filter((word) => word.length > 6)).toEqual([]);
    }
  });

  it("counts the letters of a word, whatever takes two UTF-16 units", async () => {
    job.write("pages.jsonl", JSON.stringify({ url: "http://a.example", text: "𐐨𐐩 𐐨𐐩𐐪 ab abc" }));
    const outputs = await job.run(await loadShipped("term_vector"), ["pages.jsonl"]);
    expect(sorted(...outputs)).toEqual(["a.example abc:1 𐐨𐐩𐐪:1"]);
  });

  it("F52 takes time in proportion to the host of a URL", async () => {
    const host = Array.from({ length: 200_000 }, (_, i) =>
      String.fromCodePoint(0x4e00 + (i % 20_000)),
    );
    const urls = [
      `http://${host.join("")}/`,
      ` ht\ntps:${host.join("")}`,
      `http://a.example/${host}`,
    ];
    const pages = urls.map((url) => JSON.stringify({ url, text: "tea" }));
    job.write("pages.jsonl", pages.join("\n"));
    const outputs = await job.run(await loadShipped("term_vector"), ["pages.jsonl"]);
    expect(sorted(...outputs)).toEqual(["a.example tea:1"]);
    expect(job.counters).toEqual({ "malformed-urls": 2 });
  });

  it("leaves out and counts pages without a URL", async () => {
    job.write(
      "pages.jsonl",
      '{"url":"/x","text":"tea"}\n{"url":"http://A.example","text":"tea Tea"}',
    );
    const outputs = await job.run(await loadShipped("term_vector"), ["pages.jsonl"]);
    expect(sorted(...outputs)).toEqual(["a.example tea:2"]);
    expect(job.counters).toEqual({ "malformed-urls": 1 });
  });

  it("leaves out and counts pages without a text, and lines that are no pages", async () => {
    const lines = ['{"url":"http://a.example","text":"green tea"}', '{"url":"http://a.example/b"}'];
    const others = [
      '{"url":"http://a.example/c","text":null}',
      "null",
      "7",
      '{"url":1,"text":"x"}',
    ];
    const ids = '{"url":"http://a.example","text":"tea","id":9007199254740993}';
    job.write("pages.jsonl", [...lines, ...others, ids].join("\n"));
    const outputs = await job.run(await loadShipped("term_vector"), ["pages.jsonl"]);
    expect(sorted(...outputs)).toEqual(["a.example tea:2 green:1"]);
    expect(job.counters).toEqual({ "malformed-urls": 3, "missing-texts": 2 });
  });

  it("refuses a number of words that is none", async () => {
    await expect(loadShipped("term_vector", { TERM_VECTOR: "0" })).rejects.toThrow(
      mrError("USAGE", 'TERM_VECTOR is how many words there are a host, not "0"'),
    );
  });
});
