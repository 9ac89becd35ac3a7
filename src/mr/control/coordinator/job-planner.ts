import { JSONRPCErrorException } from "json-rpc-2.0";
import { describeCause, MrError, UsageError } from "../../base/errors.ts";
import type { JobPlan, Split, Splitting } from "../../job/split.ts";
import type { CancelReason } from "../../job/task.ts";
import { RPC_ERRORS } from "../protocol/protocol.ts";

/** The parts of a job that a plan changes. */
export interface PlanListener {
  /** Whether the plan can still change: until the first task is handed out. */
  readonly isOpen: () => boolean;
  readonly onPlanned: (splits: readonly Split[]) => void;
  /** The inputs can't be split for any worker. */
  readonly onImpossible: (reason: CancelReason) => void;
}

/** Splits the inputs of a job into map tasks, as the app of its workers allows. */
export class JobPlanner {
  readonly #plan: JobPlan;
  readonly #listener: PlanListener;
  /** The map tasks, by number. */
  splits: readonly Split[];
  #splitting: Splitting = "wholeFile";
  /** The last app and splitting, and a promise of their plan. */
  #last: { readonly of: string; readonly done: Promise<void> | undefined } | undefined;

  /** @param known the map tasks of a job that is resumed and had begun */
  constructor(plan: JobPlan, known: readonly Split[] | undefined, listener: PlanListener) {
    this.#plan = plan;
    this.#listener = listener;
    this.splits = known ?? plan("wholeFile");
  }

  /**
   * Splits the inputs as the app of a worker allows.
   *
   * @param app identifies the app
   * @returns a promise if the inputs have to be read for that; it never rejects
   * @throws JSONRPCErrorException (`invalidParams`) for a splitting that the planner does not take
   */
  planFor(app: unknown, splitting: Splitting): Promise<void> | undefined {
    // All workers of an app share a plan, because a long one takes time to make.
    const of = JSON.stringify([app, splitting]);
    if (this.#last?.of !== of) this.#last = { of, done: this.#cut(splitting) };
    return this.#last.done;
  }

  #cut(splitting: Splitting): Promise<void> | undefined {
    const giveUp = (error: unknown) => {
      const code = error instanceof MrError ? error.code : "INPUT_UNREADABLE";
      this.#listener.onImpossible({ type: "error", code, message: describeCause(error) });
    };
    try {
      const splits = this.#plan(splitting);
      this.#splitting = splitting;
      if ("then" in splits) return splits.then((all) => this.#planned(all, splitting), giveUp);
      this.#planned(splits, splitting);
    } catch (error) {
      const isRefused = error instanceof UsageError;
      if (isRefused) throw new JSONRPCErrorException(error.message, RPC_ERRORS.invalidParams);
      giveUp(error);
    }
    return undefined;
  }

  #planned(splits: readonly Split[], splitting: Splitting): void {
    // Meanwhile this worker may have left, and a worker with another app registered.
    const isCurrent = JSON.stringify(splitting) === JSON.stringify(this.#splitting);
    if (!isCurrent || !this.#listener.isOpen()) return;
    this.splits = splits;
    this.#listener.onPlanned(splits);
  }
}
