import { EntryJobLog } from "../../src/mr/control/log/entry-job-log.ts";
import {
  LOG_VERSION,
  type LogRecord,
  type LogState,
  replay,
} from "../../src/mr/control/log/job-log.ts";
import { Scheduler } from "../../src/mr/control/scheduler/scheduler.ts";
import type { JobShape } from "../../src/mr/control/scheduler/types.ts";
import { hasItsOutputs } from "../../src/mr/engines/local/result-check.ts";
import {
  isJobOutput,
  isMapOutput,
  parseReduceOutputName,
  reduceOutputName,
} from "../../src/mr/job/names.ts";
import type { CompletedTask, JobEnd } from "../../src/mr/job/task.ts";
import { SimulatedCoordinator } from "./coordinator.ts";
import { Disk } from "./disk.ts";
import { drawFaults, type Faults, NO_FAULTS } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { Network } from "./network.ts";
import { KeptRecords } from "./persistence.ts";
import { Process } from "./process.ts";
import { Random } from "./random.ts";
import { SharedStore } from "./store.ts";
import { VirtualTime } from "./virtual-time.ts";
import { WordCountJob } from "./word-count.ts";
import { mapOutput, SimulatedWorker } from "./worker.ts";

/** Faults stop after this time, and from then on the job must end within that time. */
const FAULTS_MS = 40_000;
const RECOVERY_MS = 120_000;

/** For how long a deposed coordinator lives on at most, and must be silent. */
const LINGER_MS = 2000;

/** The share of the jobs that run the real map and reduce tasks. */
const REAL_JOBS = 0.25;

/** A run in which more happens is one in which something goes round in circles. */
const MAX_EVENTS = 100_000;

/** Everything there is in one run: processes, messages, files, and what goes wrong. */
export class World {
  readonly random: Random;
  readonly time = new VirtualTime();
  readonly disk = new Disk();
  readonly network: Network;
  readonly shape: JobShape;
  faults: Faults;
  /** The job of the real map and reduce tasks, if those run. */
  readonly words: WordCountJob | undefined;
  /** Attempts that were granted the commit, and those that have committed. */
  readonly #granted = new Set<string>();
  readonly #committed = new Set<string>();
  /** What each map output and result was when it was published first: another attempt makes the same. */
  readonly #publications = new Map<string, string>();
  readonly #store = new SharedStore(this);
  readonly #kept = new KeptRecords();
  /** The one that workers reach. */
  coordinator: SimulatedCoordinator | undefined;
  /** All that are alive: one that was replaced may not know it yet. */
  readonly #coordinators = new Set<SimulatedCoordinator>();
  /** Whether a coordinator has found all results as they were written. From here on they stay so. */
  #hasSeenResults = false;
  #isStarting = false;
  #starts = 0;
  outcome: JobEnd | undefined;
  /** Whether the coordinator has ended, as opposed to being dead. */
  isFinished = false;
  /** That of the coordinator which workers reach. */
  #ledger: Ledger;
  #leasesEnded = 0;
  readonly #workers = new Set<SimulatedWorker>();
  readonly #stopsMs: number;
  #events = 0;
  #error: Error | undefined;

  /** @param faults what goes wrong, if it is not to be drawn like everything else */
  constructor(seed: number, faults?: Faults) {
    this.random = new Random(seed);
    this.network = new Network(this);
    this.faults = faults ?? drawFaults(this.random);
    this.shape = {
      maps: this.random.whole(1, 6),
      reduces: this.random.whole(1, 4),
      leaseMs: 1000,
      // No limit may be reached: every job must complete.
      maxFailures: 1000,
      maxLosses: 1000,
      maxBackups: this.random.whole(0, 1),
      taskTimeoutMs: this.random.chance(0.4) ? this.random.between(2500, 8000) : Infinity,
    };
    this.words = this.random.chance(REAL_JOBS)
      ? new WordCountJob(this.disk, this.random, this.shape.maps)
      : undefined;
    this.disk.watch((name, contents) => this.#published(name, contents));
    this.#ledger = new Ledger(this.disk, this.shape, [], (error) => this.fail(error));
    this.#stopsMs = this.time.nowMs + FAULTS_MS;
  }

  /**
   * Runs the job to its end.
   *
   * @returns the number of things that happened
   * @throws Error saying which promise is broken
   */
  async run(): Promise<number> {
    this.#startCoordinator();
    for (let workers = this.random.whole(1, 4); workers > 0; workers--) this.#startWorker();
    this.time.after(FAULTS_MS, () => {
      this.faults = NO_FAULTS;
    });
    this.#nextFault();
    const isOver = () => this.isFinished && this.#workers.size === 0 && !this.#isAnyOutdated;
    const events = await this.time.run(isOver, () => this.#check());
    if (!isOver()) throw new Error("Nothing happens any more, and the job has not ended");
    this.#checkOutput();
    if (this.#error !== undefined) throw this.#error;
    return events;
  }

  /** Attempts that were given up because no sign of life came in time. */
  get leasesEnded(): number {
    return this.#leasesEnded + this.#ledger.leasesEnded;
  }

  createScheduler(shape: JobShape): Scheduler {
    return this.#ledger.watch(new Scheduler(shape));
  }

  /** A promise is broken, or something threw what it should not. */
  fail(error: unknown): void {
    this.#error ??= error instanceof Error ? error : new Error(String(error));
  }

  /** A coordinator says that an attempt may publish its output. */
  granted(attempt: string): void {
    this.#granted.add(attempt);
  }

  /** A coordinator has found all results as they were written. */
  resultsSeen(): void {
    this.#hasSeenResults = true;
  }

  /** An attempt publishes its output. */
  committed(attempt: string): void {
    if (!this.#granted.has(attempt)) this.fail(new Error(`${attempt} publishes without a grant`));
    if (this.#committed.has(attempt)) this.fail(new Error(`${attempt} publishes twice`));
    this.#committed.add(attempt);
  }

  /** The log holds these records of a coordinator, which leads from here on. */
  kept(records: readonly LogRecord[], leader: SimulatedCoordinator): void {
    leader.kept(records);
    this.#kept.add(records);
    for (const one of this.#coordinators) if (one !== leader) one.superseded();
  }

  ended(outcome: JobEnd, coordinator: SimulatedCoordinator): void {
    if (coordinator.hasLogFailed && outcome.state === "cancelled") {
      // Its process ends, and another one resumes the job.
      coordinator.process.after(200, () => {
        const isCurrent = this.coordinator === coordinator;
        this.#end(coordinator, true);
        if (isCurrent) this.#restartCoordinator();
      });
      return;
    }
    this.outcome = outcome;
    if (outcome.state !== "completed") this.fail(new Error(`It ended: ${JSON.stringify(outcome)}`));
    this.#checkOutput();
    const { tasks } = coordinator.counters;
    // Map tasks whose output nobody needs any more may be missing.
    const most = this.shape.maps + this.shape.reduces;
    if (tasks === undefined || tasks > most) this.fail(new Error(`${tasks} tasks were counted`));
    coordinator.process.after(200, () => {
      this.isFinished = true;
      // One that another has superseded asks its log about that before it answers, and then is silent.
      if (coordinator.hasWaiting && !coordinator.isSuperseded) {
        this.fail("A worker that waited was not told of the end");
      }
      for (const one of new Set([coordinator, this.coordinator])) {
        if (one !== undefined) this.#end(one, true);
      }
    });
  }

  /** Kills the coordinator that workers reach, and starts another one later. */
  killCoordinator(): void {
    const { coordinator } = this;
    if (coordinator === undefined || this.isFinished) return;
    this.#end(coordinator);
    this.#restartCoordinator();
  }

  #restartCoordinator(): void {
    this.time.after(this.random.between(1, 3000), () => this.#startCoordinator());
  }

  /** A coordinator has found out that another one leads the job. It lives on for a while. */
  deposed(coordinator: SimulatedCoordinator): void {
    if (this.#starts === 1) this.fail(new Error("The only coordinator there was was deposed"));
    const lingersMs = this.random.between(0, LINGER_MS);
    // Once the job has ended, no other coordinator will come, and workers must not wait for one.
    this.time.after(lingersMs, () => this.#end(coordinator, this.isFinished));
    if (coordinator !== this.coordinator || this.isFinished) return;
    this.coordinator = undefined;
    this.#restartCoordinator();
  }

  /** Whether a coordinator has yet to find out that another one leads. */
  get #isAnyOutdated(): boolean {
    return [...this.#coordinators].some(({ isOutdated }) => isOutdated);
  }

  /** Kills the coordinator that runs in a process. */
  kill(process: Process): void {
    if (this.coordinator?.process === process) this.killCoordinator();
    for (const coordinator of this.#coordinators) {
      if (coordinator.process === process && !this.isFinished) this.#end(coordinator);
    }
  }

  #end(coordinator: SimulatedCoordinator, hasEnded = false): void {
    coordinator.end(hasEnded);
    this.#coordinators.delete(coordinator);
    if (this.coordinator === coordinator) this.coordinator = undefined;
  }

  killWorker(worker: SimulatedWorker): void {
    if (!this.#workers.delete(worker)) return;
    const { process } = worker;
    process.kill();
    // Its connections may take their time to close, if its host has died with it.
    worker.connection.cut(this.random.chance(0.8));
    this.time.after(this.random.between(1, 2000), () => this.#startWorker());
  }

  #startCoordinator(): void {
    if (this.#isStarting || this.isFinished) return;
    this.#isStarting = true;
    this.#starts += 1;
    this.#openLog().then(
      (coordinator) => {
        this.#isStarting = false;
        if (this.isFinished) return;
        this.coordinator = coordinator;
        this.#coordinators.add(coordinator);
        coordinator.start();
      },
      (error) => this.fail(error),
    );
  }

  async #openLog(): Promise<SimulatedCoordinator> {
    const process = new Process(this.time, this.random.between(0.9, 1.1));
    const { entries } = this.#store;
    const { reduces } = this.shape;
    const terms = { skipBadRecords: false, maxBadRecords: 0, inputDirectory: "/job", inputs: [] };
    const job = { type: "job", version: LOG_VERSION, reduces, ...terms } as const;
    const isNew = entries.put(0, { writer: "the first", records: [job] });
    let coordinator: SimulatedCoordinator | undefined;
    const { log, records } = await EntryJobLog.open(this.#store.seenBy(process, () => coordinator));
    const state = replay(records);
    const wrong = this.#kept.check(state, records.length);
    if (wrong !== undefined) this.fail(new Error(wrong));
    const completed = await this.#stillCompleted(state);
    this.#leasesEnded += this.#ledger.leasesEnded;
    this.#ledger = new Ledger(this.disk, this.shape, completed, (error) => this.fail(error));
    const resumed = isNew ? undefined : { ...state, completed };
    coordinator = new SimulatedCoordinator(this, process, { log, resumed });
    return coordinator;
  }

  /** The tasks whose outputs a new coordinator finds. */
  async #stillCompleted({ completed }: LogState): Promise<CompletedTask[]> {
    const { storage } = this.disk;
    const sizeOf = (path: string) => storage.get(path)?.length;
    const found: CompletedTask[] = [];
    for (const task of completed) {
      const { phase, task: number, result } = task;
      const isThere = result.outputs.every((file) =>
        phase === "map" ? this.disk.read(file.name)?.length === file.bytes : this.disk.holds(file),
      );
      const isFound = await hasItsOutputs(task, { storage, directory: "/job", sizeOf });
      if (isFound) found.push(task);
      if (isFound === isThere) continue;
      const what = isThere
        ? "whose output is there for lost"
        : "whose output is lost for completed";
      this.fail(new Error(`A new coordinator takes ${phase} task ${number} ${what}`));
    }
    return found;
  }

  #startWorker(): void {
    if (this.isFinished) return;
    const worker = new SimulatedWorker(this);
    this.#workers.add(worker);
    worker.run().then(
      () => {
        this.#workers.delete(worker);
        worker.connection.close();
        if (this.outcome === undefined) this.time.after(500, () => this.#startWorker());
      },
      (error) => this.fail(error),
    );
  }

  #nextFault(): void {
    const { everyMs } = this.faults;
    if (everyMs === Infinity) return;
    this.time.after(this.random.between(0, 2 * everyMs), () => {
      this.#inject();
      this.#nextFault();
    });
  }

  #inject(): void {
    const { random } = this;
    const worker = random.pick([...this.#workers]);
    const pauseMs = random.between(100, 6000);
    switch (random.pick(this.faults.kinds)) {
      case "killWorker":
        if (worker !== undefined) this.killWorker(worker);
        break;
      case "pauseWorker":
        worker?.process.pause(pauseMs);
        break;
      case "killCoordinator":
        this.killCoordinator();
        break;
      case "pauseCoordinator":
        this.coordinator?.process.pause(pauseMs);
        break;
      case "deposeCoordinator":
        if (random.chance(0.7)) this.coordinator?.process.pause(pauseMs);
        this.#startCoordinator();
        break;
      case "spoilFile": {
        const isResult = (name: string) => !this.#hasSeenResults && isJobOutput(name);
        const name = random.pick(
          this.disk.names.filter((one) => isMapOutput(one) || isResult(one)),
        );
        const how = random.pick(["vanish", "tear", "corrupt"] as const);
        if (name !== undefined && how !== undefined) this.disk.spoil(name, how);
        break;
      }
    }
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error;
    this.#events += 1;
    if (this.#events > MAX_EVENTS) throw new Error("The job goes round in circles");
    if (this.time.nowMs > this.#stopsMs + RECOVERY_MS) {
      throw new Error("The job makes no progress although nothing goes wrong any more");
    }
  }

  #checkOutput(): void {
    for (let reduce = 0; reduce < this.shape.reduces; reduce++) {
      if (this.disk.read(reduceOutputName(reduce)) === this.#expected(reduce)) continue;
      this.fail(new Error(`The output of reduce task ${reduce} is wrong`));
    }
  }

  /** What a reduce task must write. */
  #expected(reduce: number): string {
    const { maps, reduces } = this.shape;
    if (this.words !== undefined) return this.words.output(reduce, reduces);
    return Array.from({ length: maps }, (_, map) => mapOutput(map, reduce)).join("");
  }

  /** A file has got its name. Under that, at any time, there is nothing but what a task must write. */
  #published(name: string, contents: string): void {
    const reduce = parseReduceOutputName(name);
    const first = this.#publications.get(name) ?? contents;
    this.#publications.set(name, first);
    const expected = reduce === undefined ? first : this.#expected(reduce);
    if (contents !== expected) this.fail(new Error(`${name} is published with wrong contents`));
  }
}
