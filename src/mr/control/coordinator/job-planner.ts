import { describeCause } from "../../base/errors.ts";
import type { JobPlan, Split } from "../../job/split.ts";
import type { Params } from "../protocol/protocol.ts";

/** Where the app's inputs may be cut. */
export type Splitting = Params<"worker.register">["splitting"];

/** Who wants to know how the inputs were cut. */
export interface PlanListener {
  /** Whether a plan can still be made: no longer once a task was handed out. */
  readonly isOpen: () => boolean;
  readonly onPlanned: (splits: readonly Split[]) => void;
  /** The inputs can't be cut. No other worker would fare better. */
  readonly onImpossible: (reason: string) => void;
}

/** Cuts the inputs of a job into map tasks, as the app of its workers allows it. */
export class JobPlanner {
  readonly #plan: JobPlan;
  readonly #listener: PlanListener;
  #splits: readonly Split[];
  #splitting: Splitting = "wholeFile";
  /** For which app and splitting the map tasks were last cut, and when that is done. */
  #last: { readonly of: string; readonly done: Promise<void> | undefined } | undefined;

  /** @param known the map tasks of a job that had begun */
  constructor(plan: JobPlan, known: readonly Split[] | undefined, listener: PlanListener) {
    this.#plan = plan;
    this.#listener = listener;
    this.#splits = known ?? plan("wholeFile");
  }

  /** The map tasks, by number. */
  get splits(): readonly Split[] {
    return this.#splits;
  }

  /**
   * What a worker's app can do with an input decides how the inputs are cut.
   *
   * @param app what tells the app from every other
   * @returns a promise if they have to be read for that; it never rejects
   */
  planFor(app: unknown, splitting: Splitting): Promise<void> | undefined {
    // All workers of an app bring the same plan, and to make it anew for each takes time where it is long.
    const of = JSON.stringify([app, splitting]);
    if (this.#last?.of !== of) this.#last = { of, done: this.#cut(splitting) };
    return this.#last.done;
  }

  #cut(splitting: Splitting): Promise<void> | undefined {
    this.#splitting = splitting;
    // An input has vanished.
    const giveUp = (error: unknown) => this.#listener.onImpossible(describeCause(error));
    try {
      const splits = this.#plan(splitting);
      if ("then" in splits) return splits.then((all) => this.#planned(all, splitting), giveUp);
      this.#planned(splits, splitting);
    } catch (error) {
      giveUp(error);
    }
    return undefined;
  }

  #planned(splits: readonly Split[], splitting: Splitting): void {
    // Meanwhile this worker may have gone, and one with another app have come.
    const isCurrent = JSON.stringify(splitting) === JSON.stringify(this.#splitting);
    if (!isCurrent || !this.#listener.isOpen()) return;
    this.#splits = splits;
    this.#listener.onPlanned(splits);
  }
}
