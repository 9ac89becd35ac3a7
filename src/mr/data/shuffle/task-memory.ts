import { numberFoldKind } from "../../app/contract/combiners.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { StringScan } from "../../app/text/string-scan.ts";
import { WordIds } from "../../app/text/string-words.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import { ENGINE_BYTES } from "../../job/limits.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { FoldStore } from "./fold-store.ts";
import { ListStore } from "./list-store.ts";
import { NumberStore } from "./number-store.ts";
import { UnionStore } from "./union-store.ts";
import type { ValueStore } from "./value-store.ts";

const MEBIBYTE = 1024 * 1024;
/** The memory of a task if the limit of the process leaves it less. */
const MIN_TASK_BYTES = 12 * MEBIBYTE;
/** A limit below this is taken as the memory of a task, so that tests can make it small. */
const MIN_PROCESS_BYTES = 16 * MEBIBYTE;
/** The share of live objects in the memory for values that are objects. The rest may be garbage. */
const OBJECT_SHARE = 0.5;

/** @param memoryBytes how much the process may take at its peak */
export function shareMemory(memoryBytes: number) {
  const taskBytes =
    memoryBytes < MIN_PROCESS_BYTES
      ? memoryBytes
      : Math.max(MIN_TASK_BYTES, memoryBytes - ENGINE_BYTES);
  return {
    /** The block that input is read into. */
    blockBytes:
      taskBytes >= 64 * MEBIBYTE ? 1 << 20 : taskBytes >= MIN_TASK_BYTES ? 1 << 18 : 1 << 14,
    /** Keys, their entries and slots. Sorting takes two thirds more for a while. */
    keyBytes: Math.floor(taskBytes * 0.27),
    /** Values, and the tables that refer to them. */
    valueBytes: Math.floor(taskBytes * 0.45),
    /** Pairs that are kept in the order they come instead of in a table of keys. */
    pairBytes: Math.floor(taskBytes * 0.55),
    /** All buffers of a merge together. */
    mergeBytes: Math.floor(taskBytes * 0.25),
  };
}

/**
 * The large memory of a map task. It is made once and reused by one task after the other, since allocating
 * it takes longer than a small task does.
 */
export interface TaskMemory extends Pick<JobSpec, "memoryBytes"> {
  readonly app: RecordApp;
  readonly kernel: Kernel;
  readonly words: WordScan;
  readonly stringScan: StringScan;
  readonly wordIds: WordIds;
  readonly store: ValueStore;
  readonly shares: ReturnType<typeof shareMemory>;
}

/** The memory that is not in use, if any: a worker runs one task at a time, of one app. */
let idle: TaskMemory | undefined;

/** Takes memory with an empty table and an empty store, to be given back at the end of the task. */
export function takeTaskMemory(app: RecordApp, memoryBytes: number): TaskMemory {
  const found = idle;
  idle = undefined;
  if (found?.app === app && found.memoryBytes === memoryBytes) {
    found.kernel.clear();
    found.store.clear();
    found.words.reset(0, 0);
    found.wordIds.clear();
    return found;
  }
  const shares = shareMemory(memoryBytes);
  const kernel = createKernel({ blockBytes: shares.blockBytes });
  const store = createStore(app, shares.valueBytes);
  const words = new WordScan(kernel);
  const stringScan = new StringScan(words);
  const wordIds = new WordIds(stringScan);
  return { app, memoryBytes, kernel, words, stringScan, wordIds, store, shares };
}

export function giveTaskMemory(memory: TaskMemory): void {
  idle = memory;
}

function createStore({ combine, orderValues }: RecordApp, valueBytes: number): ValueStore {
  if (combine === undefined) return new ListStore(valueBytes, orderValues);
  if (typeof combine !== "function") {
    return new UnionStore(valueBytes, createKernel({ blockBytes: 1 }), orderValues);
  }
  const kind = numberFoldKind(combine);
  if (kind !== undefined) return new NumberStore(kind);
  return new FoldStore(combine, valueBytes * OBJECT_SHARE);
}
