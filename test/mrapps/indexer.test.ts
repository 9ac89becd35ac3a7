import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ClassicApp } from "../../src/mr/app/contract/contract.ts";
import * as indexer from "../../src/mrapps/indexer.ts";
import { runOracle } from "../support/oracle.ts";

it("emits each word of a document once", () => {
  expect(indexer.map("doc", "a b a, b; a")).toEqual([
    { key: "a", value: "doc" },
    { key: "b", value: "doc" },
  ]);
  expect(indexer.map("doc", "")).toEqual([]);
});

it("gives the number of documents and their names in the order of their bytes", () => {
  expect(indexer.reduce("word", ["b", "\u{1F600}", "B", "\uFF5E"])).toBe("4 B,b,\uFF5E,\u{1F600}");
});

it("agrees with asking every document for every word", async () => {
  const words = ["a", "b", "c", "d"];
  const document = fc.array(fc.constantFrom(...words), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(document, { maxLength: 5 }), async (documents) => {
      const names = documents.map((_, index) => `doc-${index}`);
      // Inputs are not files here: the app gets each document's words in place of its contents.
      const app: ClassicApp = {
        map: () => documents.flatMap((text, index) => indexer.map(`doc-${index}`, text.join(" "))),
        reduce: indexer.reduce,
      };
      const expected = words.flatMap((word) => {
        const found = names.filter((_, index) => documents[index]?.includes(word));
        return found.length === 0 ? [] : [`${word} ${found.length} ${found.join(",")}\n`];
      });
      expect((await runOracle(app, [fileURLToPath(import.meta.url)])).toString()).toBe(
        expected.join(""),
      );
    }),
  );
});
