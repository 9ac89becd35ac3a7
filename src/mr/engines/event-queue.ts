import type { JobEvent } from "../job/events.ts";
import { attemptKey } from "../job/task.ts";

/**
 * The events of a job for one reader, which may be slower than the job. The job never waits: unread events
 * are kept, but only the last of each attempt's progress. So the number of waiting events depends on the number
 * of attempts, not on how long they take.
 */
export class EventQueue implements AsyncIterableIterator<JobEvent> {
  /** In the order of their keys' insertion; an attempt's progress has one key. */
  readonly #waiting = new Map<string | number, JobEvent>();
  #unread = this.#waiting.entries();
  #count = 0;
  #hasEnded = false;
  #readers: Array<(result: IteratorResult<JobEvent, undefined>) => void> = [];

  push(event: JobEvent): void {
    if (this.#hasEnded) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: event });
      return;
    }
    const key = event.type === "attemptProgressed" ? attemptKey(event) : this.#count++;
    // Deleted first, so that the newer one goes to the end.
    this.#waiting.delete(key);
    this.#waiting.set(key, event);
  }

  /** Ends the queue. Events that wait can still be read. */
  end(): void {
    this.#hasEnded = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<JobEvent, undefined>> {
    const event = this.#take();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Called when the reader leaves its loop. Drops all events. */
  return(): Promise<IteratorResult<JobEvent, undefined>> {
    this.end();
    this.#waiting.clear();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): JobEvent | undefined {
    if (this.#waiting.size === 0) return undefined;
    let { done, value } = this.#unread.next();
    if (done === true) {
      // An iterator that has reached the end stays there even if events are added later.
      this.#unread = this.#waiting.entries();
      ({ value } = this.#unread.next());
    }
    if (value === undefined) return undefined;
    this.#waiting.delete(value[0]);
    return value[1];
  }
}
