import { join, resolve } from "node:path";
import { describeCause } from "../../base/errors.ts";
import { MERGED_OUTPUT_NAME, parseReduceOutputName } from "../../job/names.ts";
import type { OutputFile } from "../../job/task.ts";
import { checkFile } from "../../storage/check-file.ts";
import { storageFor } from "../../storage/registry.ts";
import type { Storage } from "../../storage/storage.ts";
import { chooseMeasure } from "./measure.ts";
import { type TopKey, TopKeys, ValueSpread } from "./value-statistics.ts";

const TOP = 20;
/** The sample from which the measure is chosen: lines of each file, files, and bytes in all. */
const SAMPLE_LINES = 100;
const SAMPLE_FILES = 20;
const SAMPLE_BYTES = 4_000_000;
/** Longer lines are cut to this length; their whole length is counted. */
const MAX_LINE_BYTES = 65_536;
const READ_BYTES = 262_144;
const LINE_FEED = 10;

/** A line without its line feed: a view of a reused buffer, valid until the next line. */
export interface OutputLine {
  readonly bytes: Buffer;
  /** The length of the whole line in bytes, which may be more than that of `bytes`. */
  readonly length: number;
}

export interface OutputSurvey {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
  readonly label: string;
  readonly isLength: boolean;
  /** Largest value first. */
  readonly top: readonly TopKey[];
  readonly spread: ValueSpread;
  /** Files that could not be read or are not what was written, and why. */
  readonly problems: readonly string[];
}

/**
 * Reads the output of a job in bounded memory.
 *
 * @param written the files of a complete job as they were written, which are compared with those that are there; without
 *   it, the files that are found are the output
 */
export async function surveyOutput(
  directory: string,
  written?: readonly OutputFile[],
): Promise<OutputSurvey> {
  const storage = storageFor(directory);
  const problems: string[] = [];
  const outputs =
    written === undefined
      ? await listOutputs(storage, directory, problems)
      : await intactOutputs(storage, resolve(directory), written, problems);
  const measure = chooseMeasure(await takeSample(storage, directory, outputs));
  const top = new TopKeys(TOP);
  const spread = new ValueSpread();
  const totals = { files: 0, lines: 0, bytes: 0 };
  for (const name of outputs) {
    let lines = 0;
    try {
      const bytes = await readLines(storage, join(directory, name), (line) => {
        lines += 1;
        const value = measure.numberOf(line);
        if (value === undefined) return true;
        spread.add(value);
        top.add(value, () => measure.keyOf(line));
        return true;
      });
      totals.files += 1;
      totals.lines += lines;
      totals.bytes += bytes;
    } catch (error) {
      problems.push(`Cannot read output "${name}": ${describeCause(error)}`);
    }
  }
  const { label, isLength = false } = measure;
  return { ...totals, label, isLength, top: top.list, spread, problems };
}

/** The files that are there as they were written. The others are problems, and not surveyed. */
async function intactOutputs(
  storage: Storage,
  directory: string,
  written: readonly OutputFile[],
  problems: string[],
): Promise<string[]> {
  const names: string[] = [];
  for (const file of written) {
    try {
      await checkFile(storage, directory, file);
      names.push(file.name);
    } catch (error) {
      problems.push(describeCause(error));
    }
  }
  return names;
}

async function listOutputs(
  storage: Storage,
  directory: string,
  problems: string[],
): Promise<string[]> {
  try {
    return (await storage.list(directory))
      .flatMap((name) => {
        // A merged output is surveyed like the output of a single reduce task.
        const reduce = name === MERGED_OUTPUT_NAME ? 0 : parseReduceOutputName(name);
        return reduce === undefined ? [] : { name, reduce };
      })
      .sort((a, b) => a.reduce - b.reduce)
      .map(({ name }) => name);
  } catch (error) {
    problems.push(`Cannot list directory "${directory}": ${describeCause(error)}`);
    return [];
  }
}

async function takeSample(
  storage: Storage,
  directory: string,
  outputs: readonly string[],
): Promise<OutputLine[]> {
  const sample: OutputLine[] = [];
  let files = 0;
  let taken = 0;
  for (const name of outputs) {
    const before = sample.length;
    try {
      await readLines(storage, join(directory, name), ({ bytes, length }) => {
        sample.push({ bytes: Buffer.from(bytes), length });
        taken += bytes.length;
        return sample.length - before < SAMPLE_LINES && taken < SAMPLE_BYTES;
      });
    } catch {
      // The survey reads it again and reports the error.
    }
    if (sample.length > before) files += 1;
    if (files === SAMPLE_FILES || taken >= SAMPLE_BYTES) break;
  }
  return sample;
}

/**
 * Reads the lines of a file in bounded memory, however long they are.
 *
 * @param onLine returns false to stop
 * @throws the system's error when it cannot be read
 */
export async function readLines(
  storage: Storage,
  path: string,
  onLine: (line: OutputLine) => boolean | undefined,
): Promise<number> {
  /** The beginning of a line whose end has not been read yet, and its whole length so far. */
  let held = Buffer.alloc(0);
  let length = 0;
  const hold = (piece: Buffer) => {
    const room = MAX_LINE_BYTES - held.length;
    if (room > 0) held = Buffer.concat([held, piece.subarray(0, room)]);
    length += piece.length;
  };
  const endWith = (piece: Buffer): OutputLine => {
    if (length === 0) return { bytes: piece, length: piece.length };
    hold(piece);
    const line = { bytes: held, length };
    held = Buffer.alloc(0);
    length = 0;
    return line;
  };
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const files = await storage.fetch([path]);
  const file = files.open(path);
  try {
    for (let total = 0; ; ) {
      const read = file.read(buffer, 0, READ_BYTES, total);
      if (read === 0) {
        if (length > 0) onLine(endWith(Buffer.alloc(0)));
        return total;
      }
      total += read;
      const chunk = buffer.subarray(0, read);
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        if (onLine(endWith(chunk.subarray(start, end))) === false) return total;
        start = end + 1;
      }
      hold(chunk.subarray(start));
    }
  } finally {
    file.close();
    files.close();
  }
}
