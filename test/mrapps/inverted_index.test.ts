import { beforeAll, describe, expect, it } from "vitest";
import { someSpeeches } from "../support/speeches.ts";
import { AppUnderTest, loadShipped, sorted } from "./app-under-test.ts";

describe("inverted_index", () => {
  const speeches = someSpeeches();
  const job = new AppUnderTest();
  let lines: string[];

  beforeAll(async () => {
    for (const [name, text] of speeches) job.write(name, text);
    // Not in the order of their names, which must not matter.
    lines = sorted(
      ...(await job.run(await loadShipped("inverted_index"), [...speeches.keys()].reverse())),
    );
  });

  it("puts every document together again from its words and their places", () => {
    const documents = new Map<string, string[]>();
    for (const line of lines) {
      const [word = "", ...postings] = line.split("\t");
      for (const posting of postings) {
        const [name = "", places = ""] = posting.split(":");
        const document = documents.get(name) ?? [];
        documents.set(name, document);
        for (const place of places.split(",")) document[Number(place) - 1] = word;
      }
    }
    expect([...documents.keys()].sort()).toEqual([...speeches.keys()]);
    for (const [name, text] of speeches) {
      const expected = text
        .toLowerCase()
        .split(/\P{L}+/u)
        .filter((word) => word !== "");
      expect(documents.get(name)).toEqual(expected);
    }
  });

  it("has the documents of each word in order, and the places in each of them", () => {
    for (const line of lines) {
      const postings = line
        .split("\t")
        .slice(1)
        .map((posting) => posting.split(":"));
      const names = postings.map(([name]) => name);
      expect(names).toEqual([...new Set(names)].sort());
      for (const [, places = ""] of postings) {
        const numbers = places.split(",").map(Number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }
  });
});
