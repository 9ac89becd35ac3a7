import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describeCause } from "../../base/errors.ts";
import type { JobEvent } from "../../job/events.ts";
import { EVENT_LOG_NAME } from "../../job/names.ts";
import type { Attempt } from "../../job/task.ts";

/** So much is kept in memory at most, and for so long. */
const FLUSH_CHARACTERS = 65_536;
const FLUSH_MS = 500;
/** An attempt's progress is written when its age has grown by this factor since the last time. */
const PROGRESS_GROWTH = 1.5;
const LINE_FEED = 10;

type Progressed = JobEvent & { readonly type: "attemptProgressed" };

interface LiveAttempt {
  readonly startMs: number;
  /** The age at which its progress is due to be written. */
  dueMs: number;
  /** The last progress that was not. */
  held: Progressed | undefined;
}

export interface EventLogOptions {
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Whether the job goes on, and so does its log. Otherwise a log that is there is replaced. */
  readonly resumed: boolean;
  /** Receives one line, once, if the log cannot be written. */
  readonly onWriteError: (line: string) => void;
}

/**
 * Appends the events of a job to a file in its directory, which stays when the job has ended. It is
 * for people: nothing depends on it, so it is not synced, and when it cannot be written the job goes
 * on without it.
 *
 * How long it grows depends on the number of attempts, and hardly on how long they take: of an
 * attempt's progress it has only what came when its age had grown by half, and the last before its
 * end.
 */
export class EventLog {
  readonly #path: string;
  readonly #onWriteError: (line: string) => void;
  readonly #live = new Map<string, LiveAttempt>();
  #descriptor: number | undefined;
  #text = "";
  #timer: NodeJS.Timeout | undefined;

  constructor({ directory, resumed, onWriteError }: EventLogOptions) {
    this.#path = join(directory, EVENT_LOG_NAME);
    this.#onWriteError = onWriteError;
    this.#attempt(() => {
      this.#descriptor = openSync(this.#path, resumed ? "a+" : "w", 0o666);
      // The last coordinator may have died in the middle of a line.
      if (resumed && !endsWithLineFeed(this.#descriptor)) this.#text = "\n";
    });
  }

  /** Takes note of an event. Never throws. */
  record(event: JobEvent): void {
    if (this.#descriptor === undefined) return;
    if (event.type === "attemptStarted") {
      const live = { startMs: event.atMs, dueMs: 0, held: undefined };
      this.#live.set(keyOf(event), live);
    } else if (event.type === "attemptProgressed") {
      if (this.#hold(event)) return;
    } else if ("attempt" in event) {
      this.#release(event);
    }
    this.#append(event);
    if (event.type === "jobEnded") this.#flush();
  }

  /** Writes what is left. Events after this are not written. */
  close(): void {
    this.#flush();
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) this.#attempt(() => closeSync(descriptor));
  }

  /** @returns whether this progress is not to be written, at least not yet */
  #hold(event: Progressed): boolean {
    const live = this.#live.get(keyOf(event));
    if (live === undefined) return false;
    const ageMs = event.atMs - live.startMs;
    const isDue = ageMs >= live.dueMs;
    live.held = isDue ? undefined : event;
    if (isDue) live.dueMs = ageMs * PROGRESS_GROWTH;
    return !isDue;
  }

  /** An attempt that has ended without a word has at least its last progress written. */
  #release(event: JobEvent & Attempt): void {
    const key = keyOf(event);
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

function keyOf({ phase, task, attempt }: Attempt): string {
  return `${phase} ${task} ${attempt}`;
}

function endsWithLineFeed(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] === LINE_FEED;
}
