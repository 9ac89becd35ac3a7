import { describeCause } from "../../base/errors.ts";
import type { CompletedTask } from "../../job/task.ts";
import type { Journal, JournalRecord, PlanRecord } from "../log/journal.ts";
import type { Effect, SchedulerEvent } from "../scheduler/types.ts";
import type { Outbox } from "./outbox.ts";
import { recordsOf } from "./records-of.ts";

/** What the decisions of a job are about. */
export interface DecidedJob {
  readonly resultOf: (task: Omit<CompletedTask, "attempt" | "result">) => CompletedTask["result"];
  /** The app and the map tasks, which are fixed from the first attempt on. */
  readonly plan: () => PlanRecord;
  /** Decisions can no longer be kept: the job must end, before the next one is made. */
  readonly onFailure: (reason: string) => void;
}

/** Writes what the scheduler decides to the journal, and lets the outbox wait for that. */
export class DecisionLog {
  readonly #outbox: Outbox;
  readonly #job: DecidedJob;
  #journal: Journal | undefined;
  #isPlanKept: boolean;

  /**
   * @param journal where decisions are kept, if they are
   * @param isPlanKept whether the plan is there already
   */
  constructor(journal: Journal | undefined, isPlanKept: boolean, outbox: Outbox, job: DecidedJob) {
    this.#journal = journal;
    this.#isPlanKept = isPlanKept;
    this.#outbox = outbox;
    this.#job = job;
  }

  /** Keeps what a step of the scheduler has decided. */
  keepDecisions(event: SchedulerEvent, effects: readonly Effect[]): void {
    const records = recordsOf(effects, this.#job.resultOf);
    const isFirst = event.type !== "resume" && effects.some(({ type }) => type === "assign");
    if (isFirst && !this.#isPlanKept) {
      this.#isPlanKept = true;
      records.unshift(this.#job.plan());
    }
    if (records.length > 0) this.keep(records);
  }

  keep(records: readonly JournalRecord[]): void {
    try {
      const keeping = this.#journal?.append(records);
      if (keeping === undefined) return;
      this.#outbox.waitFor(keeping.catch((error: unknown) => this.#failed(error)));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#journal === undefined) return;
    this.#journal = undefined;
    this.#job.onFailure(describeCause(error));
  }
}
