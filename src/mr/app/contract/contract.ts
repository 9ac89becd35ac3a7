import type { ByteSlice, Text } from "./byte-slice.ts";
import type { First, Fold, Union } from "./combiners.ts";
import type { Output } from "./output.ts";
import type { Partitioner } from "./partitioners.ts";
import type { Reader } from "./reader.ts";

/**
 * The app contract: what a user writes. A module is an app when it exports `map` and `reduce`
 * (the classic form, a line-by-line port of the lab's Go plugins), or when its default export is what
 * `defineApp` made (the record form).
 */

/** One pair emitted by `map`. Grouping and order are by the UTF-8 bytes of `key`. */
export interface KeyValue {
  /** Any string; the empty one is a key too. */
  readonly key: string;
  /** Any string. */
  readonly value: string;
}

/** What a classic `map` may hand back: pairs at once, one by one, or either of them later. */
export type MapResult =
  | Iterable<KeyValue>
  | AsyncIterable<KeyValue>
  | Promise<Iterable<KeyValue> | AsyncIterable<KeyValue>>;

/**
 * Called once per input file.
 *
 * @param filename the path as the coordinator was given it (after pattern expansion)
 * @param contents the whole file as text; bytes that are not UTF-8 arrive as U+FFFD
 */
export type ClassicMap = (filename: string, contents: string) => MapResult;

/**
 * Called once per distinct key.
 *
 * @param key the key
 * @param values every value emitted for it, in input order and, within a file, in emit order
 * @returns the text that follows the key on its output line
 */
export type ClassicReduce = (key: string, values: string[]) => string | Promise<string>;

/** The classic form of an app. */
export interface ClassicApp {
  /** Makes pairs of a file. */
  readonly map: ClassicMap;
  /** Makes a line of a key and its values. */
  readonly reduce: ClassicReduce;
}

declare const WHY: unique symbol;

/** What the compiler names when a value is none that JSON carries. */
export interface NotInJson<What extends string> {
  /** In words. */
  readonly "JSON can't carry": What;
}

/**
 * `T` itself, as far as JSON carries it; {@link NotInJson} where a value, or a member of one, is
 * undefined, a function, a BigInt or a symbol, which no such value can be given for. `unknown` is
 * let through, and looked at when the app runs.
 */
export type Carried<T> = T extends ByteSlice ? T : CarriedMember<T>;

/** As {@link Carried}, for a member of a value, which can't be a byte slice. */
export type CarriedMember<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null
    ? T
    : T extends bigint
      ? NotInJson<"a BigInt">
      : T extends undefined | void
        ? NotInJson<"undefined">
        : T extends symbol
          ? NotInJson<"a symbol">
          : T extends (...args: never) => unknown
            ? NotInJson<"a function">
            : T extends object
              ? { [K in keyof T]: CarriedMember<T[K]> }
              : T;

/**
 * Emits one pair.
 *
 * @param key a string or a byte slice; its bytes are copied
 * @param value what JSON can carry, or a byte slice, which is copied too
 * @throws TypeError for a key that is neither, and a value that JSON can't carry, by its path
 */
// An interface, so that V is inferred from the V of another one, and not through the conditions.
export interface Emit<V> {
  /** Where nothing says which values there are, each is looked at by its own type `T`. */
  // biome-ignore lint/style/useShorthandFunctionType: see above
  <T = V>(key: Text, value: unknown extends V ? T & Carried<T> : Carried<V>): void;
}

/**
 * `T` itself, as far as one of the library's output formats can write it: as {@link Carried}, besides
 * undefined, which writes no line, and byte slices in an array, which are fields for `tsv()`.
 */
export type EmittedOutput<T> = T extends undefined
  ? T
  : T extends readonly unknown[]
    ? { [K in keyof T]: Carried<T[K]> }
    : Carried<T>;

/**
 * Writes one output of `reduce`.
 *
 * @param output what the output format can write; undefined writes no line
 * @throws TypeError when the output format can't write it
 */
// An interface for the reason that Emit is one.
export interface EmitOutput<Out> {
  /** Where nothing says which outputs there are, each is looked at by its own type `T`. */
  // biome-ignore lint/style/useShorthandFunctionType: see above
  <T = Out>(output: unknown extends Out ? T & EmittedOutput<T> : Out | undefined): void;
}

/** Named numbers that user code counts up, summed over the attempts that count. */
export interface Counters {
  /** Adds `by`, 1 by default, to the counter `name`. */
  add(name: string, by?: number): void;
}

/** Where a record comes from. The object is reused: read from it, don't keep it. */
export interface MapContext {
  /** The input file as the user named it. */
  readonly file: string;
  /** Where the record begins, in bytes of the file (of the uncompressed text for `.gz`). */
  readonly offset: number;
  /** The number of the map task. */
  readonly task: number;
  /** To count with. */
  readonly counters: Counters;
}

/** What a call of `reduce` may want to know besides its key and values. Reused as well. */
export interface ReduceContext {
  /** The bytes of the key, which may be no UTF-8; valid until the call ends. */
  readonly keyBytes: ByteSlice;
  /** The number of the reduce task. */
  readonly task: number;
  /** To count with. */
  readonly counters: Counters;
}

// `void` is what functions without `return` have, among them the promises of async ones.
/** What a record `map` may hand back besides calling `emit`: pairs, one by one, or a promise. */
export type RecordMapResult<V> =
  | void
  | Promise<void>
  | Iterable<readonly [Text, V]>
  | AsyncIterable<readonly [Text, V]>;

/** What makes one value of several: a function of two of them, or a combiner of the library. */
export type Combiner<V> = (Fold<V> & KnownFold<V>) | First | Union;

// The compiler works out a condition before it looks at a function of one's own, with what is known of V
// by then: so what that function returns can be a tuple or a literal without being said to be one. Where
// nothing is known yet, `Fold<V>` alone lets it find out, from that function among others.
/** As {@link Fold}, where something says which values there are. */
export type KnownFold<V> = unknown extends V ? object : Fold<V>;

/**
 * What `reduce` may hand back: one output; `undefined` for none; the iterator of a generator for any
 * number of them; or a promise of an output. An array is one output.
 */
export type RecordReduceResult<Out> =
  | Out
  | undefined
  | void
  | Promise<Out | undefined | void>
  | Generator<Out, void, undefined>
  | AsyncGenerator<Out, void, undefined>;

/**
 * What else a definition must have: nothing, unless `reduce` gives what JSON can't carry. `text()`, which
 * is the output format unless told, can't write that.
 */
export type Written<Out> = [Out] extends [
  Carried<Out> | undefined | void | Promise<undefined | void>,
]
  ? unknown
  : OwnOutput<Out, Carried<Out>>;

/**
 * What the compiler names when JSON can't carry what `reduce` gives.
 *
 * @typeParam Out what `reduce` gives
 * @typeParam Why the same, with {@link NotInJson} for what JSON can't carry
 */
export interface OwnOutput<Out, Why> {
  /** A format that can write it. */
  readonly output: Output<Out>;
  /** Never there: it is for the compiler to name. */
  readonly [WHY]?: Why;
}

/**
 * The record form of an app.
 *
 * @typeParam R what the reader gives to `map`
 * @typeParam V the values: what `emit` takes, and `combine` and `reduce` get
 * @typeParam Out what `reduce` makes, as the output format takes it
 */
export interface AppDefinition<R, V, Out> {
  /** How input files become records. */
  readonly input: Reader<R>;
  /** Called once per record. The record is valid until the call, or its promise, has ended. */
  readonly map: (record: R, emit: Emit<V>, context: MapContext) => RecordMapResult<V>;
  /**
   * Makes one value of two of the same key; must be associative. May run zero, one or many times for
   * each value, on either side of the shuffle. By its form it can't change the key.
   */
  readonly combine?: Combiner<V>;
  /**
   * Called once per distinct key, in the order of the keys' bytes. `values` can be gone through once,
   * and is not held in memory.
   */
  readonly reduce: (
    key: string,
    values: Iterable<V>,
    emit: EmitOutput<Out>,
    context: ReduceContext,
  ) => RecordReduceResult<Out>;
  /** Which reduce task a key goes to, `hashPartition` unless told. */
  readonly partition?: Partitioner;
  /** In which order the values of a key reach `reduce`; in that of input and emission unless told. */
  readonly orderValues?: (a: V, b: V) => number;
  /** How an output line is written, `text()` unless told. */
  readonly output?: Output<Out>;
}
