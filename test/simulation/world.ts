import { JOURNAL_VERSION } from "../../src/mr/control/log/journal.ts";
import { decodeJournal, encodeRecord } from "../../src/mr/control/log/record.ts";
import { replay } from "../../src/mr/control/log/replay.ts";
import type { Method } from "../../src/mr/control/protocol/protocol.ts";
import { Scheduler } from "../../src/mr/control/scheduler/scheduler.ts";
import type { JobShape } from "../../src/mr/control/scheduler/types.ts";
import { isMapOutput, reduceOutputName } from "../../src/mr/job/names.ts";
import type { AttemptId, JobEnd } from "../../src/mr/job/task.ts";
import { SimulatedCoordinator } from "./coordinator.ts";
import { Disk } from "./disk.ts";
import { drawFaults, type Faults, NO_FAULTS } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { Network } from "./network.ts";
import type { Process } from "./process.ts";
import { Random } from "./random.ts";
import { VirtualTime } from "./virtual-time.ts";
import { mapOutput, SimulatedWorker } from "./worker.ts";

/** Faults stop after this time, and from then on the job must end within that time. */
const FAULTS_MS = 40_000;
const RECOVERY_MS = 120_000;

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
  coordinator: SimulatedCoordinator | undefined;
  outcome: JobEnd | undefined;
  /** Whether the coordinator has ended, as opposed to being dead. */
  isFinished = false;
  readonly #ledger: Ledger;
  readonly #workers = new Set<SimulatedWorker>();
  readonly #onDeath = new Map<Process, Array<() => void>>();
  readonly #stopsMs: number;
  #journal = Buffer.alloc(0);
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
    this.#ledger = new Ledger(this.disk, this.shape);
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
    const isOver = () => this.isFinished && this.#workers.size === 0;
    const events = await this.time.run(isOver, () => this.#check());
    if (!isOver()) throw new Error("Nothing happens any more, and the job has not ended");
    this.#checkOutput();
    return events;
  }

  /** Attempts that were given up because no sign of life came in time. */
  get leasesEnded(): number {
    return this.#ledger.leasesEnded;
  }

  createScheduler(shape: JobShape): Scheduler {
    return this.#ledger.watch(new Scheduler(shape));
  }

  /** A promise is broken, or something threw what it should not. */
  fail(error: unknown): void {
    this.#error ??= error instanceof Error ? error : new Error(String(error));
  }

  /** What the coordinator has answered must be in its journal before. */
  answered(method: Method, message: unknown, result: unknown): void {
    if (method !== "task.complete") return;
    if ((result as { accepted?: boolean }).accepted !== true) return;
    const { phase, task, attempt } = message as AttemptId;
    const { completed } = replay(decodeJournal(this.#journal).records);
    const kept = completed.find((one) => one.phase === phase && one.task === task);
    if (kept?.attempt !== attempt) {
      this.fail(new Error(`${phase} task ${task} was called completed before that was kept`));
    }
  }

  ended(outcome: JobEnd): void {
    this.outcome = outcome;
    if (outcome.state !== "completed") this.fail(new Error(`It ended: ${JSON.stringify(outcome)}`));
    this.#checkOutput();
    const coordinator = this.coordinator;
    const { tasks } = coordinator?.counters ?? {};
    // Map tasks whose output nobody needs any more may be missing.
    const most = this.shape.maps + this.shape.reduces;
    if (tasks === undefined || tasks > most) this.fail(new Error(`${tasks} tasks were counted`));
    coordinator?.process.after(200, () => {
      this.isFinished = true;
      if (coordinator.hasWaiting) this.fail("A worker that waited was not told of the end");
      this.coordinator?.kill();
      this.coordinator = undefined;
    });
  }

  writeJournal(bytes: Buffer): void {
    this.#journal = Buffer.concat([this.#journal, bytes]);
  }

  killCoordinator(): void {
    if (this.coordinator === undefined || this.isFinished) return;
    this.coordinator.kill();
    this.coordinator = undefined;
    this.time.after(this.random.between(1, 3000), () => this.#startCoordinator());
  }

  killWorker(worker: SimulatedWorker): void {
    if (!this.#workers.delete(worker)) return;
    const { process } = worker;
    process.kill();
    for (const listener of this.#onDeath.get(process) ?? []) listener();
    // Its connections may take their time to close, if its host has died with it.
    const isNoticed = this.random.chance(0.8);
    if (isNoticed) this.time.after(1, () => this.coordinator?.notice(process));
    this.time.after(this.random.between(1, 2000), () => this.#startWorker());
  }

  onDeath(process: Process, listener: () => void): void {
    const listeners = this.#onDeath.get(process) ?? [];
    listeners.push(listener);
    this.#onDeath.set(process, listeners);
  }

  #startCoordinator(): void {
    const { records, bytes } = decodeJournal(this.#journal);
    this.#journal = this.#journal.subarray(0, bytes);
    if (records.length === 0) {
      this.coordinator = new SimulatedCoordinator(this, undefined);
      const { reduces } = this.shape;
      const terms = { skipBadRecords: false, inputDirectory: "/job", inputs: [] };
      this.writeJournal(encodeRecord({ type: "job", version: JOURNAL_VERSION, reduces, ...terms }));
    } else {
      const state = replay(records);
      const completed = state.completed.filter(({ result }) => {
        return result.outputs.every(({ name, bytes }) => this.disk.read(name)?.length === bytes);
      });
      this.#ledger.resume(completed);
      this.coordinator = new SimulatedCoordinator(this, { ...state, completed });
    }
    this.coordinator.start();
  }

  #startWorker(): void {
    if (this.isFinished) return;
    const worker = new SimulatedWorker(this);
    this.#workers.add(worker);
    worker.run().then(
      () => {
        this.#workers.delete(worker);
        this.coordinator?.notice(worker.process);
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
      case "spoilFile": {
        const name = random.pick(this.disk.names.filter(isMapOutput));
        const how = random.pick(["vanish", "tear", "corrupt"] as const);
        if (name !== undefined && how !== undefined) this.disk.spoil(name, how);
        break;
      }
    }
  }

  #check(): void {
    this.#error ??= this.#ledger.error;
    if (this.#error !== undefined) throw this.#error;
    this.#events += 1;
    if (this.#events > MAX_EVENTS) throw new Error("The job goes round in circles");
    if (this.time.nowMs > this.#stopsMs + RECOVERY_MS) {
      throw new Error("The job makes no progress although nothing goes wrong any more");
    }
  }

  #checkOutput(): void {
    for (let reduce = 0; reduce < this.shape.reduces; reduce++) {
      const expected = Array.from({ length: this.shape.maps }, (_, map) => mapOutput(map, reduce));
      if (this.disk.read(reduceOutputName(reduce)) === expected.join("")) continue;
      this.fail(new Error(`The output of reduce task ${reduce} is wrong`));
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
