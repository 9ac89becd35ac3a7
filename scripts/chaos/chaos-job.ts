import { setMaxListeners } from "node:events";
import { mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { socketPathOf } from "../../src/mr/base/socket-path.ts";
import type { Random } from "../../test/simulation/random.ts";
import { causeOf } from "./causes.ts";
import type { Fault, FaultKind } from "./faults.ts";
import { inject, pause, type Target } from "./inject.ts";
import { type Ended, type Started, send, start } from "./processes.ts";
import type { Program } from "./programs.ts";
import type { Shape } from "./shapes.ts";
import { SmallDisk } from "./small-disk.ts";

/** After the last fault a job must come to its end within this time. */
const HANG_MS = 120_000;
const INTRUDER_MS = 3000;
/** How a resumption is refused where there is no journal: with results of a complete job, and without. */
const NO_JOURNAL = /there is no job to go on with|it is complete already/;

/** What went wrong with a job that must not. */
export class ChaosError extends Error {
  override name = "ChaosError";
}

export interface ChaosJobOptions {
  /** Absolute path of a folder for all of this job, which does not exist. */
  readonly folder: string;
  readonly shape: Shape;
  readonly inputs: readonly string[];
  readonly faults: readonly Fault[];
  readonly leaseSeconds: number;
  readonly program: Program;
  /** For pauses. */
  readonly random: Random;
}

/** A real job, with everything that is done to it. */
export class ChaosJob {
  readonly directory: string;
  readonly socketPath: string;
  /** How often each fault has been done. */
  readonly done = new Map<FaultKind, number>();
  /** Why its coordinators ended before it was complete, all but those that were killed. */
  readonly causes: string[] = [];
  /** How often it was gone on with. */
  resumptions = 0;
  /** Why no disk could be filled, where one was wanted. */
  readonly diskRefusal: string | undefined;
  readonly #options: ChaosJobOptions;
  readonly #disk: SmallDisk | undefined;
  readonly #faultsOver = new AbortController();
  readonly #expected = new Set<number>();
  #coordinator: Started | undefined;
  #isOver = false;
  #logs = 0;

  constructor(options: ChaosJobOptions) {
    this.#options = options;
    mkdirSync(join(options.folder, "log"), { recursive: true });
    // One for every pause that the end of the faults cuts short.
    setMaxListeners(0, this.#faultsOver.signal);
    const disk = options.shape.hasOwnDisk
      ? SmallDisk.mount(join(options.folder, "disk"))
      : undefined;
    if (disk instanceof SmallDisk) this.#disk = disk;
    else this.diskRefusal = disk;
    this.directory = join(this.#disk?.folder ?? options.folder, "job");
    mkdirSync(this.directory);
    this.directory = realpathSync(this.directory);
    this.socketPath = socketPathOf(this.directory);
  }

  /**
   * Runs the job to its end.
   *
   * @throws ChaosError when it hangs, or fails for no reason that was given to it
   */
  async run(): Promise<void> {
    const workers = this.#options.shape.style === "lab" ? this.#options.shape.workers : 0;
    for (let worker = 0; worker < workers; worker++) this.#keepWorker();
    const faults = this.#doFaults();
    const hang = new AbortController();
    const hung = faults
      .then(() => sleep(HANG_MS, undefined, { signal: hang.signal }))
      .then(() => {
        throw new ChaosError(`it has hung for ${HANG_MS / 1000} s`);
      });
    try {
      await Promise.race([this.#coordinate(), hung]);
    } finally {
      this.#isOver = true;
      hang.abort();
      this.#faultsOver.abort();
      await faults;
      await hung.catch(() => undefined);
      this.#disk?.free();
    }
  }

  /** What processes have printed that no fault explains: where in the sources they failed. */
  findCrash(): string | undefined {
    const folder = join(this.#options.folder, "log");
    for (const name of readdirSync(folder).sort()) {
      const text = readFileSync(join(folder, name), "utf8");
      // A job that fails shows where its app threw; that is the coordinator's.
      const pattern = name.includes("worker") ? /^.*\n {4}at .*/m : /^worker \d+: .*\n {4}at .*/m;
      const [crash] = pattern.exec(text) ?? [];
      if (crash !== undefined) return `${name}: ${crash}`;
    }
    return undefined;
  }

  /** Gives back what the job has taken of the system. */
  close(): void {
    this.#isOver = true;
    this.#faultsOver.abort();
    this.#disk?.free();
    this.#disk?.unmount();
  }

  /** Starts coordinators until one completes the job. */
  async #coordinate(): Promise<void> {
    let resume = false;
    while (!this.#isOver) {
      const started = this.#start(...this.#coordinatorCommand(resume));
      this.#coordinator = started;
      const ended = await started.ended;
      this.#coordinator = undefined;
      if (ended.code === 0 || this.#isComplete(started)) return;
      resume = this.#explain(started, ended, resume);
      await pause(this.#options.random.whole(0, 600), this.#faultsOver.signal);
      if (resume) this.resumptions += 1;
    }
  }

  /** Whether the one before was killed when it had nothing more to do than to say so. */
  #isComplete({ log }: Started): boolean {
    if (!NO_JOURNAL.test(readFileSync(log, "utf8"))) return false;
    const results = readdirSync(this.directory).filter((name) => name.startsWith("mr-out-"));
    return results.length === this.#options.shape.reduces;
  }

  /** @returns whether there is a job to go on with */
  #explain(started: Started, { code, signal }: Ended, resumed: boolean): boolean {
    const text = readFileSync(started.log, "utf8");
    if (resumed && NO_JOURNAL.test(text)) return false;
    if (signal !== null && this.#expected.has(started.pid)) return true;
    const cause = causeOf(text, this.done);
    if (cause === undefined) {
      throw new ChaosError(`${started.log} ended with ${signal ?? code}:\n${text.slice(-2000)}`);
    }
    this.causes.push(cause);
    return true;
  }

  /** Lets a worker run, and another in its place when it has ended. */
  async #keepWorker(): Promise<void> {
    const { program, shape, random } = this.#options;
    const memory = shape.memory === undefined ? [] : ["--memory", shape.memory];
    while (!this.#isOver) {
      const command = [...program("mrworker"), shape.app, "--wait", "10", ...memory] as const;
      await this.#start("worker", command).ended;
      await pause(random.whole(0, 400), this.#faultsOver.signal);
    }
  }

  #coordinatorCommand(resume: boolean): [name: string, command: readonly [string, ...string[]]] {
    const { program, shape, leaseSeconds, inputs } = this.#options;
    const options = ["--lease", String(leaseSeconds), "--reduces", String(shape.reduces)];
    if (shape.split !== undefined) options.push("--split", shape.split);
    if (resume) options.push("--resume");
    if (shape.style === "lab") {
      return ["coordinator", [...program("mrcoordinator"), ...options, ...inputs]];
    }
    options.push("--workers", String(shape.workers), "--out", this.directory);
    if (shape.memory !== undefined) options.push("--memory", shape.memory);
    return ["tsmr", [...program("tsmr"), "run", ...options, shape.app, ...inputs]];
  }

  #start(name: string, command: readonly [string, ...string[]]): Started {
    const { folder } = this.#options;
    this.#logs += 1;
    const log = join(folder, "log", `${String(this.#logs).padStart(3, "0")}-${name}.txt`);
    return start(command, { cwd: this.directory, mark: folder, log });
  }

  async #doFaults(): Promise<void> {
    const { signal } = this.#faultsOver;
    for (const fault of this.#options.faults) {
      await pause(fault.afterMs, signal);
      if (signal.aborted) return;
      if (!(await inject(fault, this.#target, signal))) continue;
      this.done.set(fault.kind, (this.done.get(fault.kind) ?? 0) + 1);
    }
  }

  get #target(): Target {
    return {
      directory: this.directory,
      mark: this.#options.folder,
      disk: this.#disk,
      coordinator: () => this.#coordinator?.pid,
      expectEnd: (pid) => this.#expected.add(pid),
      intrude: () => this.#intrude(),
    };
  }

  /** Should it find the directory free, because the one there was has just died, its time is short. */
  #intrude(): void {
    const [, command] = this.#coordinatorCommand(true);
    const { ended, pid } = this.#start("intruder", command);
    const timer = setTimeout(() => send(pid, "SIGKILL"), INTRUDER_MS);
    ended.finally(() => clearTimeout(timer));
  }
}
