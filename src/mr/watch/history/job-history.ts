import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { JobEvent } from "../../job/events.ts";
import { EVENT_LOG_NAME } from "../../job/names.ts";
import type { SkippedRecord } from "../../job/task.ts";
import { parseEvent } from "./event-schema.ts";
import { JobView } from "./job-view.ts";

/** What one coordinator of a job has seen. A job that was resumed has had several. */
export interface Session {
  readonly view: JobView;
  /** When it ended, in milliseconds since its coordinator started: its last event, if it was killed. */
  endMs: number;
  /** When the first attempt was started. */
  firstAttemptMs: number | undefined;
}

/** All that an event log says of a job. */
export interface JobHistory {
  /** Oldest first, at least one. */
  readonly sessions: readonly Session[];
  /** The last session: it knows what the earlier ones have completed. */
  readonly last: Session;
  /** The first of the records that tasks have left out, in the order of the tasks. */
  readonly skipped: readonly SkippedRecord[];
}

/** Puts the events of a job together, which may come from several coordinators, one after the other. */
export function historyOf(events: Iterable<JobEvent>): JobHistory | undefined {
  const builder = new HistoryBuilder();
  for (const event of events) builder.add(event);
  return builder.history;
}

/**
 * Reads the event log of a job. What is damaged in it is left out.
 *
 * @param directory the job directory
 * @throws MrError when there is no log, it cannot be read, or there is no job in it
 */
export async function readHistory(directory: string): Promise<JobHistory> {
  const path = join(directory, EVENT_LOG_NAME);
  const builder = new HistoryBuilder();
  try {
    const input = createReadStream(path);
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const event = parseEvent(line);
      if (event !== undefined) builder.add(event);
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw nothingThere(directory);
    throw new MrError(
      "HISTORY_UNREADABLE",
      `Cannot read event log "${path}": ${describeCause(error)}`,
    );
  }
  const { history } = builder;
  if (history === undefined)
    throw new MrError("HISTORY_UNREADABLE", `Cannot read event log "${path}": it has no job in it`);
  return history;
}

/** Nobody needs to know of event logs to be told that this is the wrong directory. */
function nothingThere(directory: string): MrError {
  const stats = statSync(directory, { throwIfNoEntry: false });
  const what =
    stats === undefined
      ? `No job has run in directory "${directory}": it does not exist`
      : stats.isDirectory()
        ? `No job has run in directory "${directory}"`
        : `No job can have run in "${directory}": it is not a directory`;
  return new MrError(
    "HISTORY_UNREADABLE",
    `${what}; name the directory of a job's output, the --out of tsmr run`,
  );
}

class HistoryBuilder {
  readonly #sessions: Session[] = [];
  /** By phase and task: only what the attempt that counts has left out. */
  readonly #skipped = new Map<string, readonly SkippedRecord[]>();

  add(event: JobEvent): void {
    // A log whose beginning is gone is of no use until the next coordinator begins.
    if (event.type === "jobStarted") this.#begin();
    const session = this.#sessions.at(-1);
    if (session === undefined || session.view.outcome !== undefined) return;
    session.view.apply(event);
    session.endMs = Math.max(session.endMs, event.atMs);
    if (event.type === "attemptStarted") session.firstAttemptMs ??= event.atMs;
    if (event.type === "attemptCompleted" || event.type === "taskRestored") {
      this.#skipped.set(`${event.phase} ${event.task}`, event.skipped ?? []);
    }
  }

  get history(): JobHistory | undefined {
    const last = this.#sessions.at(-1);
    if (last === undefined) return undefined;
    const skipped = (["map", "reduce"] as const).flatMap((phase) => {
      return last.view
        .tasks(phase)
        .flatMap((_, task) => this.#skipped.get(`${phase} ${task}`) ?? []);
    });
    return { sessions: this.#sessions, last, skipped };
  }

  #begin(): void {
    this.#sessions.push({ view: new JobView(), endMs: 0, firstAttemptMs: undefined });
  }
}
