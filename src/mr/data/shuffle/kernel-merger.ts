import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { NumberRuns } from "../../app/contract/combiners.ts";
import { appendBytes, ByteBuffer } from "../../base/byte-target.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import { MERGE, MergeKernel, VALUE } from "../../kernel/merge-kernel.ts";
import type { GroupSource } from "./group-source.ts";
import { type Run, RunFile } from "./run-file.ts";
import { decodeBytesInto, ValueDecoder } from "./value-codec.ts";

const LINE_FEED = 10;
/** V8 copies parts of a string up to this length; a longer part keeps the whole string in memory. */
const MAX_COPIED_UNITS = 12;
/** If keys are further apart on average, decoding them one by one is cheaper. */
const MAX_BYTES_PER_KEY = 32;
/** A larger idle kernel is left to the garbage collector. */
const MAX_IDLE_BYTES = 6 * 1024 * 1024;

const NO_NUMBERS = new Float64Array(0);

/** A kernel for the next merge, since making one takes time. */
let idleKernel: MergeKernel | undefined;

interface Window {
  readonly file: RunFile;
  start: number;
  size: number;
  /** Whole lines are before this, and part of another from here to `filled`. */
  limit: number;
  filled: number;
  /** Room for a key that has escapes. */
  keyStart: number;
  keySize: number;
}

/** A {@link GroupSource} of runs that are merged in WebAssembly, a batch of groups at a time. */
export class KernelMerger implements GroupSource {
  readonly key = new ByteSlice(new Uint8Array(0));
  count = 0;
  isBytes = false;
  bytes: Buffer = Buffer.alloc(0);
  valueStart = 0;
  valueEnd = 0;

  readonly #kernel = idleKernel ?? new MergeKernel();
  readonly #windows: Window[] = [];
  readonly #decodedKey = new ByteBuffer(64);
  readonly #keptKey = new ByteBuffer(64);
  readonly #decoder = new ValueDecoder();
  #isClosed = false;
  #isDone = false;
  /** Which group of the batch, −1 before the first, and which value of it comes next. */
  #group = -1;
  #groups = 0;
  #value = 0;
  #end = 0;
  /** The keys of the batch as one text, once the first of them is asked for, and where it begins. */
  #keyTexts: string | undefined;
  #keysStart = 0;
  readonly #numberRuns = { numbers: NO_NUMBERS, counts: NO_NUMBERS, from: 0, to: 0 };

  constructor(runs: readonly Run[], bufferBytes: number) {
    idleKernel = undefined;
    const kernel = this.#kernel;
    try {
      kernel.open(runs.length);
      for (const [index, run] of runs.entries()) {
        const file = new RunFile(run);
        const start = kernel.allocate(bufferBytes);
        const window = { file, start, size: bufferBytes, limit: start, filled: start };
        this.#windows.push({ ...window, keyStart: 0, keySize: 0 });
        kernel.exports.setWindow(index, start, start, 0);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get bytesRead(): number {
    let bytes = 0;
    for (const { file } of this.#windows) bytes += file.bytesRead;
    return bytes;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { file } of this.#windows) file.close();
    if (this.#kernel.bytes.length <= MAX_IDLE_BYTES) idleKernel = this.#kernel;
  }

  get keyText(): string {
    const { key } = this;
    const { start, end } = key;
    const isAscii = this.#kernel.keyKinds[this.#group] === 1;
    if (!isAscii || end - start > MAX_COPIED_UNITS || key.bytes !== this.bytes) {
      return decodeUtf8(key.bytes, start, end, "given");
    }
    this.#keyTexts ??= this.#readKeyTexts();
    if (this.#keyTexts === "") return decodeUtf8(key.bytes, start, end, "given");
    return this.#keyTexts.substring(start - this.#keysStart, end - this.#keysStart);
  }

  nextGroup(): boolean {
    while (this.#group + 1 >= this.#groups) if (!this.#load()) return false;
    this.#group += 1;
    this.#showKey();
    this.#showValues();
    return true;
  }

  nextValue(): boolean {
    while (this.#value >= this.#end) {
      const isLast = this.#group + 1 === this.#groups;
      if (!isLast || this.#isDone || !this.#kernel.isOpen || !this.#load()) return false;
    }
    const kernel = this.#kernel;
    const value = this.#value++;
    this.count = kernel.counts[value] ?? 0;
    this.isBytes = ((kernel.kinds[value] ?? 0) & VALUE.bytes) !== 0;
    this.valueStart = kernel.valueStarts[value] ?? 0;
    this.valueEnd = kernel.valueEnds[value] ?? 0;
    return true;
  }

  nextNumbers(): NumberRuns | undefined {
    const { kinds } = this.#kernel;
    const from = this.#value;
    const end = this.#end;
    let to = from;
    while (to < end && ((kinds[to] ?? 0) & VALUE.integer) !== 0) to += 1;
    if (to === from) return undefined;
    this.#value = to;
    const runs = this.#numberRuns;
    runs.numbers = this.#kernel.numbers;
    runs.counts = this.#kernel.counts;
    runs.from = from;
    runs.to = to;
    return runs;
  }

  decode(): unknown {
    const { kinds, numbers } = this.#kernel;
    const value = this.#value - 1;
    const kind = kinds[value] ?? 0;
    if (kind === VALUE.integer) return numbers[value];
    const isPlain = (kind & VALUE.plain) !== 0;
    return this.#decoder.decode(this.bytes, this.valueStart, this.valueEnd, this.isBytes, isPlain);
  }

  /** All keys of the batch, and the bytes between them, as Latin-1; empty where these are far more. */
  #readKeyTexts(): string {
    const { keyStarts, keyEnds } = this.#kernel;
    const start = keyStarts[0] ?? 0;
    const end = keyEnds[this.#groups - 1] ?? 0;
    this.#keysStart = start;
    if (end - start > MAX_BYTES_PER_KEY * this.#groups) return "";
    return this.bytes.toString("latin1", start, end);
  }

  #showKey(): void {
    const { keyStarts, keyEnds, isOpen } = this.#kernel;
    const { key } = this;
    key.bytes = this.bytes;
    key.start = keyStarts[this.#group] ?? 0;
    key.end = keyEnds[this.#group] ?? 0;
    if (!isOpen || this.#group + 1 < this.#groups) return;
    // The group may go on in further batches, which overwrite this one.
    const kept = this.#keptKey;
    kept.length = 0;
    appendBytes(kept, key.bytes, key.start, key.end);
    key.bytes = kept.bytes;
    key.start = 0;
    key.end = kept.length;
  }

  #showValues(): void {
    const { firstValues } = this.#kernel;
    this.#value = firstValues[this.#group] ?? 0;
    this.#end = firstValues[this.#group + 1] ?? 0;
  }

  /** Merges another batch, in which an incomplete group is the first; false after the last batch. */
  #load(): boolean {
    if (this.#isDone) return false;
    const kernel = this.#kernel;
    kernel.exports.taken();
    const goesOn = kernel.exports.groups.value > 0;
    this.#merge();
    this.bytes = kernel.bytes;
    this.#keyTexts = undefined;
    this.#groups = kernel.exports.groups.value;
    this.#group = goesOn ? 0 : -1;
    if (goesOn) this.#showValues();
    return true;
  }

  #merge(): void {
    const kernel = this.#kernel;
    const { next, subject, needed } = kernel.exports;
    for (;;) {
      switch (next()) {
        case MERGE.done:
          this.#isDone = true;
          return;
        case MERGE.full:
          return;
        case MERGE.read:
          this.#read(subject.value);
          break;
        case MERGE.decode:
          this.#decodeKey(this.#windows[subject.value] as Window);
          break;
        case MERGE.grow:
          kernel.growOutput(needed.value);
          break;
        default:
          throw (this.#windows[subject.value] as Window).file.malformed();
      }
    }
  }

  /** Reads on in a run until there is another whole line, or to its end. */
  #read(run: number): void {
    const kernel = this.#kernel;
    const window = this.#windows[run] as Window;
    const { file } = window;
    kernel.bytes.copyWithin(window.start, window.limit, window.filled);
    window.filled -= window.limit - window.start;
    window.limit = window.start;
    while (window.limit === window.start) {
      if (window.filled === window.start + window.size) this.#widen(window);
      const count = file.read(kernel.bytes, window.filled, window.start + window.size);
      if (count === 0) {
        file.checkEnd(window.filled - window.start);
        file.close();
        break;
      }
      const fresh = kernel.bytes.subarray(window.filled, window.filled + count);
      const feed = fresh.lastIndexOf(LINE_FEED);
      if (feed >= 0) window.limit = window.filled + feed + 1;
      window.filled += count;
    }
    const isLast = window.limit === window.start ? 1 : 0;
    kernel.exports.setWindow(run, window.start, window.limit, isLast);
  }

  /** Makes room for a line that is longer than its window. */
  #widen(window: Window): void {
    const { start, size, filled } = window;
    const kernel = this.#kernel;
    window.size = 2 * size;
    window.start = kernel.enlarge(start, size, window.size);
    if (window.start === start) return;
    kernel.bytes.copyWithin(window.start, start, filled);
    window.filled += window.start - start;
    window.limit = window.start;
  }

  #decodeKey(window: Window): void {
    const kernel = this.#kernel;
    const { keyTextStart, keyTextEnd, setKey } = kernel.exports;
    const decoded = this.#decodedKey;
    try {
      decodeBytesInto(kernel.bytes, keyTextStart(), keyTextEnd(), decoded);
    } catch {
      throw window.file.malformed();
    }
    if (decoded.length > window.keySize) {
      window.keySize = 2 * decoded.length;
      window.keyStart = kernel.allocate(window.keySize);
    }
    decoded.bytes.copy(kernel.bytes, window.keyStart, 0, decoded.length);
    setKey(window.keyStart, window.keyStart + decoded.length);
  }
}
