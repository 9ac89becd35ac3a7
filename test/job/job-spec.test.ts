import { describe, expect, it } from "vitest";
import { isSameVersion } from "../../src/mr/job/job-spec.ts";

describe("versions of an input", () => {
  it.each([
    ["12", "12"],
    ["12/7", "12/7"],
    ["12/7", "12"],
    ["12", "12/7"],
  ])("%s and %s are the same file", (a, b) => {
    expect(isSameVersion(a, b)).toBe(true);
  });

  it.each([
    ["12", "13"],
    ["12/7", "12/8"],
    ["12/7", "13/7"],
    ["12/7", "1/7"],
    ["12", "12x"],
  ])("%s and %s are different files", (a, b) => {
    expect(isSameVersion(a, b)).toBe(false);
  });

  it("are of the same contents if only the file is another", () => {
    expect(isSameVersion("12/7", "12/8", "contents")).toBe(true);
    expect(isSameVersion("12/7", "13/7", "contents")).toBe(false);
  });
});
