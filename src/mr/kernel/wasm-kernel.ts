import { randomBytes } from "node:crypto";
import type { Kernel } from "./kernel.ts";
import { instantiate, reserveMemory, type WasmExports, type WasmMemory } from "./webassembly.ts";
import { BITMAP_BYTES, markLetters } from "./word-edges.ts";

/** The limits of the memory in pages of 64 KiB, as the module declares them. */
const MIN_PAGES = 4;
const MAX_PAGES = 65536;
/** The module returns this instead of an id when there is no memory for a key. */
const FULL = -1;
const ID_BYTES = 4;
const SEED_BYTES = 40;
/** Bytes before the texts of a pair; see assembly/pairs.ts. */
const PAIR_HEADER = 24;
/** Keys up to this length are copied byte by byte, which is faster than a call. */
const LOOP_BYTES = 48;

/**
 * The kernel in WebAssembly.
 *
 * Its memory is shared, because growing a memory that is not shared detaches all views of it: a key
 * emitted in a loop over the words of a block would invalidate the block.
 */
export class WasmKernel implements Kernel {
  readonly block: Uint8Array;
  readonly ids: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly lineEnds: Uint32Array;
  readonly output: Uint8Array;
  readonly #memory: WasmMemory;
  readonly #exports: WasmExports;
  readonly #scratch: number;
  readonly #scratchBytes: number;
  /** Ids and numbers passed to the module: views of the whole scratch. */
  readonly #scratchIds: Uint32Array;
  readonly #scratchNumbers: Float64Array;
  /** A view of the memory; the memory may have grown since. */
  #bytes: Uint8Array;
  /** The result of the last `sortPairs`. */
  #order: Uint32Array = new Uint32Array(0);
  /** The address of a region for keys too long for the scratch; 0 if there is none. */
  #longScratch = 0;
  #longScratchBytes = 0;

  /**
   * @param seed of the hash of keys, {@link SEED_BYTES} long: random by default, so that no input is slow on
   *   purpose. Nothing but speed depends on it
   * @throws MrError RUNTIME_UNSUITABLE
   */
  constructor(
    blockBytes: number,
    outputBytes: number,
    maxPages: number = MAX_PAGES,
    seed?: Uint8Array,
  ) {
    const limits = { initial: MIN_PAGES, maximum: maxPages, shared: true };
    this.#memory = reserveMemory(limits) as WasmMemory;
    const loadPage = (page: number) => this.#loadPage(page);
    const imports = { env: { memory: this.#memory }, kernel: { loadPage } };
    this.#exports = instantiate("kernel.wasm", imports) as WasmExports;
    this.#scratch = this.#exports.SCRATCH.value;
    new Uint8Array(this.#memory.buffer).set(seed ?? randomBytes(SEED_BYTES), this.#scratch);
    // The memory may grow, which makes its buffer another.
    this.#exports.open(blockBytes, outputBytes);
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#scratchBytes = this.#exports.SCRATCH_BYTES.value;
    // Even, so that the numbers are aligned.
    const maxIds = Math.floor(this.#scratchBytes / 24) * 2;
    const numbersAt = this.#scratch + maxIds * ID_BYTES;
    this.#scratchIds = new Uint32Array(buffer, this.#scratch, maxIds);
    this.#scratchNumbers = new Float64Array(buffer, numbersAt, maxIds);
    const maxWords = (blockBytes + 1) >>> 1;
    this.block = new Uint8Array(buffer, this.#exports.BLOCK.value, blockBytes);
    this.ids = new Uint32Array(buffer, this.#exports.idsAt.value, maxWords);
    this.starts = new Uint32Array(buffer, this.#exports.startsAt.value, maxWords);
    this.ends = new Uint32Array(buffer, this.#exports.endsAt.value, maxWords);
    this.lineEnds = new Uint32Array(buffer, this.#exports.lineEndsAt.value, blockBytes);
    this.output = new Uint8Array(buffer, this.#exports.outputAt.value, outputBytes);
  }

  get size(): number {
    return this.#exports.keyCount() >>> 0;
  }

  get keyBytes(): number {
    return this.#exports.tableBytes();
  }

  scanWords(start: number, end: number): number {
    checkRange(this.block, start, end);
    const count = this.#exports.scanWords(start, end);
    if (count === FULL) throw this.#full();
    return count;
  }

  scanLines(start: number, end: number): number {
    checkRange(this.block, start, end);
    return this.#exports.scanLines(start, end);
  }

  intern(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    let address = this.#scratch;
    if (source === this.block) {
      address = source.byteOffset + start;
    } else if (length <= LOOP_BYTES) {
      const bytes = this.#bytes;
      for (let i = 0; i < length; i++) bytes[address + i] = source[start + i] ?? 0;
    } else {
      address = this.#scratchFor(length);
      this.#view(address, length).set(source.subarray(start, end));
    }
    return this.#internAt(address, length);
  }

  internAscii(text: string): number {
    const { length } = text;
    const address = this.#scratchFor(length);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return -1;
      bytes[address + i] = unit;
    }
    return this.#internAt(address, length);
  }

  key(id: number): Uint8Array {
    return this.#view(this.#exports.keyAddress(id) >>> 0, this.#exports.keyLength(id) >>> 0);
  }

  keyLength(id: number): number {
    return this.#exports.keyLength(id) >>> 0;
  }

  keyHash(id: number): number {
    return this.#exports.keyHash(id);
  }

  sortedIds(): Uint32Array {
    const { size } = this;
    const address = this.#exports.sortKeys() >>> 0;
    if (address === 0) throw this.#full("sort");
    return new Uint32Array(this.#memory.buffer, address, size).slice();
  }

  writeKey(id: number, at: number): number {
    checkRange(this.output, at, at + this.keyLength(id));
    return this.#exports.writeKey(id, at);
  }

  writeNumbers(ids: Uint32Array, from: number, to: number, numbers: Float64Array): number {
    const given = this.#scratchIds;
    const values = this.#scratchNumbers;
    const count = Math.min(to - from, given.length);
    for (let index = 0; index < count; index++) {
      const id = ids[from + index] ?? 0;
      given[index] = id;
      values[index] = numbers[id] ?? 0;
    }
    return from + this.#exports.writeNumbers(count, given.length);
  }

  get pairCount(): number {
    return this.#exports.pairCount() >>> 0;
  }

  get pairBytes(): number {
    return this.#exports.pairBytes();
  }

  get outputEnd(): number {
    return this.#exports.outputEnd.value;
  }

  appendRanges(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): boolean {
    const { block } = this;
    checkRange(block, keyStart, keyEnd);
    checkRange(block, valueStart, valueEnd);
    const keyLength = keyEnd - keyStart;
    const valueLength = valueEnd - valueStart;
    const at = block.byteOffset;
    const answer = this.#exports.appendPair(at + keyStart, keyLength, at + valueStart, valueLength);
    if (answer === FULL) throw this.#full("add a pair beside");
    return answer === 1;
  }

  appendTexts(
    texts: Uint8Array,
    keyTextLength: number,
    valueTextLength: number,
    keyLength: number,
    isBytes: boolean,
  ): void {
    const length = keyTextLength + valueTextLength + keyLength;
    const address = this.#scratchFor(length);
    this.#view(address, length).set(texts.subarray(0, length));
    const flag = isBytes ? 1 : 0;
    const { appendTexts } = this.#exports;
    if (appendTexts(address, keyTextLength, valueTextLength, keyLength, flag) === FULL) {
      throw this.#full("add a pair beside");
    }
  }

  sortPairs(): Uint32Array {
    const address = this.#exports.sortPairs() >>> 0;
    if (address === 0) throw this.#full("sort pairs beside");
    this.#order = new Uint32Array(this.#memory.buffer, address, this.pairCount);
    return this.#order;
  }

  pairKeyLength(pair: number): number {
    return this.#exports.pairKeyLength(pair) >>> 0;
  }

  pairHash(pair: number): number {
    return this.#exports.pairHash(pair);
  }

  pairKey(pair: number): Uint8Array {
    return this.#view(this.#exports.pairKey(pair) >>> 0, this.pairKeyLength(pair));
  }

  writePairKey(pair: number, at: number): number {
    checkRange(this.output, at, at + this.pairKeyLength(pair));
    return this.#exports.writePairKey(pair, at);
  }

  writePairs(from: number, to: number): number {
    return this.#exports.writePairs(from, to) >>> 0;
  }

  pairLine(index: number): Uint8Array {
    const pair = this.#order[index] ?? 0;
    const header = new DataView(this.#view(pair, PAIR_HEADER).buffer, pair, PAIR_HEADER);
    const keyTextLength = header.getUint32(8, true);
    const valueTextLength = header.getUint32(12, true);
    const isBytes = header.getUint32(16, true) === 1;
    const keyText = this.#view(pair + PAIR_HEADER, keyTextLength);
    const valueText = this.#view(pair + PAIR_HEADER + keyTextLength, valueTextLength);
    const count = isBytes ? ",-1," : ",1,";
    return Buffer.concat([
      Buffer.from("["),
      keyText,
      Buffer.from(count),
      valueText,
      Buffer.from("]\n"),
    ]);
  }

  clear(): void {
    this.#longScratch = 0;
    this.#longScratchBytes = 0;
    this.#exports.reset();
  }

  #internAt(address: number, length: number): number {
    const id = this.#exports.intern(address, length);
    if (id === FULL) throw this.#full();
    return id >>> 0;
  }

  /** The address of a region of `length` bytes within `#bytes`. */
  #scratchFor(length: number): number {
    if (length + 16 <= this.#scratchBytes) return this.#scratch;
    if (length > this.#longScratchBytes) {
      const room = Math.ceil(length * 1.25);
      const address = this.#exports.allocate(room + 16) >>> 0;
      if (address === 0) throw this.#full();
      this.#longScratch = address;
      this.#longScratchBytes = room;
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    return this.#longScratch;
  }

  #view(address: number, length: number): Uint8Array {
    if (address + length > this.#bytes.length) this.#bytes = new Uint8Array(this.#memory.buffer);
    return new Uint8Array(this.#bytes.buffer, address, length);
  }

  #loadPage(page: number): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    const letters = this.#exports.LETTERS.value;
    markLetters(bytes.subarray(letters, letters + BITMAP_BYTES), page);
    bytes[this.#exports.PAGES.value + page] = 1;
  }

  #full(what = "add a key to"): RangeError {
    const mebibytes = Math.round(this.keyBytes / 2 ** 20);
    return new RangeError(
      `Cannot ${what} a table of ${this.size} keys in ${mebibytes} MiB: its memory is full`,
    );
  }
}

function checkRange(array: ArrayLike<number>, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= array.length) return;
  throw new RangeError(`Cannot take [${start}, ${end}) of ${array.length}: out of range`);
}
