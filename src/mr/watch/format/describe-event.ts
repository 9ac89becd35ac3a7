import { isFinal } from "../../base/error-codes.ts";
import { plural } from "../../base/text.ts";
import type { JobEvent } from "../../job/events.ts";
import { MAX_SKIPPED_OF_JOB } from "../../job/limits.ts";
import {
  type Attempt,
  type AttemptId,
  type Failure,
  type Phase,
  type Progress,
  SKIPPED_RECORDS,
  type SkippedRecord,
} from "../../job/task.ts";
import { formatBytes, formatCount } from "./quantities.js";
import { plainText } from "./text-width.ts";

export interface EventLine {
  readonly text: string;
  /** `detail` for readers who want to see everything, `notice` if all is well, `warning` if not. */
  readonly level: "detail" | "notice" | "warning";
}

type Completed = JobEvent & { readonly type: "attemptCompleted" | "taskRestored" };

/** Makes lines for people of the events of a job, which it must get in order. */
export class EventDescriber {
  readonly #pids = new Map<number, number>();
  /** Tasks whose skipped records were listed: a map task that runs again skips the same ones. */
  readonly #listed = new Set<string>();
  /** Tasks whose files, or first key, that are not UTF-8 were listed. */
  readonly #replaced = new Set<string>();
  /** How many records each completed task has skipped. */
  readonly #skipped = new Map<string, number>();
  #lines = 0;

  /** @returns no line for an event that is not worth one, such as progress */
  describe(event: JobEvent): EventLine[] {
    switch (event.type) {
      case "workerJoined":
        this.#pids.set(event.worker, event.pid);
        return detail(`worker ${event.worker} (pid ${event.pid}) has joined`);
      case "workerLeft":
        this.#pids.delete(event.worker);
        return detail(`worker ${event.worker} has left`);
      case "attemptCompleted": {
        const text = `${nameOf(event)} is completed${describeWork(event.progress)}`;
        return [...this.#listReplaced(event), ...this.#listSkipped(event), ...detail(text)];
      }
      case "attemptLost": {
        const why = event.reason === "workerGone" ? "is gone" : "made no progress within its lease";
        return warning(`${nameOf(event)} is lost: ${this.#workerOf(event)} ${why}`);
      }
      case "attemptFailed":
        // The job ends with this failure as its message.
        if (isFinal(event.failure.code)) return [];
        return this.#stopped(event, "failed");
      case "attemptBlocked":
        return this.#stopped(event, "stopped");
      case "attemptSuperseded": {
        // A backup that comes second was not slow: it began later.
        const why =
          event.by < event.attempt
            ? "was not needed: an earlier attempt has finished"
            : "was too slow: another attempt has finished";
        return warning(`${nameOf(event)} on ${this.#workerOf(event)} ${why}`);
      }
      case "taskRestored":
        this.#countSkipped(event);
        return detail(`${event.phase} task ${event.task} was completed before`);
      case "taskReopened":
        this.#skipped.delete(keyOf(event));
        return warning(
          `${event.phase} task ${event.task} runs again: its output is missing or damaged`,
        );
      case "jobEnded":
        return event.outcome.state === "completed" ? this.#sumSkipped() : [];
      default:
        return describeOther(event);
    }
  }

  #stopped(event: Attempt & { readonly failure: Failure }, how: string): EventLine[] {
    const { message } = event.failure;
    return warning(`${nameOf(event)} ${how} on ${this.#workerOf(event)}: ${message}`);
  }

  #workerOf({ worker }: Attempt): string {
    const pid = this.#pids.get(worker);
    return `worker ${worker}${pid === undefined ? "" : ` (pid ${pid})`}`;
  }

  #listReplaced(event: Completed & { readonly type: "attemptCompleted" }): EventLine[] {
    const { replaced = [] } = event;
    if (replaced.length === 0 || this.#replaced.has(keyOf(event))) return [];
    this.#replaced.add(keyOf(event));
    return replaced.flatMap((where) => warning(describeNotUtf8(where)));
  }

  #listSkipped(event: Completed & { readonly type: "attemptCompleted" }): EventLine[] {
    this.#countSkipped(event);
    const { skipped = [] } = event;
    if (skipped.length === 0 || this.#listed.has(keyOf(event))) return [];
    this.#listed.add(keyOf(event));
    const listed = skipped.slice(0, MAX_SKIPPED_OF_JOB - this.#lines);
    this.#lines += listed.length;
    return listed.flatMap(({ file, place, reason }) => {
      const where = file === undefined ? place : `${file} ${place}`;
      return warning(`Skipped record: ${where}: ${reason}`);
    });
  }

  #countSkipped(event: Completed): void {
    const count = event.counters[SKIPPED_RECORDS] ?? 0;
    if (count > 0) this.#skipped.set(keyOf(event), count);
  }

  #sumSkipped(): EventLine[] {
    const total = [...this.#skipped.values()].reduce((sum, count) => sum + count, 0);
    if (total === 0) return [];
    const unlisted = total > this.#lines ? `, ${this.#lines} of them listed above` : "";
    return warning(`Bad records skipped: ${total}${unlisted}`);
  }
}

/** Of those events whose line depends on nothing else. */
function describeOther(event: JobEvent): EventLine[] {
  switch (event.type) {
    case "jobPlanned": {
      const { app, splits, reduces } = event;
      // How inputs are split is not known before the first worker has registered.
      if (app === null) return [];
      const tasks = `${plural(splits.length, "map task")} and ${plural(reduces, "reduce task")}`;
      return detail(`${tasks} for ${plainText(app)}`);
    }
    case "attemptStarted": {
      const what = event.isBackup ? "starts as a backup" : "starts";
      return detail(`${nameOf(event)} ${what} on worker ${event.worker}`);
    }
    case "phaseStarted":
      return [{ level: "notice", text: "All map tasks are done, the reduce tasks begin" }];
    case "workerRefused":
      return warning(`Refused a worker (pid ${event.pid}): ${event.reason}`);
    case "journalFailed":
    case "eventLogFailed":
    case "typesNotChecked":
      return warning(event.message);
    default:
      return [];
  }
}

function detail(text: string): EventLine[] {
  return [{ level: "detail", text }];
}

function warning(text: string): EventLine[] {
  return [{ level: "warning", text }];
}

/** A place with bytes that are not UTF-8 and that were lost. */
export function describeNotUtf8({ file, place, reason }: SkippedRecord): string {
  return `Not UTF-8: ${file === undefined ? "" : `${file} `}${place}: ${reason}`;
}

function keyOf({ phase, task }: { readonly phase: Phase; readonly task: number }): string {
  return `${phase} ${task}`;
}

/** `map task 3, attempt 2,` with the comma that closes the insertion. */
function nameOf({ phase, task, attempt }: AttemptId): string {
  return `${phase} task ${task}, attempt ${attempt},`;
}

function describeWork(progress: Progress | undefined): string {
  if (progress === undefined) return "";
  const { records, bytes } = progress;
  return `: ${plural(records, "record", formatCount)}, ${formatBytes(bytes)} read`;
}
