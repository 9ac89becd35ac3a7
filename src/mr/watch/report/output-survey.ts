import { join } from "node:path";
import { describeCause } from "../../base/errors.ts";
import { MERGED_OUTPUT_NAME, parseReduceOutputName } from "../../job/names.ts";
import { storageFor } from "../../storage/registry.ts";
import type { Storage } from "../../storage/storage.ts";
import { chooseMeasure } from "./measure.ts";
import { type OutputLine, readLines } from "./output-lines.ts";
import { type TopKey, TopKeys, ValueSpread } from "./value-statistics.ts";

const TOP = 20;
/** The sample from which the measure is chosen: lines of each file, files, and bytes in all. */
const SAMPLE_LINES = 100;
const SAMPLE_FILES = 20;
const SAMPLE_BYTES = 4_000_000;

export interface OutputSurvey {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
  readonly label: string;
  readonly isLength: boolean;
  /** Largest value first. */
  readonly top: readonly TopKey[];
  readonly spread: ValueSpread;
  /** Files that could not be read, and why. */
  readonly problems: readonly string[];
}

/** Reads the output of a job, once, in bounded memory. */
export async function surveyOutput(directory: string): Promise<OutputSurvey> {
  const storage = storageFor(directory);
  const problems: string[] = [];
  const outputs = await listOutputs(storage, directory, problems);
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
