import { afterEach, describe, expect, it, vi } from "vitest";
import { isSkippedFor } from "./needs.ts";

afterEach(() => void vi.unstubAllEnvs());

describe("isSkippedFor", () => {
  it("skips a test for what is missing, and only then", () => {
    vi.stubEnv("TSMR_TEST_ALL", undefined);
    expect(isSkippedFor("there is no zsh")).toBe(true);
    expect(isSkippedFor(undefined)).toBe(false);
  });

  it("fails the test instead where all tests must run, and names what is missing", () => {
    vi.stubEnv("TSMR_TEST_ALL", "1");
    expect(() => isSkippedFor("there is no zsh")).toThrow("there is no zsh");
    expect(isSkippedFor(undefined)).toBe(false);
  });
});
