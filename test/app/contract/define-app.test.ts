import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type ByteSlice,
  csv,
  defineApp,
  type Emit,
  jsonLines,
  lines,
  max,
  recordsFrom,
  sum,
  union,
  wholeFile,
} from "../../../src/mr/index.ts";

const right = {
  input: lines(),
  map: (line: ByteSlice, emit: Emit<number>) => emit(line, 1),
  reduce: () => 1,
};

describe("defineApp", () => {
  it("names every member that is missing, misspelt or of the wrong type", () => {
    const wrong = { input: "lines", maps: () => 1, combin: sum, reduce: 3 } as never;
    expect(() => defineApp(wrong)).toThrow(
      'defineApp: there is no member "maps" (did you mean "map"?); ' +
        'there is no member "combin" (did you mean "combine"?); ' +
        '"input" is not a reader such as lines(); "map" is missing; "reduce" is not a function',
    );
  });

  it("checks the members that may be left out", () => {
    const wrong = { ...right, combine: 1, partition: 2, orderValues: 3, output: 4 } as never;
    expect(() => defineApp(wrong)).toThrow(
      'defineApp: "combine" is not a function of two values, nor union; ' +
        '"partition" is not a function; "orderValues" is not a function; ' +
        '"output" is not an output format such as text()',
    );
  });

  it("takes what is complete", () => {
    const app = defineApp({ ...right, combine: sum, output: jsonLines() });
    expect(app.form).toBe("record");
    expect(Object.isFrozen(app)).toBe(true);
  });
});

describe("the types of an app", () => {
  it("make what emit takes, combine folds and reduce gets one type", () => {
    defineApp({
      input: lines(),
      map(line, emit) {
        expectTypeOf(line).toEqualTypeOf<ByteSlice>();
        emit(line, 1);
        // @ts-expect-error sum takes numbers
        emit(line, "1");
      },
      combine: sum,
      reduce(key, values) {
        expectTypeOf(key).toEqualTypeOf<string>();
        expectTypeOf(values).toEqualTypeOf<Iterable<number>>();
        return sum.of(values);
      },
    });
  });

  it("follow from a type given to emit", () => {
    defineApp({
      input: csv({ columns: ["a", "b"] }),
      map(row, emit: Emit<string>) {
        expectTypeOf(row).toEqualTypeOf<Readonly<Record<"a" | "b", string>>>();
        emit(row.a, row.b);
      },
      reduce(_key, values) {
        expectTypeOf(values).toEqualTypeOf<Iterable<string>>();
        // @ts-expect-error max takes numbers
        return max.of(values);
      },
    });
  });

  it("refuse a combiner of other values, and a partitioner that gives no number", () => {
    defineApp({
      input: wholeFile(),
      // @ts-expect-error sum folds numbers
      map: (file, emit: Emit<string>) => emit("k", file.toString()),
      combine: sum,
      reduce: () => 1,
    });
    defineApp({
      input: wholeFile(),
      map: () => undefined,
      reduce: () => 1,
      // @ts-expect-error a partition is a number
      partition: (key) => key,
    });
  });

  it("give map what the reader reads", () => {
    defineApp({
      input: csv({ column: "text" }),
      map: (text) => expectTypeOf(text).toEqualTypeOf<string>() as never,
      reduce: () => 1,
    });
    defineApp({
      input: jsonLines<{ id: number }>(),
      map: ({ id }) => expectTypeOf(id).toEqualTypeOf<number>() as never,
      reduce: () => 1,
    });
    defineApp({
      input: recordsFrom("numbers", function* () {
        yield 1;
      }),
      map: (number) => expectTypeOf(number).toEqualTypeOf<number>() as never,
      combine: union,
      reduce: () => 1,
    });
    expect(true).toBe(true);
  });
});
