import { readFileSync } from "node:fs";
import { checkRange, quotedBytes } from "./check-range.ts";
import type { Kernel } from "./kernel.ts";
import { BITMAP_BYTES, markLetters } from "./letters.ts";
import { type WasmGlobal, type WasmMemory, type WasmModule, webAssembly } from "./webassembly.ts";

/** What the module exports; see assembly/kernel.ts. */
interface Exports {
  readonly BLOCK: WasmGlobal;
  readonly LETTERS: WasmGlobal;
  readonly PAGES: WasmGlobal;
  readonly SCRATCH: WasmGlobal;
  readonly SCRATCH_BYTES: WasmGlobal;
  readonly idsAt: WasmGlobal;
  readonly startsAt: WasmGlobal;
  readonly endsAt: WasmGlobal;
  readonly lineEndsAt: WasmGlobal;
  readonly outputAt: WasmGlobal;
  open(blockBytes: number, outputBytes: number): void;
  allocate(size: number): number;
  scanLines(start: number, end: number): number;
  scanWords(start: number, end: number): number;
  findQuote(start: number, end: number): number;
  intern(address: number, length: number): number;
  keyAddress(id: number): number;
  keyCount(): number;
  keyHash(id: number): number;
  keyLength(id: number): number;
  quoteKey(id: number, at: number): number;
  quoteRange(start: number, end: number, at: number): number;
  resetTable(): void;
  sortKeys(): number;
  sortRanges(from: number, to: number): number;
  tableBytes(): number;
  writeKey(id: number, at: number): number;
  writeRange(start: number, end: number, at: number): number;
}

/** Pages of 64 KiB, as declared by the module. */
const MIN_PAGES = 4;
const MAX_PAGES = 65536;
/** What the module returns instead of an id when there is no memory for a key. */
const FULL = -1;
/** Shorter keys are copied byte by byte: that is faster than a call that copies. */
const LOOP_BYTES = 48;

let compiled: WasmModule | undefined;

/**
 * The compiled module, compiled once.
 *
 * @throws WebAssembly.CompileError where the engine lacks SIMD or shared memory
 */
export function compileKernel(): WasmModule {
  const { Module } = webAssembly();
  compiled ??= new Module(readFileSync(new URL("../kernel/kernel.wasm", import.meta.url)));
  return compiled;
}

/**
 * The kernel in WebAssembly.
 *
 * All is in one shared memory. Growing a memory that is not shared detaches the views of it: a key
 * emitted while the words of a block are gone through would pull the block from under the loop.
 */
export class WasmKernel implements Kernel {
  readonly kind = "wasm";
  readonly block: Uint8Array;
  readonly ids: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly lineEnds: Uint32Array;
  readonly output: Uint8Array;
  readonly #memory: WasmMemory;
  readonly #exports: Exports;
  readonly #scratch: number;
  readonly #scratchBytes: number;
  /** All of the memory when last looked; it may have grown since. */
  #bytes: Uint8Array;
  /** A region for keys too long for the scratch, none when 0. */
  #longScratch = 0;
  #longScratchBytes = 0;

  /**
   * @param blockBytes the capacity of the block
   * @param outputBytes the capacity of the output
   * @param maxPages how far the memory may grow, in pages of 64 KiB, 65536 unless told
   */
  constructor(
    module: WasmModule,
    blockBytes: number,
    outputBytes: number,
    maxPages: number = MAX_PAGES,
  ) {
    const { Instance, Memory } = webAssembly();
    this.#memory = new Memory({ initial: MIN_PAGES, maximum: maxPages, shared: true });
    const loadPage = (page: number) => this.#loadPage(page);
    const imports = { env: { memory: this.#memory }, kernel: { loadPage } };
    const instance = new Instance(module, imports);
    this.#exports = instance.exports as unknown as Exports;
    this.#exports.open(blockBytes, outputBytes);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#scratch = this.#exports.SCRATCH.value;
    this.#scratchBytes = this.#exports.SCRATCH_BYTES.value;
    const { buffer } = this.#memory;
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

  findQuote(start: number, end: number): number {
    checkRange(this.block, start, end);
    return this.#exports.findQuote(start, end);
  }

  writeRange(start: number, end: number, at: number): number {
    checkRange(this.block, start, end);
    checkRange(this.output, at, at + end - start);
    return this.#exports.writeRange(start, end, at);
  }

  writeKey(id: number, at: number): number {
    checkRange(this.output, at, at + this.keyLength(id));
    return this.#exports.writeKey(id, at);
  }

  quoteRange(start: number, end: number, at: number): number {
    checkRange(this.block, start, end);
    checkRange(this.output, at, at + quotedBytes(end - start));
    return this.#exports.quoteRange(start, end, at);
  }

  quoteKey(id: number, at: number): number {
    checkRange(this.output, at, at + quotedBytes(this.keyLength(id)));
    return this.#exports.quoteKey(id, at);
  }

  sortRanges(from: number, to: number): void {
    checkRange(this.ids, from, to);
    if (this.#exports.sortRanges(from, to) === 0) throw this.#full("sort ranges beside");
  }

  clear(): void {
    this.#longScratch = 0;
    this.#longScratchBytes = 0;
    this.#exports.resetTable();
  }

  #internAt(address: number, length: number): number {
    const id = this.#exports.intern(address, length);
    if (id === FULL) throw this.#full();
    return id >>> 0;
  }

  /** The address of room for a key of `length` bytes, within `#bytes`. */
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
