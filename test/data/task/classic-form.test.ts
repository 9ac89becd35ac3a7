import fc from "fast-check";
import { expect, it } from "vitest";
import { classicToRecordForm } from "../../../src/mr/data/task/classic-form.ts";

/** Values as reduce gets them: each with how many times in a row it comes. */
class Runs {
  runValue: unknown;
  runLength = 0;
  #next = 0;
  readonly #runs: ReadonlyArray<readonly [value: string, length: number]>;

  constructor(runs: ReadonlyArray<readonly [value: string, length: number]>) {
    this.#runs = runs;
  }

  nextRun(): boolean {
    const run = this.#runs[this.#next++];
    if (run === undefined) return false;
    [this.runValue, this.runLength] = run;
    return true;
  }

  *[Symbol.iterator](): Iterator<unknown> {
    while (this.nextRun()) for (let left = this.runLength; left > 0; left--) yield this.runValue;
  }
}

it("gives a classic reduce all values of a key in their order, runs of any length", () => {
  const run = fc.tuple(fc.constantFrom("1", "2", ""), fc.integer({ min: 1, max: 200 }));
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), (runs) => {
      let given: string[] = [];
      const reduce = (_key: string, values: string[]) => {
        given = values;
        return String(values.length);
      };
      const app = classicToRecordForm({ map: () => [], reduce });
      // What is no part of the contract of an app, a classic one does not use.
      const result = (app.reduce as (...args: unknown[]) => unknown)("k", new Runs(runs));
      const expected = runs.flatMap(([value, length]) => new Array<string>(length).fill(value));
      expect(given).toEqual(expected);
      expect(result).toBe(String(expected.length));
    }),
  );
});
