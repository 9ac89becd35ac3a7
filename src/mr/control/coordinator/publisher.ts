import { MrError } from "../../base/errors.ts";
import type { DecidedEvent } from "../../job/events.ts";
import type { JobLog } from "../log/job-log.ts";
import type { Decision, Message } from "./decision.ts";

/** The way out of the coordinator. */
export interface Exits {
  /** Gives a message, or a refusal if its decision could not be kept, to the one it is for. */
  readonly send: (message: Message, isKept: boolean) => void;
  /** Receives every event until the job has ended: workers that leave then are no longer part of it. */
  readonly onEvent: ((event: DecidedEvent) => void) | undefined;
  /** Decisions can no longer be kept: the job must end. */
  readonly onLogFailed: (error: MrError) => void;
  /** Another coordinator leads the job. */
  readonly onDeposed: (error: MrError) => void;
}

interface Pending {
  readonly decision: Decision;
  readonly atMs: number;
  /** How many appends must be safe before it may leave. */
  readonly appends: number;
}

/**
 * The one way in which decisions leave the coordinator: decide, persist, tell. What a decision has to say is
 * held back until its records are safe in the log, and leaves in the order in which it was decided. Meanwhile
 * the coordinator goes on deciding, and what it decides shares the next write.
 *
 * A coordinator whose log was taken by another one is silent from then on. When the log fails in another
 * way, what waited for it is refused.
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
   * @param log where decisions are kept, if they are
   * @param elapsedMs the time since the coordinator started
   */
  constructor(log: JobLog | undefined, elapsedMs: () => number, exits: Exits) {
    this.#log = log;
    this.#elapsedMs = elapsedMs;
    this.#exits = exits;
  }

  /** In how many milliseconds {@link check} is due, so that it happens every `everyMs`. */
  checkInMs(everyMs: number): number {
    if (this.#log === undefined) return Infinity;
    // A whole number, since a timer that is early by a rounding error would be set again and again.
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
    // What an observer brings about must wait until the decision that it was told of is sent.
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
    // An observer of the event before may have brought about a write that was refused.
    if (this.#hasToldEnd || this.#isDeposed) return;
    this.#hasToldEnd = event.type === "jobEnded";
    try {
      this.#exits.onEvent?.(event);
    } catch (error) {
      // An observer's mistake must not interrupt the step under way.
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
