import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putInOrder } from "../../../src/mr/data/shuffle/ordered-values.ts";
import { memoryInUse } from "../../support/memory.ts";

/** Numbers of which some are equal, each with a length in bytes that decides about pieces. */
const stored = fc.record({
  count: fc.oneof(fc.nat(30), fc.integer({ min: 4090, max: 20_000 })),
  kinds: fc.integer({ min: 1, max: 5000 }),
  length: fc.constantFrom(1, 60, 300, 100_000, 600_000),
});

describe("values in order", () => {
  it("are as a sort of all of them gives them, equal ones as they came", () => {
    fc.assert(
      fc.property(stored, ({ count, kinds, length }) => {
        const size = length > 1000 ? count % 100 : count;
        const all = Array.from({ length: size }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 1);
        const values = {
          lengthOf: (reference: number) => length - (reference % 2),
          decode: (reference: number) => reference % kinds,
        };
        const order = (a: unknown, b: unknown) => (b as number) - (a as number);
        const ordered = putInOrder(Uint32Array.from(all), values, order);
        const expected = all.toSorted((a, b) => order(values.decode(a), values.decode(b)));
        expect([...ordered]).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("are not all decoded at once", () => {
    const count = 200_000;
    const before = memoryInUse();
    let [most, decoded] = [0, 0];
    const values = {
      lengthOf: () => 100,
      decode: (reference: number) => {
        if (++decoded % 50_000 === 0) most = Math.max(most, memoryInUse() - before);
        return { text: `${reference} `.repeat(20).split(" ") };
      },
    };
    const order = (a: unknown, b: unknown) => {
      const [first, second] = [a, b].map((value) => Number((value as { text: string[] }).text[0]));
      return (second ?? 0) - (first ?? 0);
    };
    const ordered = putInOrder(
      Uint32Array.from({ length: count }, (_, i) => i),
      values,
      order,
    );
    expect([ordered[0], ordered[count - 1]]).toEqual([count - 1, 0]);
    // All of them are more than 100 MB.
    expect(most).toBeLessThan(16e6);
  });
});
