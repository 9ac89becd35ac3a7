/**
 * The byte kernel: interns byte-string keys into dense ids, and finds the words of a block of text. It is
 * WebAssembly; the tests compare it with an implementation in plain TypeScript (test/kernel).
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

  /**
   * Forgets all keys, the ids of the last scan with them, and all pairs. Memory is kept for the next
   * ones.
   */
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
  /** The id of each word of the last scan. */
  readonly ids: Uint32Array;
  /** Where in the block each word begins. */
  readonly starts: Uint32Array;
  /** Where in the block each word ends: the position after its last byte. */
  readonly ends: Uint32Array;
}

/**
 * Keeps pairs of a key and a value, each as the JSON text of it, to be sorted and written as lines of a
 * run (see docs/formats.md). Pairs are in the memory of the table of keys, and are forgotten with them.
 */
export interface PairList {
  readonly pairCount: number;

  /** Bytes of memory that the pairs take, what sorting them takes included. */
  readonly pairBytes: number;

  /**
   * Appends a pair of the block: the key block[keyStart, keyEnd), and block[valueStart, valueEnd) as a
   * byte slice.
   *
   * @returns false, with nothing appended, when one of the two is not UTF-8
   * @throws RangeError when the memory the kernel may have is full
   */
  appendRanges(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): boolean;

  /**
   * Appends a pair of which the texts are known. A string's text is `"` and its bytes and `"`, or longer.
   *
   * @param texts begins with the text of the key, that of the value, and the bytes of the key
   * @param isBytes whether the value is a byte slice
   * @throws RangeError as `appendRanges` does
   */
  appendTexts(
    texts: Uint8Array,
    keyTextLength: number,
    valueTextLength: number,
    keyLength: number,
    isBytes: boolean,
  ): void;

  /**
   * All pairs, as ids that mean something to the kernel only, in the order of the bytes of their keys,
   * and of one key in the order in which they came. It is the order in which `writePairs` takes them, and
   * may be changed before; nothing may be appended or interned any more until all are forgotten.
   *
   * @throws RangeError when there is no memory for it
   */
  sortPairs(): Uint32Array;

  pairKeyLength(pair: number): number;

  /** FNV-1a (32 bits) of the key of a pair, `& 0x7fffffff`. */
  pairHash(pair: number): number;

  /** The bytes of the key of a pair: a view to be read only, and only until the next `clear`. */
  pairKey(pair: number): Uint8Array;

  /** Copies the key of a pair to output[at…], as `writeKey` does. */
  writePairKey(pair: number, at: number): number;

  /**
   * Writes pairs [from, to) of the order to output[0, outputEnd), as lines of a run: neighbours of the same
   * key in one line, equal values counted, as far as there is room.
   *
   * @returns the first that was not written; `from` when one pair alone is too long for the output
   */
  writePairs(from: number, to: number): number;

  /** Where the output of the last `writePairs` or `writeNumbers` ends. */
  readonly outputEnd: number;

  /** The line of the pair at `index` of the order alone, for those too long for the output. */
  pairLine(index: number): Uint8Array;
}

/** Where what is to be written to a file is put together. */
export interface ByteOutput {
  /**
   * Where it goes, of fixed size and the same array for good. What comes after the position last
   * returned is undefined: more may have been written there than was asked for.
   */
  readonly output: Uint8Array;

  /**
   * Copies a key to output[at…].
   *
   * @returns where the next byte goes
   * @throws RangeError when it does not fit
   */
  writeKey(id: number, at: number): number;

  /**
   * Writes a line `["key",1,number]` of a run to output[0, outputEnd) for each of the keys ids[from, to),
   * the number being that of the same id. It stops where the output is full, and at what it leaves to the
   * caller: a key that is not UTF-8, and a number that is not a whole one from 0 to 2^53 - 1.
   *
   * @param numbers by id
   * @returns the first that was not written, maybe `from`
   */
  writeNumbers(ids: Uint32Array, from: number, to: number, numbers: Float64Array): number;
}

/** The words that `scanWords` finds are interned in the kernel's own table. */
export interface Kernel extends KeyTable, BlockScanner, ByteOutput, PairList {}
