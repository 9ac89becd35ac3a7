import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../../base/counted.ts";
import { MrError } from "../../base/errors.ts";
import { type DirectoryLock, lockDirectory } from "../../control/log/directory-lock.ts";
import { FileJournal } from "../../control/log/file-journal.ts";
import { JOURNAL_VERSION, type JournalState } from "../../control/log/journal.ts";
import type { DecidedEvent, JobEvent } from "../../job/events.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { JOURNAL_NAME, MERGED_OUTPUT_NAME, parseReduceOutputName } from "../../job/names.ts";
import type { CompletedTask } from "../../job/task.ts";
import { fileChecksum } from "../../storage/file/file-checksum.ts";
import { sweepJobDirectory } from "../../storage/file/job-directory.ts";
import { statInput } from "../../storage/file/resolve-inputs.ts";
import { withMessages } from "../../watch/format/describe-failure.ts";
import { EventLog } from "../../watch/history/event-log.ts";

/** How many reduce tasks a job has unless told. */
export const DEFAULT_REDUCES = 10;

export interface OpenJobOptions {
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  /** The input files; on resuming, none stands for those of the journal. */
  readonly inputs: readonly InputFile[];
  /** Number of reduce tasks. Default 10, or on resuming what the journal says. */
  readonly reduces?: number | undefined;
  /** Whether to leave out bad records. Default false, or on resuming what the journal says. */
  readonly skipBadRecords?: boolean | undefined;
  /** Whether to go on with the job in the directory, rather than to begin a new one. */
  readonly resume: boolean;
}

/** What a coordinator has to know of a job, apart from how to run it. */
export interface JobTerms {
  readonly directory: string;
  readonly inputDirectory: string;
  readonly reduces: number;
  readonly skipBadRecords: boolean;
  readonly journal: FileJournal;
  readonly resumed: JournalState | undefined;
}

interface OpenJobParts {
  readonly isResumed: boolean;
  readonly removed: number;
  readonly lock: DirectoryLock;
}

/** A job that this process alone may coordinate, with its decisions so far. */
export class OpenJob {
  readonly inputs: readonly InputFile[];
  /** What its coordinator has to know. */
  readonly terms: JobTerms;
  /** What the journal says, or undefined for a new job. */
  readonly resumed: JournalState | undefined;
  /** Number of results of an earlier job that a new one has removed. */
  readonly removed: number;
  readonly #journal: FileJournal;
  readonly #lock: DirectoryLock;
  #events: EventLog | undefined;

  constructor(
    directory: string,
    journal: FileJournal,
    state: JournalState,
    { isResumed, removed, lock }: OpenJobParts,
  ) {
    const { reduces, skipBadRecords, inputDirectory, inputs } = state.job;
    this.inputs = inputs;
    this.resumed = isResumed ? state : undefined;
    const resumed = this.resumed;
    this.terms = { directory, inputDirectory, reduces, skipBadRecords, journal, resumed };
    this.removed = removed;
    this.#journal = journal;
    this.#lock = lock;
  }

  /** Whether something has happened that is worth a log: an attempt has started. */
  get hasBegun(): boolean {
    return this.#events !== undefined;
  }

  /**
   * What the job's events are to be told: writes them to the event log, and passes them on. The log of a new
   * job begins with its first attempt: what ends before that leaves no log, and an earlier one as it was.
   *
   * @param listener must not throw
   */
  recordTo(listener: (event: JobEvent) => void): (event: DecidedEvent) => void {
    const { directory } = this.terms;
    const resumed = this.resumed !== undefined;
    const early: JobEvent[] = [];
    return (decided) => {
      const event = withMessages(decided);
      const onTrouble = (message: string) => {
        listener({ type: "eventLogFailed", message, atMs: event.atMs });
      };
      if (this.#events === undefined && (resumed || event.type === "attemptStarted")) {
        this.#events = new EventLog({ directory, resumed, onTrouble });
        for (const one of early.splice(0)) this.#events.record(one);
      }
      if (this.#events === undefined) early.push(event);
      else this.#events.record(event);
      listener(event);
    };
  }

  /** Gives the directory free. */
  close(): void {
    this.#events?.close();
    this.#journal.close();
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
    return options.resume ? await resume(options, lock) : begin(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Removes the journal of a job whose output is complete, or that never began and so has nothing else yet. */
export function removeJournal(directory: string): void {
  rmSync(join(directory, JOURNAL_NAME), { force: true });
}

function begin(options: OpenJobOptions, lock: DirectoryLock): OpenJob {
  const { directory, inputDirectory, inputs } = options;
  const { reduces = DEFAULT_REDUCES, skipBadRecords = false } = options;
  const removed = sweepJobDirectory(directory);
  const job = {
    type: "job" as const,
    version: JOURNAL_VERSION,
    reduces,
    skipBadRecords,
    inputDirectory,
    inputs,
  };
  const state = { job, plan: undefined, completed: [], outcome: undefined };
  const journal = FileJournal.create(directory, job);
  return new OpenJob(directory, journal, state, { isResumed: false, removed, lock });
}

async function resume(options: OpenJobOptions, lock: DirectoryLock): Promise<OpenJob> {
  const { directory } = options;
  checkNotComplete(directory);
  const { journal, state } = FileJournal.open(directory);
  try {
    checkSameJob(state, options);
    const completed: CompletedTask[] = [];
    for (const task of state.completed) {
      if (await hasItsOutputs(task, directory)) completed.push(task);
    }
    const given = { isResumed: true, removed: 0, lock };
    return new OpenJob(directory, journal, { ...state, completed }, given);
  } catch (error) {
    journal.close();
    throw error;
  }
}

/** The journal is removed when all results are there, so where there are some without it, all are. */
function checkNotComplete(directory: string): void {
  if (existsSync(join(directory, JOURNAL_NAME))) return;
  const result = readdirSync(directory).find((name) => {
    return parseReduceOutputName(name) !== undefined || name === MERGED_OUTPUT_NAME;
  });
  if (result === undefined) return;
  throw new MrError(
    "RESUME_NOTHING",
    `Cannot resume the job in directory "${directory}": it is complete already, its output is there`,
  );
}

function checkSameJob(
  { job }: JournalState,
  { directory, inputDirectory, inputs, reduces, skipBadRecords }: OpenJobOptions,
): void {
  const refuse = (why: string) => {
    throw new MrError(
      "RESUME_MISMATCH",
      `Cannot resume the job in directory "${directory}": ${why}`,
    );
  };
  if (reduces !== undefined && reduces !== job.reduces) {
    refuse(`it has ${counted(job.reduces, "reduce task")}, not ${reduces}`);
  }
  if (skipBadRecords !== undefined && skipBadRecords !== job.skipBadRecords) {
    refuse(`it was to ${job.skipBadRecords ? "leave out" : "fail on"} bad records`);
  }
  const named = (files: readonly InputFile[]) => files.map(({ url }) => url).join("\0");
  const hasOthers = inputs.length > 0 && named(inputs) !== named(job.inputs);
  if (hasOthers || inputDirectory !== job.inputDirectory) refuse("it has other input files");
  for (const [index, { url, size, version }] of job.inputs.entries()) {
    const now = inputs[index] ?? statInput(url, inputDirectory);
    if (now.size === size && now.version === version) continue;
    refuse(`input "${url}" has changed since it began`);
  }
}

/**
 * What has vanished or was cut is made again. That a map output was corrupted the reduce tasks will find
 * out; a result nobody reads after this, so that it is looked through here.
 */
async function hasItsOutputs(
  { phase, result }: CompletedTask,
  directory: string,
): Promise<boolean> {
  for (const { name, bytes, crc32 } of result.outputs) {
    const path = join(directory, name);
    if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return false;
    if (phase === "reduce" && (await fileChecksum(path)) !== crc32) return false;
  }
  return true;
}
