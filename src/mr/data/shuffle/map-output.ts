import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { hashPartition, isAscending } from "../../app/contract/partitioners.ts";
import type { WordScan } from "../../app/text/word-scan.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { mapOutputName } from "../../job/names.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PendingFile } from "../../storage/pending-file.ts";
import type { PendingOutput, Scratch } from "../../storage/storage.ts";
import { combineGroup } from "./combine-group.ts";
import { ListStore } from "./list-store.ts";
import { NumberLines } from "./number-lines.ts";
import { NumberStore } from "./number-store.ts";
import { describeKey, PairStore } from "./pair-store.ts";
import { keyBytesOf, partitionOfIds, partitionOfPairs } from "./partition-keys.ts";
import { RecordWriter } from "./record-writer.ts";
import { type Spill, SpillFiles } from "./spill-files.ts";
import type { ValueStore } from "./value-store.ts";
import type { WordIds } from "./word-ids.ts";
import { returnWorkbench, takeWorkbench, type Workbench } from "./workbench.ts";

/** What a map task writes, and where. */
export interface MapOutputOptions {
  /** Gets one file per reduce task. */
  readonly output: PendingOutput;
  /** Gets what does not fit in memory. */
  readonly scratch: Scratch;
  /** The number of the map task. */
  readonly map: number;
  readonly reduces: number;
  /** How much memory the process may take, in bytes. */
  readonly memoryBytes: number;
  /** How many runs are merged at a time, at least 2. */
  readonly fanIn: number;
}

/** New keys are not counted one by one against the memory limit, but this many at a time. */
const KEYS_PER_CHECK = 1024;
/** For how many keys memory is waited for at a time; what they need must fit in the cache. */
const TOUCHED_KEYS = 64;

/**
 * Gathers what one map task emits, by key, and writes it as one sorted run per reduce task. What does
 * not fit in memory is spilled to temporary files on the way, each a sorted run per reduce task too,
 * and merged in the end.
 */
export class MapOutput {
  readonly kernel: Kernel;
  readonly words: WordScan;
  /** Emits a pair; to be called without `this`. Errors leave the output as it was before. */
  readonly emit: (key: Text, value: unknown) => void;
  readonly #app: RecordApp;
  readonly #options: MapOutputOptions;
  readonly #bench: Workbench;
  readonly #store: ValueStore;
  readonly #spills: SpillFiles;
  readonly #partition: (id: number) => number;
  /** Takes what is emitted instead of the store, once it has turned out that few keys come again. */
  #pairs: PairStore | undefined;
  readonly #wordIds: WordIds;
  /** How many ids the store has room for. */
  #knownKeys = 0;
  #touched = 0;
  /** What the keys may take before they are spilled, in bytes. */
  #keyLimit: number;
  #state: "open" | "closed" = "open";

  constructor(app: RecordApp, options: MapOutputOptions) {
    this.#app = app;
    this.#options = options;
    this.#bench = takeWorkbench(app, options.memoryBytes);
    const { kernel, words, wordIds, store } = this.#bench;
    this.kernel = kernel;
    this.words = words;
    this.#wordIds = wordIds;
    this.#store = store;
    this.#partition = partitionOfIds(kernel, app.partition ?? hashPartition, options.reduces);
    const { scratch, map, fanIn } = options;
    const { mergeBytes, keyBytes } = this.#bench.shares;
    this.#keyLimit = keyBytes;
    this.#spills = new SpillFiles({ scratch, name: `mr-${map}`, fanIn, mergeBytes });
    words.onScan = () => this.#keysChanged();
    this.emit = this.#createEmit();
  }

  #createEmit(): (key: Text, value: unknown) => void {
    const { words } = this;
    const { ids } = words;
    const store = this.#store;
    return (key, value) => {
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

  /** What `emit` must do first, now and then. */
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

  /** Takes what is emitted as pairs from now on, and what has been before it. */
  #turnToPairs(store: ListStore): void {
    const { kernel } = this;
    const pairs = new PairStore(kernel, this.#bench.shares.pairBytes);
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

  /** Keys have come into the table: room for them in the store, and a look at the memory they take. */
  #keysChanged(): void {
    const { size } = this.kernel;
    this.#knownKeys = size + KEYS_PER_CHECK;
    this.#store.ensure(this.#knownKeys);
    if (this.kernel.keyBytes > this.#keyLimit) this.#store.isFull = true;
  }

  /**
   * Writes `mr-X-0` … `mr-X-(reduces−1)`, empty ones included, to the output, which is then ready to be
   * committed.
   */
  write(): void {
    const { output, map } = this.#options;
    const create = (reduce: number) => output.file(mapOutputName(map, reduce));
    try {
      if (this.#spills.isEmpty) {
        this.#writeRuns(create, (file) => file.finish());
      } else {
        this.#spill();
        this.#mergeSpills(create);
      }
    } finally {
      this.close();
    }
  }

  /** How often it was written to disk because its memory was full, the rest at the end included. */
  get spills(): number {
    return this.#spills.count;
  }

  /** Removes the temporary files and gives the memory back. Nothing may be emitted any more. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#spills.discard();
    this.words.onScan = () => undefined;
    returnWorkbench(this.#app, this.#options.memoryBytes, this.#bench);
  }

  /** As {@link #writeRuns}, of pairs. */
  #writePairs(
    pairs: PairStore,
    open: (reduce: number) => PendingFile,
    done: (file: PendingFile) => void,
  ): void {
    const { reduces } = this.#options;
    const partitioner = this.#app.partition ?? hashPartition;
    const partitionOf = partitionOfPairs(this.kernel, partitioner, reduces);
    const starts = pairs.sort(reduces, partitionOf, isAscending(partitioner));
    for (let reduce = 0; reduce < reduces; reduce++) {
      const file = open(reduce);
      pairs.write(starts[reduce] ?? 0, starts[reduce + 1] ?? 0, file);
      done(file);
    }
  }

  /** Writes one sorted run per reduce task to where `open` says, calling `done` after each. */
  #writeRuns(open: (reduce: number) => PendingFile, done: (file: PendingFile) => void): void {
    if (this.#pairs !== undefined) {
      this.#writePairs(this.#pairs, open, done);
      return;
    }
    const { kernel } = this;
    const store = this.#store;
    const { ids, starts } = this.#sortByPartition();
    const numberLines =
      store instanceof NumberStore ? new NumberLines(kernel, store.numbers) : undefined;
    for (let reduce = 0; reduce < this.#options.reduces; reduce++) {
      const file = open(reduce);
      const writer = new RecordWriter(file);
      const end = starts[reduce + 1] ?? 0;
      for (let index = starts[reduce] ?? 0; index < end; index++) {
        if (index % TOUCHED_KEYS === 0) {
          this.#touched += store.touch?.(ids, index, Math.min(index + TOUCHED_KEYS, end)) ?? 0;
        }
        if (numberLines !== undefined) index = numberLines.write(ids, index, end, file);
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

  /** The ids that something was emitted for, by reduce task, and in the order of their keys there. */
  #sortByPartition(): { ids: Uint32Array; starts: Uint32Array } {
    const sorted = this.kernel.sortedIds();
    const { reduces } = this.#options;
    const store = this.#store;
    const partitions = new Uint32Array(sorted.length);
    const starts = new Uint32Array(reduces + 1);
    store.ensure(sorted.length);
    for (let index = 0; index < sorted.length; index++) {
      const id = sorted[index] ?? 0;
      if (!store.has(id)) {
        partitions[index] = reduces;
        continue;
      }
      const partition = this.#partition(id);
      partitions[index] = partition;
      starts[partition + 1] = (starts[partition + 1] ?? 0) + 1;
    }
    for (let reduce = 0; reduce < reduces; reduce++) {
      starts[reduce + 1] = (starts[reduce + 1] ?? 0) + (starts[reduce] ?? 0);
    }
    const next = starts.slice();
    const ids = new Uint32Array(starts[reduces] ?? 0);
    for (let index = 0; index < sorted.length; index++) {
      const partition = partitions[index] ?? 0;
      if (partition === reduces) continue;
      const place = next[partition] ?? 0;
      ids[place] = sorted[index] ?? 0;
      next[partition] = place + 1;
    }
    return { ids, starts };
  }

  /** Writes everything emitted so far to a temporary file, and empties the memory. */
  #spill(): void {
    this.#spills.add((file): Spill => {
      const segments: Spill["segments"][number][] = [];
      this.#writeRuns(
        () => file,
        () => segments.push(file.endSegment()),
      );
      return { file, segments };
    });
    this.kernel.clear();
    this.#wordIds.clear();
    this.#store.clear();
    this.#pairs?.cleared();
    this.#knownKeys = 0;
    // Words that were found before must go on having the ids of their keys.
    this.words.renew();
    // With so little memory that one block fills it, a spill a pair would be the end of all progress.
    this.#keyLimit = Math.max(this.#bench.shares.keyBytes, 2 * this.kernel.keyBytes);
    this.#keysChanged();
  }

  #mergeSpills(create: (reduce: number) => PendingFile): void {
    const { combine, orderValues } = this.#app;
    this.#spills.reduceToFanIn(this.#options.reduces, orderValues, (merger, writer) =>
      combineGroup(merger, writer, combine),
    );
    for (let reduce = 0; reduce < this.#options.reduces; reduce++) {
      const file = create(reduce);
      this.#spills.merge(reduce, file, orderValues, (merger, writer) =>
        combineGroup(merger, writer, combine),
      );
      file.finish();
    }
  }
}
