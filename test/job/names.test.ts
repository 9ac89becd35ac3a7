import { describe, expect, it } from "vitest";
import {
  attemptTag,
  isJobOutput,
  isTemporary,
  isTemporaryOf,
  mapOutputName,
  reduceOutputName,
  temporaryName,
} from "../../src/mr/job/names.ts";

const NUMBERS = [0, 1, 9, 10, 99_999];

describe("the names of a job's files", () => {
  it("are recognised when they were built here", () => {
    for (const x of NUMBERS) {
      expect(isJobOutput(reduceOutputName(x))).toBe(true);
      for (const y of NUMBERS) {
        const name = mapOutputName(x, y);
        const temporary = temporaryName(name, "00c0ffee-2-4711");
        expect([isJobOutput(name), isTemporary(name)]).toEqual([true, false]);
        expect([isJobOutput(temporary), isTemporary(temporary)]).toEqual([false, true]);
      }
    }
  });

  it("are those of the lab", () => {
    expect(mapOutputName(3, 12)).toBe("mr-3-12");
    expect(reduceOutputName(12)).toBe("mr-out-12");
  });

  it("are not mistaken for names that only look like them", () => {
    const names = [
      "mr-01-2",
      "mr-1-02",
      "mr-1",
      "mr-1-2-3",
      "mr-out-",
      "mr-out-01",
      "mr-out-1.bak",
    ];
    for (const name of [...names, "xmr-1-2", "mr--1-2", "mr-1-2\n", "mr-worker-map-17", "MR-1-2"]) {
      expect(isJobOutput(name), name).toBe(false);
    }
    for (const name of [".mr-1-2", ".mr-1-2.tmp", "mr-1-2.tag.tmp", ".other.tag.tmp", "..tmp"]) {
      expect(isTemporary(name), name).toBe(false);
    }
  });

  it("keep a temporary file out of mr-* and mr-out* in a shell", () => {
    expect(temporaryName("mr-out-1", "tag")).toMatch(/^\./);
  });

  it("tells the temporary files of an attempt from those of all others", () => {
    const tag = attemptTag("00c0ffee", 2, 4711);
    const isOf = (phase: "map" | "reduce", name: string, ofTag = tag) => {
      return isTemporaryOf(temporaryName(name, ofTag), { phase, task: 1 }, tag);
    };
    expect(["mr-1-0", "mr-1-13", "mr-1-spill-0"].map((name) => isOf("map", name))).toEqual([
      ...[true, true, true],
    ]);
    expect(["mr-out-1", "mr-out-1-merge-3"].map((name) => isOf("reduce", name))).toEqual([
      ...[true, true],
    ]);
    expect(["mr-11-0", "mr-0-1", "mr-out-1"].map((name) => isOf("map", name))).toEqual([
      ...[false, false, false],
    ]);
    expect(["mr-out-10", "mr-out-0", "mr-1-0"].map((name) => isOf("reduce", name))).toEqual([
      ...[false, false, false],
    ]);
    for (const [job, attempt, pid] of [
      ["00c0ffef", 2, 4711],
      ["00c0ffee", 12, 4711],
      ["00c0ffee", 2, 14_711],
    ] as const) {
      expect(isOf("map", "mr-1-0", attemptTag(job, attempt, pid))).toBe(false);
    }
    expect(isTemporaryOf("mr-1-0", { phase: "map", task: 1 }, tag)).toBe(false);
  });
});
