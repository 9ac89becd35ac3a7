import { setImmediate } from "node:timers/promises";
import { appendBytes } from "../../base/byte-target.ts";
import { MERGED_OUTPUT_NAME } from "../../job/names.ts";
import type { PendingFile } from "../../storage/pending-file.ts";
import type { LocalFiles, Storage } from "../../storage/storage.ts";
import { LineReader } from "./line-reader.ts";

/** How many files are read at once; each takes a buffer of 64 KiB, and a descriptor. */
const FAN_IN = 128;
/** After so many lines, others in this process have their turn. */
const LINES_PER_TURN = 50_000;

/**
 * Merges the outputs of a job into one file `mr-out`, which takes their place. Its lines are in the order
 * of their bytes, as `LC_ALL=C sort -m` has them. Of outputs that are not in that order themselves, the
 * lines of each stay in the order they have. Memory depends on the longest line, not on the files.
 *
 * @param directory absolute path, where the merged file is to stand
 * @param paths absolute paths of the outputs; they are removed
 * @param options.signal ends it early: the outputs are still there, and no merged file
 * @returns absolute path of the merged file
 * @throws MrError when a file cannot be read or written; whatever `signal` has for a reason
 */
export async function mergeOutputs(
  storage: Storage,
  directory: string,
  paths: readonly string[],
  { signal, fanIn = FAN_IN }: { signal?: AbortSignal | undefined; fanIn?: number } = {},
): Promise<string> {
  const tag = `merge-${process.pid}`;
  const scratch = storage.scratch(directory, tag);
  const output = storage.createOutput(directory, tag, { durable: true });
  const fetched = await storage.fetch(paths);
  try {
    let files: LocalFiles = fetched;
    let parts = paths;
    for (let pass = 0; parts.length > fanIn; pass++) {
      const merged: string[] = [];
      for (let at = 0; at < parts.length; at += fanIn) {
        const file = scratch.file(`${MERGED_OUTPUT_NAME}-${pass}-${at}`);
        await merge(files, parts.slice(at, at + fanIn), file, signal);
        file.finish();
        merged.push(file.path);
      }
      parts = merged;
      files = scratch;
    }
    const file = output.file(MERGED_OUTPUT_NAME);
    await merge(files, parts, file, signal);
    file.finish();
    await output.commit();
  } finally {
    output.discard();
    scratch.discard();
    fetched.close();
  }
  for (const path of paths) await storage.remove(path);
  return storage.resolve(directory, MERGED_OUTPUT_NAME);
}

async function merge(
  files: LocalFiles,
  paths: readonly string[],
  target: PendingFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  const readers: LineReader[] = [];
  try {
    for (const path of paths) readers.push(new LineReader(files, path));
    const heap = readers.filter((reader) => reader.next());
    // Sorted is a heap, too.
    heap.sort(compareLines);
    for (let lines = 1; heap.length > 0; lines++) {
      const [top] = heap;
      if (top === undefined) break;
      appendBytes(target, top.bytes, top.start, top.end);
      if (!top.next()) {
        const last = heap.pop();
        if (last === undefined || heap.length === 0) break;
        heap[0] = last;
      }
      sinkTop(heap);
      if (lines % LINES_PER_TURN !== 0) continue;
      await setImmediate();
      signal?.throwIfAborted();
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

function sinkTop(heap: LineReader[]): void {
  const top = heap[0];
  if (top === undefined) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const a = heap[left];
    const b = heap[left + 1];
    if (a === undefined) break;
    const isRight = b !== undefined && compareLines(b, a) < 0;
    const child = isRight ? b : a;
    if (compareLines(child, top) >= 0) break;
    heap[index] = child;
    index = isRight ? left + 1 : left;
  }
  heap[index] = top;
}

/** As `memcmp` does. Their line feeds, which are below what is likely in a line, are left out. */
function compareLines(a: LineReader, b: LineReader): number {
  const lengthA = a.end - a.start - 1;
  const lengthB = b.end - b.start - 1;
  const shorter = Math.min(lengthA, lengthB);
  for (let i = 0; i < shorter; i++) {
    const difference = (a.bytes[a.start + i] ?? 0) - (b.bytes[b.start + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}
