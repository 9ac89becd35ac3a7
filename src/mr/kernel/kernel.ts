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
   * Copies a key to target[at…], which must have room for it; cheaper than `key` where many keys
   * are written one after the other.
   *
   * @returns where the next byte goes: `at` plus the length of the key
   */
  copyKey(id: number, target: Uint8Array, at: number): number;

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
  /** The id of each word of the last scan. */
  readonly ids: Uint32Array;
  /** Where in the block each word begins. */
  readonly starts: Uint32Array;
  /** Where in the block each word ends: the position after its last byte. */
  readonly ends: Uint32Array;
}

/** The words that `scanWords` finds are interned in the kernel's own table. */
export interface Kernel extends KeyTable, BlockScanner {
  readonly kind: "wasm" | "plain";
}
