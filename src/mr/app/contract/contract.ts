import type { ByteSlice, Text } from "./byte-slice.ts";
import type { First, Fold, Union } from "./combiners.ts";
import type { Partitioner } from "./partitioners.ts";
import type { Reader } from "./reader.ts";

/**
 * The app contract: what a user writes. A module is an app if it exports `map` and `reduce` (the classic
 * form, a line-by-line port of the lab's Go plugins), or if `defineApp` made its default export (the
 * record form).
 */

/** A pair that `map` emits. Pairs are grouped and sorted by the UTF-8 bytes of their keys. */
export interface KeyValue {
  /** Any string, even an empty one. */
  readonly key: string;
  /** Any string. */
  readonly value: string;
}

/** The result of a classic `map`: pairs in an array or generator, or a promise of them. */
export type MapResult =
  | Iterable<KeyValue>
  | AsyncIterable<KeyValue>
  | Promise<Iterable<KeyValue> | AsyncIterable<KeyValue>>;

/**
 * Called once per input file.
 *
 * @param filename the path as the user gave it, after patterns were expanded
 * @param contents the whole file as text: UTF-16 if it begins with that byte order mark, or else UTF-8, in
 *   which U+FFFD replaces other bytes
 * @param context passed to a function that declares three parameters, none of them with a default
 */
export type ClassicMap = (filename: string, contents: string, context: ClassicContext) => MapResult;

/**
 * Called once per distinct key.
 *
 * @param values all values emitted for the key, in the order of the inputs, then of emission
 * @param context passed to a function that declares three parameters, none of them with a default
 * @returns the text that follows the key on its output line
 */
export type ClassicReduce = (
  key: string,
  values: string[],
  context: ClassicContext,
) => string | Promise<string>;

/** The context of a call in the classic form. */
export interface ClassicContext {
  /** The same as {@link MapContext.progress}. */
  progress(): void;
}

/** The classic form of an app. */
export interface ClassicApp {
  /** Makes pairs from a file. */
  readonly map: ClassicMap;
  /** Makes an output line from a key and its values. */
  readonly reduce: ClassicReduce;
}

declare const WHY: unique symbol;

/** The type that the compiler names in its error when JSON can't carry a value. */
export interface NotInJson<What extends string> {
  /** The kind of value. */
  readonly "JSON can't carry": What;
}

/**
 * `T` itself if JSON can carry it. A value or member that is undefined, a function, a BigInt or a symbol
 * becomes {@link NotInJson}, which nothing can be assigned to. `unknown` is accepted, and checked when the
 * app runs.
 */
export type Carried<T> = T extends ByteSlice ? T : CarriedMember<T>;

/** The same as {@link Carried} for a member of a value, which can't be a byte slice. */
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
 * @param key a string or a byte slice, which is copied
 * @param value anything that JSON can carry, or a byte slice, which is copied
 * @throws TypeError if the key is neither, or JSON can't carry the value; the message names the path in it
 */
// An interface, so that V is inferred from the V of another one instead of through the conditions.
export interface Emit<V> {
  /** Where the type of values is unknown, each value is checked by its own type `T`. */
  // biome-ignore lint/style/useShorthandFunctionType: see above
  <T = V>(key: Text, value: unknown extends V ? T & Carried<T> : Carried<V>): void;
}

/**
 * `T` itself if one of the library's output formats can write it: what {@link Carried} accepts, undefined
 * (no line), and arrays with byte slices (fields for `tsv()`).
 */
export type EmittedOutput<T> = T extends undefined
  ? T
  : T extends readonly unknown[]
    ? { [K in keyof T]: Carried<T[K]> }
    : Carried<T>;

/**
 * Writes one output of `reduce`.
 *
 * @param output a value that the output format can write; undefined writes no line
 * @throws TypeError if the output format can't write it
 */
// An interface for the same reason as Emit.
export interface EmitOutput<Out> {
  /** Where the type of outputs is unknown, each output is checked by its own type `T`. */
  // biome-ignore lint/style/useShorthandFunctionType: see above
  <T = Out>(output: unknown extends Out ? T & EmittedOutput<T> : Out | undefined): void;
}

/** The destination of output lines. */
export interface OutputSink {
  /** Appends bytes. */
  bytes(bytes: Uint8Array, start: number, end: number): void;
  /** Appends a string as UTF-8, lone surrogates in three bytes. */
  text(text: string): void;
}

/**
 * An output format: writes one output of `reduce` as a line.
 *
 * @typeParam Out the values that it can write
 */
export interface Output<Out> {
  /** The name in error messages. */
  readonly name: string;
  /**
   * Writes whole lines, each with a line feed at its end, before it returns. The task fails if it does not.
   * `tsmr run --merge` takes each line as a record, so a line feed in a key or in `value` should be escaped.
   *
   * @throws TypeError if this format can't write `value`
   */
  write(key: ByteSlice, value: Out, sink: OutputSink): void;
}

/** Named counters of the app, added up over the attempts that completed a task. */
export interface Counters {
  /** Adds `by`, 1 by default, to the counter `name`. */
  add(name: string, by?: number): void;
}

/** The context of a call of `map`. The object is reused for the next record. */
export interface MapContext {
  /** The input file as the user named it. */
  readonly file: string;
  /** The offset of the record in bytes of the file; of the uncompressed text for `.gz`. */
  readonly offset: number;
  /** The number of the map task. */
  readonly task: number;
  /** The counters of the app. */
  readonly counters: Counters;
  /**
   * Says that the app can't use the record, for example because it lacks a field. The job fails if there are too many
   * such records: more than `--max-bad-records` (`maxBadRecords`) allows, by default 90% of all. `map` goes on and
   * may still emit pairs. A record counts once: further calls for it have no effect.
   *
   * @param counter the counter that counts such records, such as `missing-texts`
   * @param reason one line for people, without the place; shown for the first bad record. Default: that the app
   *   can't use it
   */
  badRecord(counter: string, reason?: string): void;
  /**
   * Says that the app is alive, which renews the lease of its task. An app that waits without using the processor,
   * for a request or another process, calls it at least once a lease (10 seconds by default). It counts from the
   * call on: for a call that blocks for longer than a lease, such as `execFileSync`, use a longer `--lease`. Throws
   * when the task has been given to another worker; let that error pass.
   */
  progress(): void;
}

/** The context of a call of `reduce`. The object is reused for the next key. */
export interface ReduceContext {
  /** The bytes of the key, which may not be UTF-8; valid until the call ends. */
  readonly keyBytes: ByteSlice;
  /** The number of the reduce task. */
  readonly task: number;
  /** The counters of the app. */
  readonly counters: Counters;
  /**
   * Says that the app is alive, which renews the lease of its task. An app that waits without using the processor,
   * for a request or another process, calls it at least once a lease (10 seconds by default). It counts from the
   * call on: for a call that blocks for longer than a lease, such as `execFileSync`, use a longer `--lease`. Throws
   * when the task has been given to another worker; let that error pass.
   */
  progress(): void;
}

// `void` is the return type of functions without `return`, async ones included.
/** The result of the `map` of a record app, which may also call `emit`: pairs, or a promise to wait for. */
export type RecordMapResult<V> =
  | void
  | Promise<void>
  | Iterable<readonly [Text, V]>
  | AsyncIterable<readonly [Text, V]>;

/** Combines values of a key: a function of two values, or a combiner of the library. */
export type Combiner<V> = (Fold<V> & KnownFold<V>) | First | Union;

// The compiler evaluates the condition before it checks a function of the user, with what is known of V by
// then. So the function may return a tuple or a literal without a type annotation. Where nothing is known
// yet, `Fold<V>` alone lets it infer V, among others from that function.
/** The same as {@link Fold} where the type of values is known. */
export type KnownFold<V> = unknown extends V ? object : Fold<V>;

/**
 * The result of `reduce`: one output, `undefined` for none, a generator of any number of outputs, or a
 * promise of one output. An array is one output.
 */
export type RecordReduceResult<Out> =
  | Out
  | undefined
  | void
  | Promise<Out | undefined | void>
  | Generator<Out, void, undefined>
  | AsyncGenerator<Out, void, undefined>;

/**
 * The members that a definition needs in addition: none, unless `reduce` returns a value that JSON can't carry.
 * Such a value needs an output format of its own, because the default `text()` can't write it.
 */
export type Written<Out> = [Out] extends [
  Carried<Out> | undefined | void | Promise<undefined | void>,
]
  ? unknown
  : OwnOutput<Out, Carried<Out>>;

/**
 * The type that the compiler names in its error when JSON can't carry an output of `reduce`.
 *
 * @typeParam Out what `reduce` returns
 * @typeParam Why the same, with {@link NotInJson} in place of what JSON can't carry
 */
export interface OwnOutput<Out, Why> {
  /** A format that can write it. */
  readonly output: Output<Out>;
  /** Exists for the compiler's message only. */
  readonly [WHY]?: Why;
}

/**
 * The record form of an app.
 *
 * @typeParam R the records that the reader passes to `map`
 * @typeParam V the values that `emit` takes and `combine` and `reduce` get
 * @typeParam Out the outputs of `reduce`, which the output format writes
 */
export interface AppDefinition<R, V, Out> {
  /** How input files become records. */
  readonly input: Reader<R>;
  /**
   * Checks the inputs of the whole job, each by the name that the user gave it, after patterns were expanded. It
   * throws a `UsageError` to refuse them, for example when a setting names a file that is not among them: the job
   * then fails before its first record. Called at least once, by each worker before its first map task.
   */
  readonly checkInputs?: (files: readonly string[]) => void;
  /** Called once per record. The record is valid until the call returns or its promise settles. */
  readonly map: (record: R, emit: Emit<V>, context: MapContext) => RecordMapResult<V>;
  /**
   * Combines two values of the same key. It must be associative: it may run any number of times for each
   * value, before and after the shuffle.
   */
  readonly combine?: Combiner<V>;
  /**
   * Called once per distinct key, in the order of the keys' bytes. `values` can be iterated once: they are
   * not held in memory.
   */
  readonly reduce: (
    key: string,
    values: Iterable<V>,
    emit: EmitOutput<Out>,
    context: ReduceContext,
  ) => RecordReduceResult<Out>;
  /** Chooses the reduce task of a key; `hashPartition` by default. */
  readonly partition?: Partitioner;
  /** The order of the values of a key; by default that of the inputs, then of emission. */
  readonly orderValues?: (a: V, b: V) => number;
  /** The format of output lines; `text()` by default. */
  readonly output?: Output<Out>;
}
