import { setImmediate } from "node:timers/promises";
import { appendBytes } from "../../base/byte-target.ts";
import { Heap } from "../../base/heap.ts";
import { MERGED_OUTPUT_NAME } from "../../job/names.ts";
import type { OutputFile } from "../../job/task.ts";
import { checkFile } from "../../storage/check-file.ts";
import type { PendingFile } from "../../storage/pending-file.ts";
import type { LocalFiles, Storage } from "../../storage/storage.ts";
import { type LineFile, LineReader } from "./line-reader.ts";

/** How many files are read at once; each takes a buffer of 64 KiB and a descriptor. */
const FAN_IN = 128;
/** After this many lines the event loop gets a turn. */
const LINES_PER_TURN = 50_000;

interface MergeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly fanIn?: number;
  readonly beforeCommit?: (merged: OutputFile) => void;
}

/**
 * Merges the outputs of a job into one file `mr-out`, which replaces them. Its lines are in the order
 * of their bytes, as `LC_ALL=C sort -m` has them. Lines of an output that is not in that order keep the
 * order they have. Memory depends on the longest line, not on the size of the files.
 *
 * @param options.signal ends it early: the outputs stay, and there is no merged file
 * @param options.beforeCommit is told what the merged file is before that replaces the outputs
 * @throws MrError when a file cannot be read or written, or is not what was written, or `OUTPUT_MULTILINE` when one of
 *   several has an output of `reduce` that is more than one line: the outputs stay; the reason of `signal`
 */
export async function mergeOutputs(
  storage: Storage,
  directory: string,
  outputs: readonly LineFile[],
  { signal, fanIn = FAN_IN, beforeCommit }: MergeOptions = {},
): Promise<LineFile> {
  const full = outputs.filter(({ written }) => written?.bytes !== 0);
  // The lines of a single output stay in their order.
  const sources = full.length > 1 ? outputs : outputs.map(withoutLines);
  const tag = `merge-${process.pid}`;
  const scratch = storage.scratch(directory, tag);
  const output = storage.createOutput(directory, tag, { durable: true });
  const fetched = await storage.fetch(outputs.map(({ path }) => path));
  let merged: LineFile;
  try {
    let files: LocalFiles = fetched;
    let parts = sources;
    for (let pass = 0; parts.length > fanIn; pass++) {
      const next: LineFile[] = [];
      for (let at = 0; at < parts.length; at += fanIn) {
        const file = scratch.file(`${MERGED_OUTPUT_NAME}-${pass}-${at}`);
        await merge(files, parts.slice(at, at + fanIn), file, signal);
        file.finish();
        next.push({ path: file.path, written: file.summary });
      }
      parts = next;
      files = scratch;
    }
    const file = output.file(MERGED_OUTPUT_NAME);
    await merge(files, parts, file, signal);
    file.finish();
    const written = { ...file.summary, lines: sumOfLines(outputs) };
    merged = { path: storage.resolve(directory, MERGED_OUTPUT_NAME), written };
    beforeCommit?.(file.summary);
    await output.commit();
    await checkMerged(storage, directory, file);
  } finally {
    output.discard();
    scratch.discard();
    fetched.close();
  }
  for (const { path } of outputs) await storage.remove(path);
  return merged;
}

/** An output that may have more lines than were written. */
function withoutLines({ path, written }: LineFile): LineFile {
  return written === undefined ? { path } : { path, written: { ...written, lines: undefined } };
}

/** The number of lines that were written into some outputs; undefined if that of one is not known. */
export function sumOfLines(outputs: ReadonlyArray<Pick<LineFile, "written">>): number | undefined {
  let sum = 0;
  for (const { written } of outputs) {
    if (written?.lines === undefined) return undefined;
    sum += written.lines;
  }
  return sum;
}

/**
 * Checks that the merged file is there as it was written, because the outputs are removed next. Otherwise it is
 * removed, so that the outputs can be merged again.
 *
 * @throws MrError `OUTPUT_UNREADABLE`
 */
async function checkMerged(storage: Storage, directory: string, file: PendingFile): Promise<void> {
  try {
    await checkFile(storage, directory, file.summary);
  } catch (error) {
    // The temporary file is there if its rename did nothing.
    for (const path of [file.path, storage.resolve(directory, MERGED_OUTPUT_NAME)]) {
      await storage.remove(path).catch(() => undefined);
    }
    throw error;
  }
}

async function merge(
  files: LocalFiles,
  parts: readonly LineFile[],
  target: PendingFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  const readers: LineReader[] = [];
  try {
    for (const part of parts) readers.push(new LineReader(files, part));
    const full = readers.filter((reader) => reader.next());
    full.sort(compareLines);
    const heap = new Heap<LineReader>((one, other) => compareLines(one, other) < 0);
    for (const reader of full) heap.push(reader);
    for (let lines = 1; heap.top !== undefined; lines++) {
      const { top } = heap;
      appendBytes(target, top.bytes, top.start, top.end);
      if (top.next()) heap.sinkTop();
      else heap.removeTop();
      if (lines % LINES_PER_TURN !== 0) continue;
      await setImmediate();
      signal?.throwIfAborted();
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Compares lines without their line feeds, as `memcmp` does. */
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
