// Tests docs/errors.md against src/mr/base/error-codes.ts.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, exitCodeOf } from "../../src/mr/base/error-codes.ts";

const PAGE = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
const ROWS = [...PAGE.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \| (\d+) \|$/gm)];

describe("the table of errors", () => {
  it("has every code, once, in the order of the source", () => {
    expect(ROWS.map(([, code]) => code)).toEqual(ERROR_CODES);
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  });

  it("has the exit code that a command ends with", () => {
    for (const code of ERROR_CODES) {
      const row = ROWS.find(([, name]) => name === code);
      expect(`${code} ${row?.[4]}`).toBe(`${code} ${exitCodeOf(code)}`);
    }
  });

  it("says when each happens and what to do", () => {
    for (const [, , when, todo] of ROWS)
      for (const text of [when, todo]) expect(text).toMatch(/^[A-Z`].+\.$/);
  });
});
