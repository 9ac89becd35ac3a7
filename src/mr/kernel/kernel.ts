/**
 * The byte kernel: interns byte-string keys into dense ids, and finds the words of a block of text.
 * Two implementations give the same results, one in WebAssembly, one in plain TypeScript; see
 * `create-kernel.ts` for how one is chosen.
 */

/** Interns byte strings: equal bytes get the same id, ids are dense from 0 in order of first sight. */
export interface KeyTable {
  /** How many distinct keys there are. */
  readonly size: number;

  /**
   * Bytes of memory in use for keys, their entries and the slots that find them; what a memory
   * limit is held against. `sortedIds` takes some 16 bytes a key more while it runs.
   */
  readonly keyBytes: number;

  /**
   * The id of the key source[start, end), any bytes, also none.
   *
   * @throws RangeError when the memory the kernel may have (just under 4 GiB) is full
   */
  intern(source: Uint8Array, start: number, end: number): number;

  /**
   * The id of a key given as text, if it is all ASCII.
   *
   * @returns the id, or -1 for text that must be encoded first: the rule for that is the caller's
   * @throws RangeError as `intern` does
   */
  internAscii(text: string): number;

  /** The bytes of a key: a view to be read only, and only until the next `clear`. */
  key(id: number): Uint8Array;

  /** The length of a key in bytes. */
  keyLength(id: number): number;

  /**
   * FNV-1a (32 bits) of the key, `& 0x7fffffff`: the lab's ihash. Computed once per distinct key.
   */
  keyHash(id: number): number;

  /**
   * All ids in the order of their keys' bytes, as memcmp orders them, the shorter first where one
   * key begins another.
   */
  sortedIds(): Uint32Array;

  /** Forgets all keys, the ids of the last scan with them. Memory is kept for the next ones. */
  clear(): void;
}

/** Finds lines and words in a block of text that the caller reads into it. */
export interface BlockScanner {
  /** Where the text goes, of fixed size and the same array for good. */
  readonly block: Uint8Array;

  /**
   * Finds the words of block[start, end) and interns them: exactly what `/\p{L}+/gu` finds in the
   * text those bytes decode to (bytes that are not UTF-8 are no letters). The caller sees to it
   * that no word crosses `start` or `end`.
   *
   * @returns how many words there are; word i has `ids[i]` and is block[starts[i], ends[i])
   * @throws RangeError when the memory for keys is full, the words before having been interned
   */
  scanWords(start: number, end: number): number;

  /**
   * Finds the line feeds of block[start, end).
   *
   * @returns how many there are; line feed i is at `lineEnds[i]`
   */
  scanLines(start: number, end: number): number;

  /** Where in the block the line feeds are. The same array for good, as are those below. */
  readonly lineEnds: Uint32Array;
  /**
   * The position of the first quote or backslash in block[start, end), or `end` where there is none:
   * where a JSON string ends, or its first escape begins.
   */
  findQuote(start: number, end: number): number;

  /**
   * Sorts ranges of the block by their bytes, as memcmp orders them, the shorter first, equal ones
   * as they come. The caller has filled `starts` and `ends`; `ids` gets the indexes of the ranges
   * [from, to) in their order, at [from, to).
   *
   * @throws RangeError when there is no memory for it: 16 bytes a range while it runs
   */
  sortRanges(from: number, to: number): void;

  /** The id of each word of the last scan. */
  readonly ids: Uint32Array;
  /** Where in the block each word begins. */
  readonly starts: Uint32Array;
  /** Where in the block each word ends: the position after its last byte. */
  readonly ends: Uint32Array;
}

/** Puts together what is to be written to a file. */
export interface ByteOutput {
  /**
   * Where it goes, of fixed size and the same array for good. What comes after the position last
   * returned is undefined: more may have been written there than was asked for.
   */
  readonly output: Uint8Array;

  /**
   * Copies block[start, end) to output[at…].
   *
   * @returns where the next byte goes
   * @throws RangeError when it does not fit
   */
  writeRange(start: number, end: number, at: number): number;

  /** Copies a key to output[at…], as `writeRange` does. */
  writeKey(id: number, at: number): number;

  /**
   * Writes block[start, end) to output[at…] as a JSON string: what `JSON.stringify` makes of the
   * text the bytes decode to.
   *
   * @returns where the next byte goes, or -1 when the bytes are not UTF-8
   * @throws RangeError when there is no room for six times the bytes and two quotes
   */
  quoteRange(start: number, end: number, at: number): number;

  /** Writes a key to output[at…] as a JSON string, as `quoteRange` does. */
  quoteKey(id: number, at: number): number;
}

/** The words that `scanWords` finds are interned in the kernel's own table. */
export interface Kernel extends KeyTable, BlockScanner, ByteOutput {
  readonly kind: "wasm" | "plain";
}
