// Tests src/mr/app/contract/define-app.ts: the types that values may have.

import { describe, expectTypeOf, it } from "vitest";
import { type ByteSlice, defineApp, type Emit, jsonLines, lines } from "../../../src/mr/index.ts";
import { compiled } from "../../support/compiled.ts";

interface Point {
  readonly x: number;
  y?: number;
  readonly label: string | null;
}
type Tree = { readonly name: string; readonly children: readonly Tree[] };
type Color = "red" | 7;
type Id = string & { readonly brand: unique symbol };

declare const point: Point;
declare const tree: Tree;
declare const id: Id;
declare const anything: unknown;
declare const slice: ByteSlice;

describe("the types of values", () => {
  it("take whatever JSON carries, where nothing says which values there are", () => {
    compiled(() =>
      defineApp({
        input: lines(),
        map(line, emit) {
          for (const value of ["a", 1, true, null] as const) emit(line, value);
          emit("k", slice);
          emit("k", point);
          emit("k", tree);
          emit("k", [point, tree] as const);
          emit("k", { id, color: "red" as Color, deep: { list: [1, "2", null] } });
          emit("k", Math.random() > 0.5 ? { a: 1 } : ["b"]);
          emit("k", anything);
          emit("k", JSON.parse("1"));
        },
        reduce: (_key, values) => {
          expectTypeOf(values).toEqualTypeOf<Iterable<unknown>>();
        },
      }),
    );
  });

  it("refuse what JSON can't carry, where nothing says which values there are", () => {
    compiled(() =>
      defineApp({
        input: lines(),
        map(line, emit) {
          // @ts-expect-error a BigInt
          emit(line, 10n);
          // @ts-expect-error undefined
          emit(line, undefined);
          // @ts-expect-error undefined, perhaps
          emit(line, ["a"].at(0));
          // @ts-expect-error a function
          emit(line, () => 1);
          // @ts-expect-error a symbol
          emit(line, Symbol("s"));
          // @ts-expect-error a BigInt in it
          emit(line, { a: [{ b: 10n }] });
          // @ts-expect-error an instance of a class with methods
          emit(line, new Date());
          // @ts-expect-error a Map
          emit(line, { counts: new Map() });
          // @ts-expect-error a slice is a value, and no part of one
          emit(line, [line]);
        },
        reduce: () => 1,
      }),
    );
  });

  it("refuse what JSON can't carry, where the values are said", () => {
    compiled(() => {
      defineApp({
        input: lines(),
        // @ts-expect-error no value can be emitted at all
        map: (line, emit: Emit<bigint>) => emit(line, 10n),
        reduce: () => 1,
      });
      const map = (line: ByteSlice, emit: Emit<{ at: Date }>) => {
        // @ts-expect-error a Date comes back as a string
        emit(line, { at: new Date() });
      };
      defineApp({ input: lines(), map, reduce: () => 1 });
    });
  });

  it("are as they are said to be", () => {
    compiled(() => {
      defineApp({
        input: jsonLines<Point>(),
        map(record, emit: Emit<Point | readonly [Color, Id?]>) {
          emit(record.label ?? "", record);
          emit("k", ["red", id]);
          // @ts-expect-error it has no label
          emit("k", { x: 1 });
        },
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<Point | readonly [Color, Id?]>>();
        },
      });
      defineApp({
        input: lines(),
        map(line, emit) {
          emit(line, { n: 1, sum: 2 });
          // @ts-expect-error it has no sum
          emit(line, { n: 1 });
        },
        combine: (a: { n: number; sum: number }, b: { n: number; sum: number }) => ({
          n: a.n + b.n,
          sum: a.sum + b.sum,
        }),
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<{ n: number; sum: number }>>();
        },
      });
      defineApp({
        input: lines(),
        map: (line, emit: (key: ByteSlice, value: string) => void) => emit(line, "a"),
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<string>>();
        },
      });
      defineApp({
        input: lines(),
        map: (line, emit) => emit(line, tree),
        orderValues: (a: Tree, b: Tree) => (a.name < b.name ? -1 : 1),
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<Tree>>();
        },
      });
    });
  });
});
