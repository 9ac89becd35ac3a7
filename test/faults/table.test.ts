// Tests docs/fault-tolerance.md: each fault has tests.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
/** The faults of the list that the table began with. Later ones have any larger numbers. */
const FIRST_FAULTS = 53;

interface Row {
  readonly fault: number;
  readonly isSimulated: boolean;
  readonly files: readonly string[];
}

const rows = readRows();

/** The rows of the table in the documentation. */
function readRows(): Row[] {
  const text = readFileSync(new URL("docs/fault-tolerance.md", ROOT), "utf8");
  return [...text.matchAll(/^\| F(\d+)( ∗)? [^|]+\|[^|]+\|([^|]+)\|$/gm)].map((match) => {
    const [, fault, star, files = ""] = match;
    const names = [...files.matchAll(/`(test\/[^`]+)`/g)].map(([, name = ""]) => name);
    return { fault: Number(fault), isSimulated: star !== undefined, files: names };
  });
}

/** The numbers that the titles of a test file begin with, such as `F9 F10: …`, `F1, F2: …`. */
function faultsIn(file: string): Set<number> {
  const text = readFileSync(new URL(file, ROOT), "utf8");
  const titles = [...text.matchAll(/["'`]((?:F\d+,? ?)+):? /g)].map(([, numbers = ""]) => numbers);
  return new Set(titles.flatMap((title) => [...title.matchAll(/\d+/g)].map(Number)));
}

describe("the table of faults in docs/fault-tolerance.md", () => {
  it("has every fault, once and in order", () => {
    const numbers = rows.map(({ fault }) => fault);
    expect(numbers.slice(0, FIRST_FAULTS)).toEqual(
      Array.from({ length: FIRST_FAULTS }, (_, index) => index + 1),
    );
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  for (const { fault, isSimulated, files } of rows) {
    it(`names tests of fault ${fault}, which there are`, () => {
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) expect([...faultsIn(file)], file).toContain(fault);
      expect(files.includes("test/simulation/simulation.test.ts")).toBe(isSimulated);
    });
  }

  it("leaves no test out whose title names a fault that there is not", () => {
    const known = new Set(rows.map(({ fault }) => fault));
    const numbers = rows.flatMap(({ files }) => files.flatMap((file) => [...faultsIn(file)]));
    expect(numbers.filter((number) => !known.has(number))).toEqual([]);
  });
});
