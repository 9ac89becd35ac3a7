import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import { quoteKey } from "../../base/thrown.ts";
import {
  decodeUtf8,
  invalidUtf8At,
  isEncodedText,
  type ReplacedWatch,
  watchReplaced,
} from "../../base/utf8.ts";
import { describeReplacement, LOST_IN_RECORDS } from "../../job/task.ts";
import type { MergeOptions } from "../shuffle/merge-passes.ts";
import type { Tally } from "./tally.ts";

/** Counts keys, so that the watch can distinguish them. */
interface Keys {
  readonly read: number;
}

const ONE_KEY: Keys = { read: 1 };

/**
 * Tells when `reduce`, the output, or `combine` in a merge loses bytes that are not UTF-8: once for each key, from construction until
 * {@link end}. There is one watch at a time. As long as all keys and values are UTF-8, it takes no time.
 */
export class KeyLossWatch implements ReplacedWatch {
  record: unknown;
  readonly #key: ByteSlice;
  readonly #keys: Keys;
  readonly #report: (place: string, reason: string) => void;
  readonly #takesKey: boolean;
  /** The last key for which bytes were lost, as its number. */
  #reported = 0;
  /** The last key with a value that is not UTF-8, as its number, and the first such byte of the value. */
  #given = 0;
  #givenBytes = new Uint8Array(0);

  /**
   * @param key the key at hand
   * @param report takes the key as a place, and the reason
   * @param keys the number of the key at hand, from 1 on; by default there is only one key
   * @param takesKey whether the function gets the text of the key, and not only values
   */
  constructor(
    key: ByteSlice,
    report: (place: string, reason: string) => void,
    keys = ONE_KEY,
    takesKey = true,
  ) {
    this.#key = key;
    this.#takesKey = takesKey;
    this.#keys = keys;
    this.#report = report;
    watchReplaced(this);
  }

  get isReported(): boolean {
    return this.#reported === this.#keys.read;
  }

  report(byte: number): boolean {
    this.#reported = this.#keys.read;
    this.#report(placeOfKey(this.#key), describeReplacement(byte, LOST_IN_RECORDS, "texts"));
    return true;
  }

  give(bytes: Uint8Array): void {
    // From now on, texts that are made are searched for U+FFFD.
    this.record = this;
    const { read } = this.#keys;
    if (this.#given === read) return;
    this.#given = read;
    const at = invalidUtf8At(bytes);
    this.#givenBytes = Uint8Array.from(bytes.subarray(at, at + 1));
  }

  suspect(): Uint8Array | undefined {
    if (this.isReported) return undefined;
    const key = this.#key.view();
    if (this.#takesKey && !isEncodedText(key)) return key;
    return this.#given === this.#keys.read ? this.#givenBytes : undefined;
  }

  end(): void {
    watchReplaced(undefined);
  }
}

/**
 * Watches `combine` while runs are merged, and counts the keys for which it loses bytes. A key counts in each merge
 * that has it.
 */
export function watchOfCombine(tally: Tally): MergeOptions["watchLoss"] {
  const report = (place: string, reason: string) => tally.replaceKey(place, reason);
  return (key, keys) => new KeyLossWatch(key, report, keys, false);
}

/** A key in words. Its text loses nothing that the app needs. */
export function placeOfKey({ bytes, start, end }: ByteSlice): string {
  return `key ${quoteKey(decodeUtf8(bytes, start, end, "checked"))}`;
}
