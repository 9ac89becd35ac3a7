import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as crash from "../../src/mrapps/crash.ts";
import * as nocrash from "../../src/mrapps/nocrash.ts";

const random = vi.hoisted(() => ({ chance: 0, sleptMs: [] as number[] }));

vi.mock("node:crypto", async (importOriginal) => ({
  ...(await importOriginal<typeof import("node:crypto")>()),
  // A chance out of a thousand is what the test says, any other random number as large as can be.
  randomInt: (max: number) => (max === 1000 ? random.chance : max - 1),
}));
vi.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => {
    random.sleptMs.push(ms);
  },
}));

class Exited extends Error {}

beforeEach(() => {
  random.sleptMs = [];
  vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Exited(String(code));
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("nocrash", () => {
  it("emits four facts about a file, with lengths in bytes", () => {
    expect(nocrash.map("é.txt", "\u{1F600}!")).toEqual([
      { key: "a", value: "é.txt" },
      { key: "b", value: "6" },
      { key: "c", value: "5" },
      { key: "d", value: "xyzzy" },
    ]);
  });

  it("joins the values of a key in the order of their bytes", () => {
    expect(nocrash.reduce("c", ["9", "10", "\u{1F600}", "\uFF5E", "10"])).toBe(
      "10 10 9 \uFF5E \u{1F600}",
    );
  });
});

describe("crash", () => {
  it("dies a third of the time, with exit code 1", async () => {
    for (random.chance of [0, 329]) {
      await expect(crash.map("a", "text")).rejects.toThrow(new Exited("1"));
      await expect(crash.reduce("a", [])).rejects.toThrow(new Exited("1"));
    }
    expect(random.sleptMs).toEqual([]);
  });

  it("sleeps for up to ten seconds another third, and otherwise not at all", async () => {
    for (random.chance of [330, 659, 660, 999]) {
      await crash.map("a", "text");
      await crash.reduce("a", []);
    }
    expect(random.sleptMs).toEqual([9999, 9999, 9999, 9999]);
  });

  it("computes what nocrash computes, when it survives", async () => {
    random.chance = 999;
    expect(await crash.map("a", "text")).toEqual(nocrash.map("a", "text"));
    expect(await crash.reduce("a", ["2", "1"])).toBe("1 2");
  });
});
