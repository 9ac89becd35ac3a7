import { createReadStream } from "node:fs";
import { join } from "node:path";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { statIfThere } from "../../base/file-status.ts";
import { openJobFile } from "../../base/open-file.ts";
import type { JobEvent } from "../../job/events.ts";
import { EVENT_LOG_NAME } from "../../job/names.ts";
import { PHASES, type SkippedRecord } from "../../job/task.ts";
import { type Merged, parseEvent, parseMerged } from "./event-schema.ts";
import { JobView } from "./job-view.ts";

/** The events that one coordinator of a job recorded. A resumed job has several sessions. */
export interface Session {
  readonly view: JobView;
  /** The time of its last event, in milliseconds since its coordinator started. */
  endMs: number;
  firstAttemptMs: number | undefined;
}

export interface JobHistory {
  /** Oldest first, at least one. */
  readonly sessions: readonly Session[];
  /** The last session, which includes the tasks that earlier ones completed. */
  readonly last: Session;
  /** The skipped records that are listed, in the order of the tasks. */
  readonly skipped: readonly SkippedRecord[];
  /** The merged file that replaces the results, if the job was complete and merging it came so far. */
  readonly merged: Merged | undefined;
}

/**
 * Reads the event log of a job. Damaged lines are ignored.
 *
 * @throws MrError when there is no log, it cannot be read, or there is no job in it
 */
export async function readHistory(directory: string): Promise<JobHistory> {
  const path = join(directory, EVENT_LOG_NAME);
  const builder = new HistoryBuilder();
  try {
    // Others may be able to put a link or a FIFO there.
    const fd = openJobFile(path, "read");
    for await (const line of linesOf(createReadStream("", { fd, encoding: "utf8" }))) {
      const event = parseEvent(line);
      if (event !== undefined) builder.add(event);
      else builder.addMerged(parseMerged(line));
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw nothingThere(directory);
    throw unreadable(`Cannot read event log "${path}": ${describeCause(error)}`);
  }
  const { history } = builder;
  if (history !== undefined) return history;
  throw unreadable(`Cannot read event log "${path}": it has no job in it`);
}

/** Cuts a text at line feeds. The module readline of Node 24 cuts at U+2028 too, which JSON texts may have. */
async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let begun = "";
  for await (const chunk of chunks) {
    const [first = "", ...lines] = chunk.split("\n");
    if (lines.length > 0) yield begun + first;
    begun = lines.pop() ?? begun + first;
    yield* lines;
  }
  yield begun;
}

function unreadable(message: string): MrError {
  return new MrError("HISTORY_UNREADABLE", message);
}

/** Says that this is the wrong directory, without mentioning event logs. */
function nothingThere(directory: string): MrError {
  const stats = statIfThere(directory);
  const what =
    stats === undefined
      ? `No job has run in directory "${directory}": it does not exist`
      : stats.isDirectory()
        ? `No job has run in directory "${directory}"`
        : `No job can have run in "${directory}": it is not a directory`;
  return unreadable(`${what}; name the directory of a job's output, the --out of tsmr run`);
}

/** Makes a history from events, which may come from several coordinators, one after the other. */
export class HistoryBuilder {
  readonly #sessions: Session[] = [];
  #merged: Merged | undefined;
  /** The skipped records of the attempt that completed each task, by phase and task. */
  readonly #skipped = new Map<string, readonly SkippedRecord[]>();

  /** Adds a record that is no event. */
  addMerged(merged: Merged | undefined): void {
    this.#merged = merged ?? this.#merged;
  }

  add(event: JobEvent): void {
    // A log that has lost its beginning is useless up to the next start of a coordinator.
    if (event.type === "jobStarted") {
      this.#merged = undefined;
      this.#sessions.push({ view: new JobView(), endMs: 0, firstAttemptMs: undefined });
    }
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
    const skipped = PHASES.flatMap((phase) => {
      const tasks = last.view.tasks(phase);
      return tasks.flatMap((_, task) => this.#skipped.get(`${phase} ${task}`) ?? []);
    });
    return { sessions: this.#sessions, last, skipped, merged: this.#merged };
  }
}
