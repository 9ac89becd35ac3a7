/**
 * The app contract: what a user writes. A module is an app when it exports `map` and `reduce`
 * (the classic form, a line-by-line port of the lab's Go plugins).
 */

/** One pair emitted by `map`. Grouping and order are by the UTF-8 bytes of `key`. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** What `map` may hand back: pairs at once, one by one, or either of them later. */
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
  readonly map: ClassicMap;
  readonly reduce: ClassicReduce;
}
