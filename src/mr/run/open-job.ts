import { rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeCause, MrError } from "../errors.ts";
import { type DirectoryLock, lockDirectory } from "../job/directory-lock.ts";
import { sweepJobDirectory } from "../job/job-directory.ts";
import { FileJournal } from "../journal/file-journal.ts";
import { JOURNAL_VERSION, type JournalInput, type JournalState } from "../journal/journal.ts";
import { JOURNAL_NAME } from "../names.ts";
import type { CompletedTask } from "../scheduler/types.ts";

export interface OpenJobOptions {
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** The input files; on resuming, none stands for those of the journal. */
  readonly inputs: readonly string[];
  /** Number of reduce tasks. Default 10, or on resuming what the journal says. */
  readonly reduces?: number | undefined;
  /** Whether to go on with the job in the directory, rather than to begin a new one. */
  readonly resume: boolean;
}

/** A job that this process alone may coordinate, with its decisions so far. */
export class OpenJob {
  readonly inputs: readonly string[];
  readonly reduces: number;
  readonly journal: FileJournal;
  /** What the journal says, or undefined for a new job. */
  readonly resumed: JournalState | undefined;
  /** Number of results of an earlier job that a new one has removed. */
  readonly removed: number;
  readonly #lock: DirectoryLock;

  constructor(
    journal: FileJournal,
    state: JournalState,
    isResumed: boolean,
    removed: number,
    lock: DirectoryLock,
  ) {
    this.inputs = state.job.inputs.map(({ file }) => file);
    this.reduces = state.job.reduces;
    this.journal = journal;
    this.resumed = isResumed ? state : undefined;
    this.removed = removed;
    this.#lock = lock;
  }

  /** Gives the directory free. */
  close(): void {
    this.journal.close();
    this.#lock.release();
  }
}

/**
 * Takes a job directory for this process. A new job removes what an earlier one has left there.
 *
 * @throws MrError when another coordinator has the directory; the journal cannot be written, or, on
 *   resuming, is missing, damaged, or that of another job; or an input has changed
 */
export async function openJob(options: OpenJobOptions): Promise<OpenJob> {
  const { directory } = options;
  const lock = await lockDirectory(directory);
  try {
    return options.resume ? resume(options, lock) : begin(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Removes the journal of a job whose output is complete. */
export function removeJournal(directory: string): void {
  rmSync(join(directory, JOURNAL_NAME), { force: true });
}

function begin({ directory, inputs, reduces = 10 }: OpenJobOptions, lock: DirectoryLock): OpenJob {
  const removed = sweepJobDirectory(directory);
  const job = {
    type: "job" as const,
    version: JOURNAL_VERSION,
    reduces,
    inputs: inputs.map((file) => describeInput(file, directory)),
  };
  const state = { job, plan: undefined, completed: [], outcome: undefined };
  return new OpenJob(FileJournal.create(directory, job), state, false, removed, lock);
}

function resume({ directory, inputs, reduces }: OpenJobOptions, lock: DirectoryLock): OpenJob {
  const { journal, state } = FileJournal.open(directory);
  try {
    checkSameJob(state, inputs, reduces, directory);
  } catch (error) {
    journal.close();
    throw error;
  }
  const completed = state.completed.filter((task) => hasItsOutputs(task, directory));
  return new OpenJob(journal, { ...state, completed }, true, 0, lock);
}

function checkSameJob(
  { job }: JournalState,
  inputs: readonly string[],
  reduces: number | undefined,
  directory: string,
): void {
  const refuse = (why: string) => {
    throw new MrError(`Cannot resume the job in directory "${directory}": ${why}`);
  };
  if (reduces !== undefined && reduces !== job.reduces) {
    refuse(`it has ${job.reduces} reduce tasks, not ${reduces}`);
  }
  const files = job.inputs.map(({ file }) => file);
  if (inputs.length > 0 && inputs.join("\0") !== files.join("\0")) {
    refuse("it has other input files");
  }
  for (const input of job.inputs) {
    const { bytes, mtimeMs } = describeInput(input.file, directory);
    if (bytes === input.bytes && mtimeMs === input.mtimeMs) continue;
    refuse(`input "${input.file}" has changed since it began`);
  }
}

/** What has vanished or was cut is made again; what was corrupted its readers will find out. */
function hasItsOutputs({ result }: CompletedTask, directory: string): boolean {
  return result.outputs.every(({ name, bytes }) => {
    return statSync(join(directory, name), { throwIfNoEntry: false })?.size === bytes;
  });
}

function describeInput(file: string, directory: string): JournalInput {
  try {
    const { size, mtimeMs } = statSync(resolve(directory, file));
    return { file, bytes: size, mtimeMs };
  } catch (error) {
    throw new MrError(`Cannot read input "${file}": ${describeCause(error)}`);
  }
}
