import { numberFoldKind } from "../../app/contract/combiners.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { FoldStore } from "./fold-store.ts";
import { ListStore } from "./list-store.ts";
import { type MemoryShares, shareMemory } from "./memory-shares.ts";
import { NumberStore } from "./number-store.ts";
import { UnionStore } from "./union-store.ts";
import type { ValueStore } from "./value-store.ts";
import { WordIds } from "./word-ids.ts";

/** Values that are objects of the engine get this part of the memory for values: as much may be garbage. */
const OBJECT_SHARE = 0.5;

/**
 * The large memory of a map task: the block that is read into, the table of keys, and what is kept for
 * each key. It is made once and used by one task after the other, since getting it costs more than a
 * small task does.
 */
export interface Workbench {
  readonly kernel: Kernel;
  readonly words: WordScan;
  readonly wordIds: WordIds;
  readonly store: ValueStore;
  readonly shares: MemoryShares;
}

interface Idle {
  readonly app: RecordApp;
  readonly memoryBytes: number;
  readonly bench: Workbench;
}

/** The one that is not in use, if any: a worker runs one task at a time, of one app. */
let idle: Idle | undefined;

/** A workbench with an empty table and an empty store, to be given back when the task is over. */
export function takeWorkbench(app: RecordApp, memoryBytes: number): Workbench {
  if (idle?.app === app && idle.memoryBytes === memoryBytes) {
    const { bench } = idle;
    idle = undefined;
    bench.kernel.clear();
    bench.store.clear();
    bench.words.reset(0, 0);
    bench.wordIds.clear();
    return bench;
  }
  idle = undefined;
  const shares = shareMemory(memoryBytes);
  const kernel = createKernel({ blockBytes: shares.blockBytes });
  const words = new WordScan(kernel);
  const wordIds = new WordIds();
  return { kernel, words, wordIds, store: createStore(app, shares), shares };
}

/** Gives a workbench back. */
export function returnWorkbench(app: RecordApp, memoryBytes: number, bench: Workbench): void {
  idle = { app, memoryBytes, bench };
}

function createStore(
  { combine, orderValues }: RecordApp,
  { valueBytes }: MemoryShares,
): ValueStore {
  if (combine === undefined) return new ListStore(valueBytes, orderValues);
  if (typeof combine !== "function") {
    return new UnionStore(valueBytes, createKernel({ blockBytes: 1 }), orderValues);
  }
  const kind = numberFoldKind(combine);
  if (kind !== undefined) return new NumberStore(kind);
  return new FoldStore(combine, valueBytes * OBJECT_SHARE);
}
