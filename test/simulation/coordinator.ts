import { MrError } from "../../src/mr/base/errors.ts";
import { JobControl } from "../../src/mr/control/coordinator/job-control.ts";
import type { JobLog, LogRecord, LogState } from "../../src/mr/control/log/job-log.ts";
import type { Method, Params, Results } from "../../src/mr/control/protocol/protocol.ts";
import type { Caller, Handlers } from "../../src/mr/control/protocol/transport.ts";
import { ResultCheck } from "../../src/mr/engines/local/result-check.ts";
import type { DecidedEvent } from "../../src/mr/job/events.ts";
import type { OutputFile } from "../../src/mr/job/task.ts";
import { withMessages } from "../../src/mr/watch/format/describe-failure.ts";
import { JobView } from "../../src/mr/watch/history/job-view.ts";
import type { Endpoint } from "./network.ts";
import { Persistence } from "./persistence.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

const STEPS_PER_COMPARISON = 7;
/** A coordinator that has nothing to write asks its log once a lease whether it leads. Some requests get lost. */
const MAX_LEASES_SUPERSEDED = 20;

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
  readonly #persistence: Persistence;
  /** How many appends are not safe yet. */
  #appending = 0;
  #isSuperseded = false;
  #isDeposed = false;
  /** Whether its log has refused a write, though no other coordinator leads. */
  hasLogFailed = false;

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
    const nowMs = () => this.process.nowMs();
    this.#persistence = new Persistence(resumed, nowMs, (error) => world.fail(error));
    const splits = Array.from({ length: shape.maps }, (_, map) => {
      return { file: `${map}.txt`, start: 0, end: 1 };
    });
    const options = {
      ...shape,
      plan: () => splits,
      checkResults: (results: readonly OutputFile[]) => this.#checkResults(results),
      directory: "/job",
      inputDirectory: "/job",
      skipBadRecords: false,
      log: {
        append: (records: readonly LogRecord[]) => this.#append(records),
        check: () => this.#watchLog(log.check()),
        close: () => undefined,
      },
      resumed,
      onEvent: (event: DecidedEvent) => {
        if (!this.process.isAlive) return;
        this.#persistence.tellEvent(event);
        this.#view.apply(withMessages(event));
      },
    };
    this.#job = new JobControl(options, {
      nowMs,
      onStep: () => {
        this.#armTimer();
        this.#compareView();
      },
      onEnd: (outcome) => {
        if (!this.process.isAlive) return;
        this.#persistence.tellEnd(outcome);
        this.#world.ended(outcome, this);
      },
      onDeposed: () => {
        this.#isDeposed = true;
        world.deposed(this);
      },
      createScheduler: (given) => this.#persistence.watch(world.createScheduler(given)),
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

  get isSuperseded(): boolean {
    return this.#isSuperseded;
  }

  /** Whether it has not found out yet that another coordinator leads. */
  get isOutdated(): boolean {
    return this.#isSuperseded && !this.#isDeposed;
  }

  /** These records of this coordinator have been written to the log. */
  kept(records: readonly LogRecord[]): void {
    this.#persistence.keep(records);
  }

  /** Another coordinator has written to the log. This one must find out, even if it has nothing to write. */
  superseded(): void {
    if (this.#isSuperseded) return;
    this.#isSuperseded = true;
    const wait = (leases: number) => {
      if (this.#isDeposed) return;
      if (leases === 0) this.#world.fail(new Error("A superseded coordinator does not find out"));
      else this.process.after(this.#world.shape.leaseMs, () => wait(leases - 1));
    };
    wait(MAX_LEASES_SUPERSEDED);
  }

  /** @param hasEnded whether it ends as it should, and closes its socket */
  end(hasEnded: boolean): void {
    this.process.kill();
    if (hasEnded) void this.#endpoint?.close();
    else this.#endpoint?.kill();
  }

  /** Every answer is checked before it leaves the process. */
  #checkedHandlers(): Handlers {
    const { handlers } = this.#job;
    const checked = <M extends Method>(method: M) => {
      return (params: Params<M>, caller: Caller) => {
        return this.#checkAnswer(method, params, handlers[method](params, caller));
      };
    };
    return {
      "worker.register": checked("worker.register"),
      "task.request": checked("task.request"),
      "task.progress": checked("task.progress"),
      "task.commit": checked("task.commit"),
      "task.complete": checked("task.complete"),
      "task.fail": checked("task.fail"),
      "job.status": checked("job.status"),
      "job.cancel": checked("job.cancel"),
    };
  }

  async #checkAnswer<M extends Method>(
    method: M,
    params: Params<M>,
    answering: Results[M] | Promise<Results[M]>,
  ): Promise<Results[M]> {
    const persistence = this.#persistence;
    const { position } = persistence;
    let answer: Results[M];
    try {
      answer = await answering;
    } catch (error) {
      if (this.process.isAlive) persistence.tellAnswer(method, position);
      throw error;
    }
    if (!this.process.isAlive) return answer;
    // A request may wait, so that its answer depends on later decisions.
    if ("kind" in answer) persistence.tellAssignment(answer);
    else persistence.tellAnswer(method, position);
    if (method === "task.commit" && "accepted" in answer && answer.accepted) {
      const { job, phase, task, attempt } = params as Params<"task.commit">;
      this.#world.granted(`${job} ${phase} ${task} ${attempt}`);
    }
    if (method === "task.complete" && "accepted" in answer && answer.accepted) {
      persistence.tellCompleted(params as Params<"task.complete">);
      if ("next" in answer && answer.next !== undefined) persistence.tellAssignment(answer.next);
    }
    return answer;
  }

  /** Reads the results at once, or after a while. */
  #checkResults(results: readonly OutputFile[]): number[] | Promise<number[]> {
    const { random, disk } = this.#world;
    const check = new ResultCheck(disk.storage, "/job");
    const read = () => {
      const isIntact = results.every((file) => disk.holds(file));
      if (isIntact && this.process.isAlive) this.#world.resultsSeen();
      return check.findLost(results);
    };
    return random.chance(0.5) ? read() : this.process.sleep(random.between(0, 3000)).then(read);
  }

  async #append(records: readonly LogRecord[]): Promise<void> {
    if (this.hasLogFailed) this.#world.fail(new Error("A coordinator writes to a log that failed"));
    this.#appending += 1;
    try {
      await this.#watchLog(this.#log.append(records));
    } finally {
      this.#appending -= 1;
    }
  }

  /** Once its log has said that another coordinator leads, it must be silent. */
  async #watchLog(asked: void | Promise<void>): Promise<void> {
    try {
      await asked;
    } catch (error) {
      if (error instanceof MrError && error.code === "LOG_TAKEN") this.#persistence.depose();
      if (error instanceof MrError && error.code === "LOG_UNWRITABLE") {
        this.hasLogFailed = true;
        this.#persistence.failLog();
      }
      throw error;
    }
  }

  /** Not after every step, since the status takes longer than a step, and not while events wait for the log. */
  #compareView(): void {
    this.#steps += 1;
    if (this.#steps % STEPS_PER_COMPARISON !== 0 || this.#appending > 0 || this.#isDeposed) return;
    // What it has decided since is told to nobody.
    if (this.hasLogFailed) return;
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
