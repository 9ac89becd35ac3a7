import { describe, expect, it } from "vitest";
import { checkJsonValue } from "../../src/mr/storage/json-value.ts";

const cycle: { self?: unknown } = {};
cycle.self = { again: cycle };

describe("checkJsonValue", () => {
  it.each<[string, unknown, string]>([
    ["undefined", undefined, "the value is undefined"],
    ["a function", () => 1, "the value is a function"],
    ["a BigInt", 1n, "the value is the bigint 1"],
    ["NaN in an array", [1, Number.NaN], "the value's [1] is NaN"],
    ["infinity in an object", { a: { b: [Infinity] } }, "the value's .a.b[0] is Infinity"],
    ["a hole", new Array(1), "the value's [0] is undefined"],
    ["a strange name", { "a b": undefined }, 'the value\'s ["a b"] is undefined'],
    ["a cycle", cycle, "the value's .self.again is an object that contains itself"],
    ["a Map", { m: new Map() }, "the value's .m is an instance of Map"],
    ["a Date", new Date(0), "the value is an instance of Date"],
  ])("F23 refuses %s, by its path", (_name, value, message) => {
    expect(() => checkJsonValue(value)).toThrow(TypeError);
    expect(() => checkJsonValue(value)).toThrow(`${message}, which JSON can't carry`);
  });

  it("takes what JSON carries, the same object twice included", () => {
    const shared = { a: 1 };
    const nameless: unknown = Object.assign(Object.create(null), { x: null });
    for (const value of ["", 0, -1.5, true, null, [], {}, [shared, shared], nameless]) {
      expect(() => checkJsonValue(value)).not.toThrow();
    }
  });
});
