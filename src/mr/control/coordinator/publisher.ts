import { MrError } from "../../base/errors.ts";
import type { DecidedEvent } from "../../job/events.ts";
import type { JobLog } from "../log/job-log.ts";
import type { Decision, Message } from "./decision.ts";

/** The receivers of what leaves the coordinator. */
export interface Exits {
  /** Delivers a message, or a refusal if its decision could not be kept. */
  readonly send: (message: Message, isKept: boolean) => void;
  /** Receives every event up to `jobEnded`. Workers that leave later cause none. */
  readonly onEvent: ((event: DecidedEvent) => void) | undefined;
  /** Decisions can no longer be kept: the job must end. */
  readonly onLogFailed: (error: MrError) => void;
  readonly onDeposed: (error: MrError) => void;
}

interface Pending {
  readonly decision: Decision;
  readonly atMs: number;
  /** The number of appends that must be safe before the decision may leave. */
  readonly appends: number;
}

/**
 * The only way out of the coordinator: decide, persist, tell. Messages and events are held back until the records
 * of their decision are safe in the log, and leave in the order of the decisions. Meanwhile the coordinator goes on
 * deciding, and the records of those decisions share the next write.
 *
 * Once another coordinator has written to the log, this one is silent. When the log fails in another way,
 * the waiting messages are refused.
 */
export class Publisher {
  readonly #exits: Exits;
  readonly #elapsedMs: () => number;
  #log: JobLog | undefined;
  #isDeposed = false;
  /** How many appends have begun, and how many of these are safe. */
  #begun = 0;
  #safe = 0;
  /** The oldest first. */
  readonly #pending: Pending[] = [];
  #isSending = false;
  #hasToldEnd = false;
  /** When the log was last asked whether another coordinator leads. */
  #checkedMs = 0;

  /**
   * @param log undefined for a job that cannot be resumed
   * @param elapsedMs the time since the coordinator started
   */
  constructor(log: JobLog | undefined, elapsedMs: () => number, exits: Exits) {
    this.#log = log;
    this.#elapsedMs = elapsedMs;
    this.#exits = exits;
  }

  /** When the oldest decision was made that waits for the log, in milliseconds since the start; undefined if none waits. */
  get waitingSinceMs(): number | undefined {
    return this.#pending[0]?.atMs;
  }

  /** The milliseconds until {@link check} is due, if it is to happen every `everyMs`. */
  checkInMs(everyMs: number): number {
    if (this.#log === undefined) return Infinity;
    // Rounded up, since a timer that is early by a rounding error would be set again and again.
    return Math.max(0, Math.ceil(this.#checkedMs + everyMs - this.#elapsedMs()));
  }

  /** Finds out whether another coordinator leads the job: without records to write, an append does not. */
  async check(): Promise<void> {
    this.#checkedMs = this.#elapsedMs();
    await this.#log?.check().catch((error: unknown) => this.#failed(error));
  }

  publish(decision: Decision): void {
    if (this.#isDeposed) return;
    const isKept = decision.records.length > 0 && this.#log !== undefined;
    if (isKept) this.#begun += 1;
    this.#pending.push({ decision, atMs: this.#elapsedMs(), appends: this.#begun });
    if (isKept) this.#persist(decision, this.#begun);
    this.#sendSafe();
  }

  #persist({ records }: Decision, append: number): void {
    try {
      const appending = this.#log?.append(records);
      if (appending === undefined) {
        this.#safe = append;
        return;
      }
      appending.then(
        () => {
          // Appends become safe in their order.
          this.#safe = Math.max(this.#safe, append);
          this.#sendSafe();
        },
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #sendSafe(): void {
    // A decision that an observer causes must wait until the current one has been sent.
    if (this.#isSending) return;
    this.#isSending = true;
    for (;;) {
      const [first] = this.#pending;
      if (first === undefined || first.appends > this.#safe) break;
      this.#pending.shift();
      for (const event of first.decision.events) this.#tell({ ...event, atMs: first.atMs });
      for (const message of first.decision.messages)
        if (!this.#isDeposed) this.#exits.send(message, true);
    }
    this.#isSending = false;
  }

  #tell(event: DecidedEvent): void {
    // The observer of the previous event may have caused a write that was refused.
    if (this.#hasToldEnd || this.#isDeposed) return;
    this.#hasToldEnd = event.type === "jobEnded";
    try {
      this.#exits.onEvent?.(event);
    } catch (error) {
      // An observer's error must not interrupt the current step.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof MrError)) throw error;
    if (this.#log === undefined) return;
    this.#log = undefined;
    const unkept = this.#pending.splice(0);
    if (error.code === "LOG_TAKEN") {
      this.#isDeposed = true;
      this.#exits.onDeposed(error);
      return;
    }
    this.#safe = this.#begun;
    for (const { decision } of unkept) {
      for (const message of decision.messages) this.#exits.send(message, false);
    }
    this.#exits.onLogFailed(error);
  }
}
