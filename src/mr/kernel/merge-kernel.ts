import { instantiate, reserveMemory, type UnsharedMemory, type WasmGlobal } from "./webassembly.ts";

/** Why `next` of {@link MergeKernel.exports} returns; see assembly/merge.ts. */
export const MERGE = { done: 0, full: 1, read: 2, decode: 3, malformed: 4, grow: 5 } as const;

/** Properties of a value: bits of {@link MergeKernel.kinds}. */
export const VALUE = {
  /** The value was emitted as a byte slice. */
  bytes: 1,
  /** A string without escapes. */
  plain: 2,
  /** A whole number of up to 15 digits, found in {@link MergeKernel.numbers}. */
  integer: 4,
} as const;

const PAGE_BYTES = 65536;
/** The compiler's constants are below this address. */
const FIRST_ADDRESS = 4096;
const RUN_BYTES = 32;
const MAX_GROUPS = 4096;
const MAX_VALUES = 8192;
const OUTPUT_BYTES = 128 * 1024;
/** The module may read and write this far beyond the end of an allocation. */
const GUARD_BYTES = 64;

/** The exports of merge.wasm. Positions refer to {@link MergeKernel.bytes}. */
interface Exports {
  /** After `read`, `decode` and `malformed`: the run in question. */
  readonly subject: WasmGlobal;
  /** After `grow`: the size that the output must have, in bytes. */
  readonly needed: WasmGlobal;
  /** The number of groups in the batch. */
  readonly groups: WasmGlobal;
  readonly isOpen: WasmGlobal;
  open(count: number, runsAt: number, heapAt: number): void;
  /** Takes the maximum number of groups and the addresses of their arrays, then those of values. */
  setArrays(...maximaAndAddresses: readonly number[]): void;
  setOutput(at: number, limit: number): void;
  /** Sets the window of a run: whole lines in bytes[start, end). `isLast` is 1 if the run ends there, else 0. */
  setWindow(run: number, start: number, end: number, isLast: number): void;
  /** After `decode`: sets the key to bytes[start, end), which must stay until the run's next key. */
  setKey(start: number, end: number): void;
  /** After `decode`: the position of the key's text, which is to be decoded. */
  keyTextStart(): number;
  keyTextEnd(): number;
  /** Releases the groups of this batch, except the last one if it {@link MergeKernel.isOpen}. */
  taken(): void;
  /** Continues with the next batch. @returns one of {@link MERGE} */
  next(): number;
}

/**
 * Merges sorted runs into batches of groups: keys, and the values of each with their counts. Parts of the
 * runs are read into windows of its memory. All positions refer to {@link bytes}.
 */
export class MergeKernel {
  /** The whole memory; replaced by another array when it grows. */
  bytes: Buffer = Buffer.alloc(0);
  /** The beginning and end of each group's key. */
  keyStarts = new Uint32Array(0);
  keyEnds = new Uint32Array(0);
  /** 1 for a key of ASCII only, else 0. */
  keyKinds = new Uint8Array(0);
  /** The first value of each group; after the last group, the number of values. */
  firstValues = new Uint32Array(0);
  /** The beginning and end of each value's JSON text. */
  valueStarts = new Uint32Array(0);
  valueEnds = new Uint32Array(0);
  /** See {@link VALUE}. */
  kinds = new Uint8Array(0);
  /** How many times in a row each value occurs. */
  counts = new Float64Array(0);
  numbers = new Float64Array(0);

  readonly #memory: UnsharedMemory;
  readonly exports: Exports;
  /** The addresses of the arrays, in the order of the fields above. */
  #places: readonly number[] = [];
  #top = FIRST_ADDRESS;
  #outputAt = 0;
  #outputBytes = 0;

  /** @throws MrError RUNTIME_UNSUITABLE */
  constructor() {
    this.#memory = reserveMemory({ initial: 1 }) as UnsharedMemory;
    this.exports = instantiate("merge.wasm", { env: { memory: this.#memory } }) as Exports;
  }

  open(runs: number): void {
    this.#top = FIRST_ADDRESS;
    const runsAt = this.allocate(runs * RUN_BYTES);
    const heapAt = this.allocate(runs * 4);
    const ofGroups = [4, 4, 1, 4].map((size) => this.allocate((MAX_GROUPS + 1) * size));
    const ofValues = [4, 4, 1, 8, 8].map((size) => this.allocate(MAX_VALUES * size));
    this.#places = [...ofGroups, ...ofValues];
    this.exports.open(runs, runsAt, heapAt);
    this.exports.setArrays(MAX_GROUPS, ...ofGroups, MAX_VALUES, ...ofValues);
    this.#outputBytes = 0;
    this.growOutput(OUTPUT_BYTES);
    this.#look();
  }

  /** @returns the address of `size` bytes, free again at the next {@link open}. @throws RangeError */
  allocate(size: number): number {
    const address = this.#top;
    const missing = address + roomOf(size) - this.#memory.buffer.byteLength;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
      this.#look();
    }
    this.#top = address + roomOf(size);
    return address;
  }

  /** Allocates `size` bytes in place of the `before` bytes at `start`, maybe elsewhere; copies nothing. */
  enlarge(start: number, before: number, size: number): number {
    // The last allocation can grow in place.
    if (start + roomOf(before) === this.#top) this.#top = start;
    return this.allocate(size);
  }

  /** Replaces the output by one of at least `needed` bytes. */
  growOutput(needed: number): void {
    const size = needed + (needed >>> 2);
    this.#outputAt = this.enlarge(this.#outputAt, this.#outputBytes, size);
    this.#outputBytes = size;
    this.exports.setOutput(this.#outputAt, this.#outputAt + size);
  }

  /** Whether the last group of the batch continues as the first of the next batch. */
  get isOpen(): boolean {
    return this.exports.isOpen.value !== 0;
  }

  #look(): void {
    const { buffer } = this.#memory;
    this.bytes = Buffer.from(buffer);
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = this.#places;
    this.keyStarts = new Uint32Array(buffer, a, MAX_GROUPS + 1);
    this.keyEnds = new Uint32Array(buffer, b, MAX_GROUPS + 1);
    this.keyKinds = new Uint8Array(buffer, c, MAX_GROUPS + 1);
    this.firstValues = new Uint32Array(buffer, d, MAX_GROUPS + 1);
    this.valueStarts = new Uint32Array(buffer, e, MAX_VALUES);
    this.valueEnds = new Uint32Array(buffer, f, MAX_VALUES);
    this.kinds = new Uint8Array(buffer, g, MAX_VALUES);
    this.counts = new Float64Array(buffer, h, MAX_VALUES);
    this.numbers = new Float64Array(buffer, i, MAX_VALUES);
  }
}

function roomOf(size: number): number {
  return Math.ceil((size + GUARD_BYTES) / 8) * 8;
}
