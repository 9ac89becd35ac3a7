import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Utf8Check } from "../../../src/mr/data/input/utf8-check.ts";

const piece = fc.constantFrom(
  "61",
  "c3a9",
  "e282ac",
  "f09f9880",
  "efbfbd",
  "e9",
  "c3",
  "80",
  "f09f",
  "eda080",
  "ff",
);

describe("Utf8Check", () => {
  it("finds the bytes that are not UTF-8, however they lie in chunks", () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (pieces, size) => {
          const bytes = Buffer.from(pieces.join(""), "hex");
          const check = new Utf8Check();
          let found: number | undefined;
          for (let at = 0; at < bytes.length && found === undefined; at += size)
            found = check.invalidIn(bytes.subarray(at, at + size));
          found ??= check.invalidIn(new Uint8Array(0));
          expect(found === undefined).toBe(isUtf8(bytes));
          if (found !== undefined) expect(bytes.includes(found)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
