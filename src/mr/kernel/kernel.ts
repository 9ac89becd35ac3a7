/**
 * The byte kernel: interns byte-string keys into dense ids, and finds the words of a block of text. It is
 * WebAssembly; the tests compare it with an implementation in plain TypeScript (test/kernel).
 */

/** Interns byte strings: equal bytes get the same id, ids are dense from 0 in order of first sight. */
export interface KeyTable {
  /** How many distinct keys there are. */
  readonly size: number;

  /**
   * Bytes in use for keys, their entries and hash slots, for comparison with a memory limit. `sortedIds`
   * takes about 16 bytes more for each key while it runs.
   */
  readonly keyBytes: number;

  /** The id of the key source[start, end). @throws RangeError when the memory (just under 4 GiB) is full */
  intern(source: Uint8Array, start: number, end: number): number;

  /** As {@link intern} for ASCII text; -1 for other text, which the caller must encode. @throws RangeError */
  internAscii(text: string): number;

  /** The bytes of a key: a read-only view, valid until the next `clear`. */
  key(id: number): Uint8Array;

  keyLength(id: number): number;

  /** FNV-1a (32 bits) of the key, `& 0x7fffffff`: the lab's ihash. It is computed once per distinct key. */
  keyHash(id: number): number;

  /** All ids in the order of their keys' bytes, as memcmp orders them; a prefix of a key comes before it. */
  sortedIds(): Uint32Array;

  /** Forgets all keys, the ids of the last scan, and all pairs. The memory is kept for later ones. */
  clear(): void;
}

/** Finds lines and words in a block that the caller reads text into. */
export interface BlockScanner {
  /** The block, an array that never changes in size or place. */
  readonly block: Uint8Array;

  /**
   * Finds the words of block[start, end) and interns them: exactly what `/\p{L}+/gu` finds in the decoded
   * text. Bytes that are not UTF-8 are not letters. No word may cross `start` or `end`.
   *
   * @returns the number of words; word i has the id `ids[i]` and is block[starts[i], ends[i])
   * @throws RangeError when the memory for keys is full; the words found before are interned
   */
  scanWords(start: number, end: number): number;

  /** Finds the line feeds of block[start, end). @returns their number; line feed i is at `lineEnds[i]` */
  scanLines(start: number, end: number): number;

  /** The positions of the line feeds. This and the next arrays never change in place. */
  readonly lineEnds: Uint32Array;
  /** The id of each word of the last scan. */
  readonly ids: Uint32Array;
  /** The beginning of each word in the block. */
  readonly starts: Uint32Array;
  /** The end of each word in the block: the position after its last byte. */
  readonly ends: Uint32Array;
}

/**
 * Keeps pairs of a key and a value, each as JSON text, to sort them and write them as lines of a run (see
 * docs/formats.md). Pairs share the memory of the table of keys, and `clear` forgets both.
 */
export interface PairList {
  readonly pairCount: number;

  /** Bytes that the pairs take, including what sorting them takes. */
  readonly pairBytes: number;

  /**
   * Appends a pair of the block: the key block[keyStart, keyEnd), and the byte slice
   * block[valueStart, valueEnd) as its value.
   *
   * @returns false if the key or the value is not UTF-8; nothing is appended then
   * @throws RangeError when the kernel's memory is full
   */
  appendRanges(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): boolean;

  /**
   * Appends a pair whose JSON texts are known. The text of a string is `"`, its bytes and `"`, or longer.
   *
   * @param texts begins with the text of the key, the text of the value, and the bytes of the key
   * @param isBytes whether the value is a byte slice
   * @throws RangeError when the kernel's memory is full
   */
  appendTexts(
    texts: Uint8Array,
    keyTextLength: number,
    valueTextLength: number,
    keyLength: number,
    isBytes: boolean,
  ): void;

  /**
   * All pairs, as ids that only the kernel understands, in the order of their keys' bytes; pairs of one key
   * in the order they were appended. `writePairs` takes pairs in the order of this array, which the caller
   * may change before. Nothing may be appended or interned until the next `clear`.
   *
   * @throws RangeError when the kernel's memory is full
   */
  sortPairs(): Uint32Array;

  pairKeyLength(pair: number): number;

  /** FNV-1a (32 bits) of the key of a pair, `& 0x7fffffff`. */
  pairHash(pair: number): number;

  /** The bytes of a pair's key: a read-only view, valid until the next `clear`. */
  pairKey(pair: number): Uint8Array;

  /** Copies the key of a pair to output[at…]; see `writeKey`. */
  writePairKey(pair: number, at: number): number;

  /**
   * Writes pairs [from, to) of the sorted order to output[0, outputEnd) as lines of a run, as long as there
   * is room. Neighbours with the same key share a line, in which runs of equal values are counted.
   *
   * @returns the first pair that was not written; `from` if that pair alone is too long for the output
   */
  writePairs(from: number, to: number): number;

  /** The end of the output of the last `writePairs` or `writeNumbers`. */
  readonly outputEnd: number;

  /** The line of the single pair at `index` of the sorted order, for pairs too long for the output. */
  pairLine(index: number): Uint8Array;
}

/** A kernel: `scanWords` interns the words it finds in the kernel's table of keys. */
export interface Kernel extends KeyTable, BlockScanner, PairList {
  /**
   * A buffer in which output for files is assembled, an array that never changes in size or place. The bytes
   * after the position last returned are undefined: more may have been written there.
   */
  readonly output: Uint8Array;

  /** Copies a key to output[at…]. @returns the position after it. @throws RangeError if it does not fit */
  writeKey(id: number, at: number): number;

  /**
   * Writes a line `["key",1,number]` of a run to output[0, outputEnd) for each of the keys ids[from, to). It
   * stops when the output is full, and before a line that the caller has to write: for a key that is not
   * UTF-8, or a number that is not a whole number from 0 to 2^53 - 1.
   *
   * @param numbers the number of each id
   * @returns the first index that was not written, maybe `from`
   */
  writeNumbers(ids: Uint32Array, from: number, to: number, numbers: Float64Array): number;
}
