import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { hashPartition, isAscending } from "../../app/contract/partitioners.ts";
import { scanStrings, type WordIds } from "../../app/text/string-words.ts";
import type { WordScan } from "../../app/text/word-scan.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import { mapOutputName } from "../../job/names.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PendingFile, Segment } from "../../storage/pending-file.ts";
import type { PendingOutput, Scratch } from "../../storage/storage.ts";
import { ListStore } from "./list-store.ts";
import { type MergeOptions, MergePasses } from "./merge-passes.ts";
import { NumberStore } from "./number-store.ts";
import { describeKey, PairStore } from "./pair-store.ts";
import { groupByPartition, keyBytesOf, partitionOf } from "./partition-keys.ts";
import { RecordWriter } from "./record-writer.ts";
import { giveTaskMemory, type TaskMemory, takeTaskMemory } from "./task-memory.ts";
import type { ValueStore } from "./value-store.ts";

interface MapOutputOptions
  extends Pick<JobSpec, "reduces" | "memoryBytes">,
    Pick<MergeOptions, "watchLoss"> {
  readonly output: PendingOutput;
  /** For pairs that do not fit in memory. */
  readonly scratch: Scratch;
  readonly map: number;
  readonly fanIn: number;
}

/** New keys are checked against the memory limit this many at a time. */
const KEYS_PER_CHECK = 1024;
/** How many keys are preloaded at a time: their values must fit in the cache. */
const PRELOADED_KEYS = 64;

/**
 * Gathers the pairs of one map task by key, and writes them as one sorted run per reduce task. Pairs that
 * do not fit in memory are spilled to temporary files, also sorted runs, which are merged in the end.
 */
export class MapOutput {
  readonly kernel: Kernel;
  readonly words: WordScan;
  /** Emits a pair; to be called without `this`. Errors leave the output as it was before. */
  readonly emit: (key: Text, value: unknown) => void;
  readonly #app: RecordApp;
  readonly #options: MapOutputOptions;
  readonly #memory: TaskMemory;
  readonly #store: ValueStore;
  readonly #passes: MergePasses;
  /** Takes the pairs instead of the store, once it is known that few keys repeat. */
  #pairs: PairStore | undefined;
  readonly #wordIds: WordIds;
  #knownKeys = 0;
  /** Keeps preloading from being optimized away. */
  #preloaded = 0;
  /** How much the keys may take before they are spilled, in bytes. */
  #keyLimit: number;
  #state: "open" | "closed" = "open";

  constructor(app: RecordApp, options: MapOutputOptions) {
    this.#app = app;
    this.#options = options;
    this.#memory = takeTaskMemory(app, options.memoryBytes);
    const { kernel, words, wordIds, store } = this.#memory;
    this.kernel = kernel;
    this.words = words;
    this.#wordIds = wordIds;
    this.#store = store;
    const { scratch, map, reduces, fanIn, watchLoss } = options;
    const { mergeBytes, keyBytes } = this.#memory.shares;
    this.#keyLimit = keyBytes;
    const { orderValues: order, combine } = app;
    const name = `mr-${map}-spill`;
    const how = { fanIn, mergeBytes, order, combine, watchLoss };
    this.#passes = new MergePasses({ scratch, name, reduces, ...how });
    words.onScan = () => this.#keysChanged();
    const { ids } = words;
    this.emit = (key, value) => {
      if (store.isFull || this.#state === "closed") this.#makeRoom();
      const pairs = this.#pairs;
      if (pairs !== undefined) {
        pairs.add(key, value);
        if (pairs.isFull) store.isFull = true;
        return;
      }
      // Words were given their ids when they were found, all at once.
      if (typeof key === "object" && key !== null && key.word >= 0 && key.scan === words) {
        store.add(ids[key.word] ?? 0, value);
      } else {
        store.add(this.#intern(key), value);
      }
    };
  }

  /** Lets `words()` of long strings use the kernel's block until the end: for readers that don't use it. */
  scanStrings(): void {
    const { kernel } = this;
    const { stringScan } = this.#memory;
    // The app may not emit the words, or only a few: then nothing empties the table.
    stringScan.hasRoom = () => kernel.keyBytes <= 2 * this.#keyLimit;
    scanStrings(stringScan);
  }

  #makeRoom(): void {
    if (this.#state === "closed") throw new Error("emit was called after the map task had ended");
    const store = this.#store;
    if (store instanceof ListStore && store.takeProbe()) {
      if (store.hasFewRepeats && this.#app.orderValues === undefined) this.#turnToPairs(store);
      this.#keysChanged();
      if (!store.isFull) return;
    }
    this.#spill();
  }

  /** Keeps pairs as they come from now on, after those that are in the store. */
  #turnToPairs(store: ListStore): void {
    const { kernel } = this;
    const pairs = new PairStore(kernel, this.#memory.shares.pairBytes);
    for (let id = 0; id < kernel.size; id++) {
      if (!store.has(id)) continue;
      const key = new ByteSlice(kernel.key(id));
      store.forEach(id, (isBytes, bytes, start, end) => {
        pairs.addText(key, isBytes, bytes, start, end);
      });
    }
    store.clear();
    this.#pairs = pairs;
  }

  #intern(key: Text): number {
    const { kernel } = this;
    let id: number;
    if (typeof key === "string") {
      id = this.#wordIds.find(key);
      if (id >= 0) return id;
      id = kernel.internAscii(key);
      if (id < 0) {
        const bytes = encodeUtf8(key);
        id = kernel.intern(bytes, 0, bytes.length);
      }
      this.#wordIds.keep(key, id);
    } else if (key instanceof ByteSlice) {
      id = kernel.intern(key.bytes, key.start, key.end);
    } else {
      throw new TypeError(`the key is ${describeKey(key)}, not a string or a byte slice`);
    }
    if (id >= this.#knownKeys) this.#keysChanged();
    return id;
  }

  #keysChanged(): void {
    const { size } = this.kernel;
    this.#knownKeys = size + KEYS_PER_CHECK;
    this.#store.ensure(this.#knownKeys);
    if (this.kernel.keyBytes > this.#keyLimit) this.#store.isFull = true;
  }

  /** Writes `mr-X-0` … `mr-X-(reduces−1)`, empty ones included, to the output, ready to be committed. */
  write(): void {
    const { output, map, reduces } = this.#options;
    const create = (reduce: number) => output.file(mapOutputName(map, reduce));
    try {
      if (this.#passes.spills === 0) this.#writeRuns(create, (file) => file.finish());
      else {
        this.#spill();
        this.#passes.reduceToFanIn();
        for (let reduce = 0; reduce < reduces; reduce++) {
          const file = create(reduce);
          this.#passes.merge(this.#passes.runsOf(reduce), file);
          file.finish();
        }
      }
    } finally {
      this.close();
    }
  }

  /** How often pairs were written to disk because memory was full, including the rest at the end. */
  get spills(): number {
    return this.#passes.spills;
  }

  /** Gives the memory back. Nothing may be emitted any more. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.words.onScan = () => undefined;
    scanStrings(undefined);
    giveTaskMemory(this.#memory);
  }

  /** Writes one sorted run per reduce task to where `open` says, calling `done` after each. */
  #writeRuns(open: (reduce: number) => PendingFile, done: (file: PendingFile) => void): void {
    const { kernel } = this;
    const { reduces } = this.#options;
    const pairs = this.#pairs;
    const partitioner = this.#app.partition ?? hashPartition;
    if (pairs !== undefined) {
      const ofPair = partitionOf("pair", kernel, partitioner, reduces);
      const starts = pairs.sort(reduces, ofPair, isAscending(partitioner));
      for (let reduce = 0; reduce < reduces; reduce++) {
        const file = open(reduce);
        pairs.write(starts[reduce] ?? 0, starts[reduce + 1] ?? 0, file);
        done(file);
      }
      return;
    }
    const store = this.#store;
    // The keys that have values, by reduce task, and sorted within each task.
    const sorted = kernel.sortedIds();
    store.ensure(sorted.length);
    const ofId = partitionOf("id", kernel, partitioner, reduces);
    const { items: ids, starts } = groupByPartition(sorted, reduces, (id) =>
      store.has(id) ? ofId(id) : reduces,
    );
    const numbers = store instanceof NumberStore ? store : undefined;
    for (let reduce = 0; reduce < reduces; reduce++) {
      const file = open(reduce);
      const writer = new RecordWriter(file);
      const end = starts[reduce + 1] ?? 0;
      for (let index = starts[reduce] ?? 0; index < end; index++) {
        if (index % PRELOADED_KEYS === 0) {
          const to = Math.min(index + PRELOADED_KEYS, end);
          this.#preloaded += store.preload?.(ids, index, to) ?? 0;
        }
        if (numbers !== undefined) index = numbers.writeLines(kernel, ids, index, end, file);
        if (index === end) break;
        const id = ids[index] ?? 0;
        const length = kernel.keyLength(id);
        const key = keyBytesOf(kernel, id, length);
        writer.begin(key, 0, length);
        store.write(id, writer);
        writer.end();
      }
      done(file);
    }
  }

  /** Writes everything emitted so far to a temporary file, and empties the memory. */
  #spill(): void {
    this.#passes.spill((file) => {
      const segments: Segment[] = [];
      this.#writeRuns(
        () => file,
        () => segments.push(file.endSegment()),
      );
      return segments;
    });
    this.kernel.clear();
    this.#wordIds.clear();
    this.#store.clear();
    this.#pairs?.cleared();
    this.#knownKeys = 0;
    // Words of the current block need ids in the new table.
    this.words.renew();
    // One block may fill the memory: that must not cause a spill for every pair.
    this.#keyLimit = Math.max(this.#memory.shares.keyBytes, 2 * this.kernel.keyBytes);
    this.#keysChanged();
  }
}
