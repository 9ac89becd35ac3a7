import { describe, expect, it } from "vitest";
import { checkJsonValue } from "../../src/mr/base/json-value.ts";

const cycle: { self?: unknown } = {};
cycle.self = { again: cycle };

class List extends Array<number> {}

/** Arrays in arrays, `depth` of them. */
function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

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
    ["an Array of a class", new List(), "the value is an instance of List"],
    ["a symbol", Symbol("s"), "the value is the symbol Symbol(s)"],
    ["a symbol as name", [{ [Symbol("s")]: 1 }], "the value's [0] has a member named by a symbol"],
    ["a toJSON", { a: { toJSON: () => 1 } }, "the value's .a has a toJSON of its own"],
    [
      "a hidden toJSON",
      Object.defineProperty([], "toJSON", { value: () => 1 }),
      "the value has a toJSON of its own",
    ],
  ])("F23 refuses %s, by its path", (_name, value, message) => {
    expect(() => checkJsonValue(value)).toThrow(TypeError);
    expect(() => checkJsonValue(value)).toThrow(`${message}, which JSON can't carry`);
  });

  it("F23 refuses what is nested too deep, by a path cut short", () => {
    expect(() => checkJsonValue(nest(1000))).not.toThrow();
    const path = /^the value's \.a(\[0\]){30,40}[[0\]]*…[[0\]]*(\[0\]){30,40} /;
    for (const depth of [1000, 3000, 100_000]) {
      expect(() => checkJsonValue({ a: nest(depth) })).toThrow(TypeError);
      expect(() => checkJsonValue({ a: nest(depth) })).toThrow(path);
      expect(() => checkJsonValue({ a: nest(depth) })).toThrow(
        "is more than 1000 levels deep, which JSON can't carry",
      );
    }
  });

  it("takes what JSON carries, the same object twice included", () => {
    const shared = { a: 1 };
    const nameless: unknown = Object.assign(Object.create(null), { x: null });
    for (const value of ["", 0, -1.5, true, null, [], {}, [shared, shared], nameless]) {
      expect(() => checkJsonValue(value)).not.toThrow();
    }
  });
});
