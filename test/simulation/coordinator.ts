import { JobControl } from "../../src/mr/control/coordinator/job-control.ts";
import type { JobLog, LogRecord, LogState } from "../../src/mr/control/log/job-log.ts";
import type { Handlers } from "../../src/mr/control/protocol/transport.ts";
import type { DecidedEvent } from "../../src/mr/job/events.ts";
import { withMessages } from "../../src/mr/watch/format/describe-failure.ts";
import { JobView } from "../../src/mr/watch/history/job-view.ts";
import type { Endpoint } from "./network.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

const STEPS_PER_COMPARISON = 7;

/** A coordinator process: the real one but for its socket, its timer, and the store of its log. */
export class SimulatedCoordinator {
  readonly process: Process;
  readonly #world: World;
  readonly #job: JobControl;
  #endpoint: Endpoint | undefined;
  #timers = 0;
  /** The job according to its events. */
  readonly #view = new JobView();
  #steps = 0;
  readonly #log: JobLog;
  /** How many appends are not safe yet. */
  #appending = 0;

  /** @param process runs it */
  constructor(
    world: World,
    process: Process,
    { log, resumed }: { readonly log: JobLog; readonly resumed: LogState | undefined },
  ) {
    const { shape } = world;
    this.#world = world;
    this.process = process;
    this.#log = log;
    const splits = Array.from({ length: shape.maps }, (_, map) => {
      return { file: `${map}.txt`, start: 0, end: 1 };
    });
    const options = {
      ...shape,
      plan: () => splits,
      directory: "/job",
      inputDirectory: "/job",
      skipBadRecords: false,
      log: {
        append: (records: readonly LogRecord[]) => this.#append(records),
        check: () => log.check(),
        close: () => undefined,
      },
      resumed,
      onEvent: (event: DecidedEvent) => this.#view.apply(withMessages(event)),
    };
    this.#job = new JobControl(options, {
      nowMs: () => this.process.nowMs(),
      onStep: () => {
        this.#armTimer();
        this.#compareView();
      },
      onEnd: (outcome) => {
        if (this.process.isAlive) this.#world.ended(outcome, this);
      },
      onDeposed: () => world.deposed(this),
      createScheduler: (given) => world.createScheduler(given),
    });
  }

  start(): void {
    this.#endpoint = this.#world.network.listen(this.process, {
      handlers: this.#checkedHandlers(),
      onWorkerGone: (worker) => this.#job.leave(worker),
    });
    this.#job.start();
  }

  /** Whether a worker that has asked for a task still waits for its answer. */
  get hasWaiting(): boolean {
    return this.#endpoint?.hasWaiting ?? false;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#job.status.counters;
  }

  /** @param hasEnded whether it ends as it should, and closes its socket */
  end(hasEnded: boolean): void {
    this.process.kill();
    if (hasEnded) void this.#endpoint?.close();
    else this.#endpoint?.kill();
  }

  /** What the coordinator says of a completed task is checked before it leaves the process. */
  #checkedHandlers(): Handlers {
    const { handlers } = this.#job;
    return {
      ...handlers,
      "task.commit": async (params, caller) => {
        const verdict = await handlers["task.commit"](params, caller);
        const { job, phase, task, attempt } = params;
        if (verdict.accepted) this.#world.granted(`${job} ${phase} ${task} ${attempt}`);
        return verdict;
      },
      "task.complete": async (params, caller) => {
        const verdict = await handlers["task.complete"](params, caller);
        if (this.process.isAlive && verdict.accepted) this.#world.accepted(params);
        return verdict;
      },
    };
  }

  async #append(records: readonly LogRecord[]): Promise<void> {
    this.#appending += 1;
    try {
      await this.#log.append(records);
    } finally {
      this.#appending -= 1;
    }
  }

  /** Not after every step, since the status takes longer than a step, and not while events wait for the log. */
  #compareView(): void {
    this.#steps += 1;
    if (this.#steps % STEPS_PER_COMPARISON !== 0 || this.#appending > 0) return;
    const { maps, reduces, phase } = this.#job.status;
    const view = this.#view;
    const tasks = [...view.tasks("map"), ...view.tasks("reduce")];
    const inProgress = tasks.filter(({ state }) => state === "inProgress").length;
    const believed = [view.completed("map"), view.completed("reduce"), inProgress];
    const is = [maps.completed, reduces.completed, maps.inProgress + reduces.inProgress];
    // A job that had nothing left to do when it was resumed has no phase that begins.
    const isPhaseKnown = view.phase === phase || view.outcome !== undefined;
    if (!isPhaseKnown || believed.join() !== is.join()) {
      const what = `${view.phase} ${believed.join()}, but it is ${phase} ${is.join()}`;
      this.#world.fail(new Error(`The events say ${what}`));
    }
  }

  #armTimer(): void {
    this.#timers += 1;
    const timer = this.#timers;
    const delayMs = this.#job.tickInMs;
    if (delayMs === undefined) return;
    this.process.after(delayMs, () => {
      if (timer === this.#timers) this.#job.tick();
    });
  }
}
