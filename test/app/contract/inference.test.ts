// Tests src/mr/app/contract/define-app.ts: the types that it infers.

import { describe, expectTypeOf, it } from "vitest";
import {
  type AppDefinition,
  type ByteSlice,
  count,
  defineApp,
  type Emit,
  type EmitOutput,
  type Fold,
  first,
  lines,
  max,
  min,
  type Output,
  sum,
  text,
  union,
  type Written,
} from "../../../src/mr/index.ts";
import { compiled } from "../../support/compiled.ts";

interface Rec {
  readonly a: number;
}

describe("the type of values", () => {
  it("is that of emit, where combine is first or union", () => {
    compiled(() => {
      for (const combine of [first, union]) {
        defineApp({
          input: lines(),
          map: (line, emit: Emit<Rec>) => emit(line, { a: 1 }),
          combine,
          orderValues: (x, y) => x.a - y.a,
          reduce: (_key, values) => first.of(values)?.a ?? union.of(values).length,
        });
      }
      defineApp({
        input: lines(),
        map(line, emit: Emit<Rec>) {
          emit(line, { a: 1 });
        },
        combine: first,
        reduce: (_key, values) => {
          expectTypeOf(values).toEqualTypeOf<Iterable<Rec>>();
          for (const value of values) return value.a;
          return undefined;
        },
      });
      defineApp({
        combine: first,
        input: lines(),
        map: (line, emit: Emit<Rec>) => emit(line, { a: 1 }),
        orderValues: (x: Rec, y: Rec) => x.a - y.a,
        reduce: (_key, values: Iterable<Rec>) => first.of(values)?.a,
      });
    });
  });

  it("is that of reduce or orderValues, where emit says none and combine is first or union", () => {
    compiled(() => {
      defineApp({
        input: lines(),
        map: (line, emit) => emit(line, { a: 1 }),
        combine: first,
        reduce: (_key: string, values: Iterable<Rec>) => first.of(values)?.a,
      });
      defineApp({
        input: lines(),
        map: (line, emit) => emit(line, { a: 1 }),
        combine: union,
        orderValues: (x: Rec, y: Rec) => x.a - y.a,
        reduce: (_key, values) => union.of(values).map(({ a }) => a),
      });
      defineApp({
        input: lines(),
        map: (line, emit) => emit(line, { a: 1 }),
        combine: first,
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<unknown>>();
        },
      });
    });
  });

  it("is number, where combine is sum, count, min or max", () => {
    compiled(() => {
      for (const combine of [sum, count, min, max]) {
        defineApp({
          input: lines(),
          map: (line, emit) => emit(line, 1),
          combine,
          orderValues: (x, y) => x - y,
          reduce: (_key, values) => combine.of(values),
        });
      }
    });
  });

  it("may be left open by a function that makes apps", () => {
    compiled(() => {
      function makeApp<V, Out>(fold: Fold<V>, definition: AppDefinition<string, V, Out>) {
        const { input, map, reduce } = definition;
        const output: Output<Out> = { name: "none", write: () => undefined };
        return defineApp({ input, map, combine: fold, reduce, output });
      }
      function copy<V, Out>(definition: AppDefinition<string, V, Out> & Written<Out>) {
        return defineApp<string, V, Out>(definition);
      }
      return [makeApp, copy];
    });
  });

  it("is that of the pairs map hands back, and of what combine takes", () => {
    compiled(() => {
      defineApp({
        input: lines(),
        *map(line) {
          yield [line, line.toString()] as [ByteSlice, string];
        },
        combine: (a, b) => (a < b ? a : b),
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<string>>();
        },
      });
      defineApp({
        input: lines(),
        map: (line, emit) => emit(line, [1, 2]),
        combine: (a: number[], b: number[]) => [Math.min(...a), Math.max(...b)],
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<number[]>>();
        },
      });
    });
  });

  it("makes tuples and literals of what combine gives", () => {
    compiled(() => {
      defineApp({
        input: lines(),
        map: (line, emit: Emit<[number, string]>) => emit(line, [1, "a"]),
        combine: (p, q) => [p[0] + q[0], p[1]],
        reduce(_key, values) {
          expectTypeOf(values).toEqualTypeOf<Iterable<[number, string]>>();
        },
      });
      defineApp({
        input: lines(),
        map(line, emit: Emit<{ readonly kind: "x" | "y"; readonly at: [Rec, [number, string]] }>) {
          emit(line, { kind: "x", at: [{ a: 1 }, [1, "a"]] });
        },
        combine: (p, q) => ({ kind: "x", at: [p.at[0], [q.at[1][0], "b"]] }),
        reduce: () => 1,
      });
      defineApp({
        input: lines(),
        map: (line, emit: Emit<[number, string]>) => emit(line, [1, "a"]),
        // @ts-expect-error it has no string
        combine: (p, q) => [p[0] + q[0]],
        reduce: () => 1,
      });
    });
  });
});

declare const slice: ByteSlice;
declare const ofStrings: Output<string>;

describe("what reduce makes", () => {
  const map = (line: ByteSlice, emit: Emit<string>) => emit(line, "a");
  const app = { input: lines(), map };

  it("is refused, where text() can't write it", () => {
    compiled(() => {
      // @ts-expect-error a BigInt
      defineApp({ ...app, reduce: (_key, _values) => 5n });
      // @ts-expect-error a BigInt, later
      defineApp({ ...app, reduce: async () => 5n });
      // @ts-expect-error a function
      defineApp({ ...app, reduce: (_key, values) => () => max.of([...values].map(Number)) });
      // @ts-expect-error undefined and a function in it
      defineApp({ ...app, reduce: () => [undefined, () => 1] });
      // @ts-expect-error a BigInt in it
      defineApp({
        ...app,
        *reduce() {
          yield ["a", 5n];
        },
      });
      // @ts-expect-error a BigInt in it, later
      defineApp({
        ...app,
        async *reduce() {
          yield { a: 5n };
        },
      });
      defineApp({
        ...app,
        reduce(_key, _values, emit) {
          // @ts-expect-error a symbol
          emit(Symbol());
          // @ts-expect-error a BigInt in it
          emit({ a: [5n] });
          emit({ a: [5] });
          // As fields of tsv(), which may be the output format.
          emit([slice, 5]);
          emit(undefined);
        },
      });
    });
  });

  it("may be undefined, for no line", () => {
    compiled(() => {
      defineApp({ ...app, reduce: () => (Math.random() > 0.5 ? 5 : undefined) });
      defineApp({ ...app, reduce: async () => (Math.random() > 0.5 ? "a" : undefined) });
      defineApp({ ...app, reduce: async () => undefined });
      const nothing = async (): Promise<void> => undefined;
      defineApp({ ...app, reduce: nothing });
      defineApp({ ...app, reduce: () => undefined });
      defineApp({
        ...app,
        *reduce() {
          yield Math.random() > 0.5 ? "a" : undefined;
        },
      });
      defineApp({
        ...app,
        async *reduce() {
          yield Math.random() > 0.5 ? [1] : undefined;
        },
      });
      defineApp({
        ...app,
        *reduce(_key, values) {
          yield* values;
        },
      });
      defineApp({
        ...app,
        reduce: (_key, values, emit) => {
          for (const value of values) emit(value);
        },
      });
      defineApp({
        ...app,
        reduce: () =>
          ({ a: 1, b: [null, "c"] as const }) as { a: number; b?: readonly [null, string] },
      });
      defineApp({ ...app, reduce: () => JSON.parse("1") });
      defineApp({ ...app, reduce: () => JSON.parse("1") as unknown });
    });
  });

  it("is what an output format of one's own writes", () => {
    compiled(() => {
      defineApp({
        ...app,
        reduce: () => 5n,
        output: { name: "big", write: (_key, value: bigint, sink) => sink.text(`${value}`) },
      });
      defineApp({
        ...app,
        reduce: () => new Date(),
        output: {
          name: "date",
          write(_key, date, sink) {
            sink.text(date.toISOString());
          },
        },
      });
      defineApp({
        ...app,
        reduce(_key, _values, emit: EmitOutput<bigint>) {
          emit(5n);
        },
        output: { name: "big", write: (_key, value: bigint, sink) => sink.text(`${value}`) },
      });
      defineApp({ ...app, reduce: (_key, values) => [...values], output: text() });
      defineApp({
        input: lines(),
        map,
        *reduce(_key, values, emit: EmitOutput<string | number>) {
          emit(1);
          // @ts-expect-error a boolean
          emit(true);
          yield* values;
        },
      });
      // @ts-expect-error it writes strings
      defineApp({ ...app, reduce: () => 5n, output: ofStrings });
    });
  });
});
