import { describe, expect, it } from "vitest";
import { parseParams } from "../../../src/mr/control/protocol/params.ts";

const REPORT = { worker: 1, phase: "map", task: 0, attempt: 1, outputs: [] };

describe("the counters of a report", () => {
  it("F24 may have names that every object has", () => {
    const counters = JSON.parse('{"__proto__":1,"constructor":2,"toString":3}');
    const params = parseParams("task.complete", { ...REPORT, counters });
    expect(JSON.stringify(params)).toContain('{"__proto__":1,"constructor":2,"toString":3}');
  });

  it("are numbers", () => {
    for (const counters of [[], null, "n", { a: "1" }, { a: null }, { ["n".repeat(201)]: 1 }]) {
      expect(parseParams("task.complete", { ...REPORT, counters })).toBe(
        "counters: numbers by name expected",
      );
    }
  });
});

describe("the splitting of CSV", () => {
  const worker = { protocol: 1, pid: 1, app: "a.ts", digest: "0".repeat(64) };

  it("may say how long a row may be, which is a whole number", () => {
    const register = (splitting: object) =>
      parseParams("worker.register", { ...worker, splitting });
    for (const splitting of [{ csvDelimiter: ";" }, { csvDelimiter: ";", maxRowBytes: 9 }]) {
      expect(register(splitting)).toHaveProperty("splitting", splitting);
    }
    for (const maxRowBytes of [0, 1.5, "9", null]) {
      expect(register({ csvDelimiter: ";", maxRowBytes })).toBeTypeOf("string");
    }
  });
});
