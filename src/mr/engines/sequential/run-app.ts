import type { ClassicApp } from "../../app/contract/contract.ts";
import { isRecordApp, type RecordApp } from "../../app/contract/define-app.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { describeThrown, quoteKey } from "../../base/thrown.ts";
import { checkInputs } from "../../data/task/check-inputs.ts";
import { checkPartition } from "../../data/task/check-shuffle.ts";
import { CounterSet } from "../../data/task/tally.ts";
import { tooManyBadRecords } from "../../job/bad-records.ts";
import type { CompletionFigures } from "../../job/events.ts";
import type { FixedOptions, InputFile } from "../../job/job-spec.ts";
import { MAX_SKIPPED_OF_TASK } from "../../job/limits.ts";
import {
  type Phase,
  REPLACED_FILES,
  REPLACED_KEYS,
  SKIPPED_RECORDS,
  type SkippedRecord,
} from "../../job/task.ts";
import { describeJobFailure } from "../../watch/format/describe-failure.ts";
import { classicForm } from "./classic-form.ts";
import { Counts } from "./counts.ts";
import { recordForm } from "./record-form.ts";
import { pendingOperations, settle } from "./settle.ts";

/** A key's bytes as a string of one unit per byte, by which groups are found and sorted. */
type Latin1 = string;

export type EmitPair = (keyBytes: Buffer, value: unknown) => void;

/** One record on its way through `map`. */
export interface MapCall {
  /** Where the record is in its file. */
  readonly place: string;
  /** Calls `map`, and emits its pairs. */
  readonly call: (emit: EmitPair) => Promise<void>;
}

/** An app in one of its two forms, in the calls that a job consists of. */
export interface AppForm {
  /** The records of an input, in order; each must be called before the next is taken. */
  records(input: InputFile, task: number, run: AppRun): AsyncIterable<MapCall>;
  /** Puts the values of a key in the order in which `reduce` gets them. */
  sortValues(values: unknown[]): void;
  /** @throws when the values of a key can't be combined, as tasks may do */
  checkCombine(values: readonly unknown[]): void;
  partition(keyBytes: Buffer, reduces: number): number;
  reduce(keyBytes: Buffer, values: unknown[], task: number, run: AppRun): Promise<Buffer>;
}

/** What a run needs of a job; without `maxBadRecords` there is no limit. */
type AppJob = Omit<FixedOptions, "maxBadRecords"> &
  Partial<FixedOptions> & {
    /** Whether there is one output, of all keys in their order. Otherwise, each reduce task has one. */
    readonly isMerged?: boolean;
  };

/** Learns of the start and the end of each task, and may end the run by throwing. */
interface TaskListener {
  onStart(phase: Phase, task: number): Promise<void>;
  onEnd(figures: CompletionFigures): void;
}

/**
 * Runs an app in this process, one call after another, with everything in memory: map, sort, reduce.
 *
 * Parallel runs are compared with this one, so it is as plain as possible. For a classic app it shares only the
 * app contract with the parallel data path, so that no mistake is in both. For an app in the record form,
 * readers and output formats are part of the contract, and shared.
 *
 * @param job each of its inputs is a map task, and each of its reduce tasks has an output
 */
export async function runApp(
  app: ClassicApp | RecordApp,
  job: AppJob,
  listener?: TaskListener,
): Promise<AppRun> {
  checkInputs(
    app,
    job.inputs.map(({ url }) => url),
  );
  const run = new AppRun(job);
  await run.run(isRecordApp(app) ? recordForm(app) : classicForm(app), listener);
  return run;
}

/** A run of an app, and its results. */
export class AppRun {
  readonly job: AppJob;
  /** By reduce task: the lines of each key, in the order of the keys' bytes. */
  readonly outputs: Buffer[][] = [];
  readonly counting = new CounterSet();
  readonly skipped: SkippedRecord[] = [];
  /** A `Map`, because an object has special keys, such as `__proto__`. */
  readonly #groups = new Map<Latin1, unknown[]>();
  /** Files with bytes that are not UTF-8 and that were lost, and the first such key of each reduce task. */
  readonly replaced: SkippedRecord[] = [];
  #replacedOfTask: SkippedRecord[] = [];
  #bytesOfTask = 0;
  #cpuOfTask = process.cpuUsage();
  /** How many skipped records of the current task are listed. */
  #listedOfTask = 0;
  /** The records of all map tasks, and the keys of all reduce tasks. */
  readonly #records = new Counts();
  readonly #keys = new Counts();
  /** The one of these that the current task adds to. */
  #counts = this.#records;

  constructor(job: AppJob) {
    this.job = job;
  }

  get counters(): Record<string, number> {
    return this.counting.toRecord();
  }

  async run(form: AppForm, listener: TaskListener | undefined): Promise<void> {
    const { inputs, reduces, isMerged = false } = this.job;
    const pending = pendingOperations();
    for (const [task, input] of inputs.entries()) {
      await listener?.onStart("map", task);
      this.#begin();
      await this.#map(form, input, task);
      listener?.onEnd(this.#figures([]));
    }
    await settle(pending);
    this.#checkBadRecords();
    this.#counts = this.#keys;
    const keys = [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1));
    const partitions = Array.from({ length: isMerged ? 1 : reduces }, () => [] as typeof keys);
    for (const group of keys) {
      checkCombine(form, ...group);
      const reduce = partitionOf(form, group[0], reduces);
      partitions[isMerged ? 0 : reduce]?.push(group);
    }
    for (const [task, groups] of partitions.entries()) {
      await listener?.onStart("reduce", task);
      this.#begin();
      const lines: Buffer[] = [];
      for (const [key, values] of groups) {
        lines.push(await this.#reduce(form, Buffer.from(key, "latin1"), values, task));
      }
      this.outputs.push(lines);
      const bytes = lines.reduce((sum, { length }) => sum + length, 0);
      listener?.onEnd(this.#figures([bytes]));
    }
    await settle(pending);
    this.#checkBadRecords();
  }

  /** Begins a task. */
  #begin(): void {
    this.#listedOfTask = 0;
    this.#replacedOfTask = [];
    this.#bytesOfTask = 0;
    this.#counts.readOfTask = 0;
    this.#cpuOfTask = process.cpuUsage();
  }

  /** What the task has done. */
  #figures(outputBytes: readonly number[]): CompletionFigures {
    const { user, system } = process.cpuUsage(this.#cpuOfTask);
    const cpuMs = (user + system) / 1000;
    const progress = { records: this.#counts.readOfTask, bytes: this.#bytesOfTask, cpuMs };
    const replaced = this.#replacedOfTask;
    return {
      ...{ outputBytes, counters: {}, progress },
      ...(replaced.length === 0 ? {} : { replaced }),
    };
  }

  /** Counts bytes of the input of the task. */
  addBytes(count: number): void {
    this.#bytesOfTask += count;
  }

  /** A file has a byte that is not UTF-8 and was replaced. */
  replace(place: SkippedRecord): void {
    this.counting.add(REPLACED_FILES);
    this.replaced.push(place);
    this.#replacedOfTask.push(place);
  }

  /** A text that was made for a key has lost a byte that is not UTF-8. */
  replaceKey(place: SkippedRecord): void {
    this.counting.add(REPLACED_KEYS);
    if (this.#replacedOfTask.length > 0) return;
    this.replaced.push(place);
    this.#replacedOfTask.push(place);
  }

  /** Skips the record, or the key, at hand. */
  skip(record: SkippedRecord): void {
    this.counting.add(SKIPPED_RECORDS);
    this.#counts.addBad(SKIPPED_RECORDS);
    this.list(record);
  }

  /** Counts malformed records that a reader has read and skipped. */
  addSkipped(count: number): void {
    if (count === 0) return;
    this.counting.add(SKIPPED_RECORDS, count);
    this.#counts.read += count;
    this.#counts.readOfTask += count;
    this.#counts.bad[SKIPPED_RECORDS] = (this.#counts.bad[SKIPPED_RECORDS] ?? 0) + count;
  }

  /** Lists a record that is counted elsewhere. */
  list(record: SkippedRecord): void {
    this.#counts.first ??= record;
    if (this.#listedOfTask++ < MAX_SKIPPED_OF_TASK) this.skipped.push(record);
  }

  /** The app can't use the record at hand. */
  addBad(counter: string, record: SkippedRecord): void {
    if (this.#counts.addBad(counter)) this.counting.add(counter);
    this.#counts.first ??= record;
  }

  /** @throws MrError `TOO_MANY_BAD_RECORDS` */
  #checkBadRecords(): void {
    const { maxBadRecords } = this.job;
    if (maxBadRecords === undefined) return;
    const found = tooManyBadRecords(maxBadRecords, [this.#records], [this.#keys]);
    if (found === undefined) return;
    const { code, message } = describeJobFailure({ type: "badRecords", ...found });
    throw new MrError(code, message);
  }

  async #map(form: AppForm, input: InputFile, task: number): Promise<void> {
    // Held back until the record is mapped, because a record that is skipped emits nothing.
    const pairs: [key: Latin1, value: unknown][] = [];
    const emit: EmitPair = (key, value) => pairs.push([key.toString("latin1"), value]);
    try {
      for await (const { place, call } of form.records(input, task, this)) {
        this.#counts.begin();
        try {
          await call(emit);
        } catch (error) {
          if (!this.job.skipBadRecords || error instanceof MrError) throw error;
          pairs.length = 0;
          this.skip({ file: input.url, place, reason: describeThrown(error) });
          continue;
        }
        this.#release(pairs);
      }
      // The app may have emitted more before the end of its task.
      this.#release(pairs);
    } catch (error) {
      throw appError(`map failed on input "${input.url}"`, error);
    }
  }

  #release(pairs: [key: Latin1, value: unknown][]): void {
    for (const [key, value] of pairs) {
      const values = this.#groups.get(key);
      if (values === undefined) this.#groups.set(key, [value]);
      else values.push(value);
    }
    pairs.length = 0;
  }

  async #reduce(form: AppForm, key: Buffer, values: unknown[], task: number): Promise<Buffer> {
    const name = quoteKey(key.toString());
    this.#counts.begin();
    try {
      form.sortValues(values);
      return await form.reduce(key, values, task, this);
    } catch (error) {
      if (!this.job.skipBadRecords || error instanceof MrError) {
        throw appError(`reduce failed on key ${name}`, error);
      }
      this.skip({ place: `key ${name}`, reason: describeThrown(error) });
      return Buffer.alloc(0);
    }
  }
}

/** @throws MrError when the app's partitioner throws, or returns a number that no reduce task has */
function partitionOf(form: AppForm, key: Latin1, reduces: number): number {
  const bytes = Buffer.from(key, "latin1");
  try {
    return checkPartition(form.partition(bytes, reduces), reduces);
  } catch (error) {
    throw appError(`partition failed on key ${quoteKey(bytes.toString())}`, error);
  }
}

/** @throws MrError */
function checkCombine(form: AppForm, key: Latin1, values: readonly unknown[]): void {
  try {
    form.checkCombine(values);
  } catch (error) {
    const name = quoteKey(Buffer.from(key, "latin1").toString());
    throw appError(`combine failed on key ${name}`, error);
  }
}

function appError(what: string, error: unknown): MrError {
  if (error instanceof MrError) return error;
  return new MrError("APP_THREW", `${what}: ${describeCause(error)}`, { cause: error });
}
