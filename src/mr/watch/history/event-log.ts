import { closeSync, fdatasyncSync, fstatSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describeCause } from "../../base/errors.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { createFile, openJobFile } from "../../base/open-file.ts";
import { writeAll } from "../../base/write-all.ts";
import type { JobEvent } from "../../job/events.ts";
import { EVENT_LOG_NAME } from "../../job/names.ts";
import { type Attempt, attemptKey } from "../../job/task.ts";
import type { Merged } from "./event-schema.ts";

/** How much is buffered, and for how long. */
const FLUSH_CHARACTERS = 65_536;
const FLUSH_MS = 500;
/** An attempt's progress is written when its age has grown by this factor since the last time. */
const PROGRESS_GROWTH = 1.5;
const LINE_FEED = 10;

interface LiveAttempt {
  readonly startMs: number;
  /** The age at which its progress is due to be written. */
  dueMs: number;
  /** The last progress that was not written. */
  held: JobEvent | undefined;
}

/**
 * Appends the events of a job to a file in its directory, which stays after the job. Nothing depends on the
 * file, so it is not synced, and if it cannot be written the job continues without it.
 *
 * Its length depends on the number of attempts and hardly on their durations: progress of an attempt is
 * written only when the attempt's age has grown by half since the last time, and at its end.
 */
export class EventLog {
  readonly #path: string;
  readonly #onWriteError: (line: string) => void;
  readonly #live = new Map<string, LiveAttempt>();
  #descriptor: number | undefined;
  #text = "";
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param resumed whether the job's log is continued; otherwise an existing log is replaced
   * @param onWriteError called once, with one line, if the log cannot be written
   */
  constructor(directory: HeldDirectory, resumed: boolean, onWriteError: (line: string) => void) {
    this.#path = join(directory.path, EVENT_LOG_NAME);
    this.#onWriteError = onWriteError;
    this.#attempt(() => {
      // It has the settings of workers that were refused.
      const path = directory.at(EVENT_LOG_NAME);
      this.#descriptor = resumed ? openJobFile(path, "append") : createFile(path, "private");
      // The last coordinator may have been killed while it wrote a line.
      if (resumed && !endsWithLineFeed(this.#descriptor)) this.#text = "\n";
    });
  }

  /** Records an event. Never throws. */
  record(event: JobEvent): void {
    if (this.#descriptor === undefined) return;
    if (event.type === "attemptStarted") {
      this.#live.set(attemptKey(event), { startMs: event.atMs, dueMs: 0, held: undefined });
    } else if (event.type === "attemptProgressed") {
      if (this.#hold(event)) return;
    } else if ("attempt" in event) this.#release(event);
    this.#append(event);
    if (event.type === "jobEnded") this.#flush();
  }

  /** Writes the buffered events. Later events are ignored. */
  close(): void {
    this.#flush();
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) this.#attempt(() => closeSync(descriptor));
  }

  /** Drops the buffered events, because another coordinator writes the log now. Later events are ignored. */
  discard(): void {
    this.#text = "";
    this.close();
  }

  /** @returns whether this progress is held back for now */
  #hold(event: JobEvent & Attempt): boolean {
    const live = this.#live.get(attemptKey(event));
    if (live === undefined) return false;
    const ageMs = event.atMs - live.startMs;
    const isHeld = ageMs < live.dueMs;
    live.held = isHeld ? event : undefined;
    if (!isHeld) live.dueMs = ageMs * PROGRESS_GROWTH;
    return isHeld;
  }

  /** Writes the last progress of an attempt that ended without a result. */
  #release(event: JobEvent & Attempt): void {
    const key = attemptKey(event);
    const held = this.#live.get(key)?.held;
    this.#live.delete(key);
    if (held !== undefined && event.type !== "attemptCompleted") this.#append(held);
  }

  #append(event: JobEvent): void {
    // Whole microseconds: the rest is noise, and makes lines longer.
    this.#text += `${JSON.stringify({ ...event, atMs: Math.round(event.atMs * 1000) / 1000 })}\n`;
    if (this.#text.length >= FLUSH_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const descriptor = this.#descriptor;
    if (descriptor === undefined || this.#text === "") return;
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    this.#attempt(() => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(descriptor, bytes, written);
      }
    });
  }

  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#descriptor = undefined;
      this.#onWriteError(`Cannot write event log "${this.#path}": ${describeCause(error)}`);
    }
  }
}

/**
 * Makes the event log of a complete job survive a power cut, and adds a record to it. If that is impossible, the
 * results are still there, and only the resumption of their merging is refused.
 */
export function sealEventLog(directory: HeldDirectory, record?: Merged): void {
  let descriptor: number | undefined;
  try {
    descriptor = openJobFile(directory.at(EVENT_LOG_NAME), "append");
    if (record !== undefined) {
      const start = endsWithLineFeed(descriptor) ? "" : "\n";
      writeAll(descriptor, Buffer.from(`${start}${JSON.stringify(record)}\n`));
    }
    fdatasyncSync(descriptor);
  } catch {
    // See above.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function endsWithLineFeed(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] === LINE_FEED;
}
