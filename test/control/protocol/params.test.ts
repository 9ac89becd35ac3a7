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

describe("the splitting by a scanner", () => {
  const worker = { protocol: 1, pid: 1, app: "a.ts", digest: "0".repeat(64) };

  it("has options of the scanner, in JSON of bounded size", () => {
    const register = (splitting: object) =>
      parseParams("worker.register", { ...worker, splitting });
    for (const options of [{}, { delimiter: ";", maxRowBytes: 9 }, { a: null, b: true }]) {
      const splitting = { scanner: "any", options };
      expect(register(splitting)).toHaveProperty("splitting", splitting);
    }
    for (const options of [undefined, null, [], "{}", { a: {} }, { a: "x".repeat(1000) }]) {
      expect(register({ scanner: "any", options })).toBeTypeOf("string");
    }
    expect(register({ options: {} })).toBeTypeOf("string");
  });
});
