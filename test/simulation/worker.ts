import { MrError } from "../../src/mr/base/errors.ts";
import { type Assignment, RPC_ERRORS } from "../../src/mr/control/protocol/protocol.ts";
import { DamagedRunError } from "../../src/mr/data/shuffle/run-file.ts";
import { runMapTask } from "../../src/mr/data/task/map-task.ts";
import { runReduceTask } from "../../src/mr/data/task/reduce-task.ts";
import type { TaskContext, TaskOutput } from "../../src/mr/data/task/task-context.ts";
import { MIN_MEMORY_BYTES } from "../../src/mr/job/limits.ts";
import {
  attemptTag,
  mapOutputName,
  parseReduceOutputName,
  reduceOutputName,
} from "../../src/mr/job/names.ts";
import { RpcTaskSource } from "../../src/mr/worker/rpc-task-source.ts";
import { type JobFacts, runTasks, StaleAttemptError } from "../../src/mr/worker/run-tasks.ts";
import { summaryOf } from "./disk.ts";
import type { Network } from "./network.ts";
import { Process } from "./process.ts";
import { WORD_COUNT } from "./word-count.ts";
import type { World } from "./world.ts";

const IDENTITY = {
  app: "simulated.ts",
  digest: "0".repeat(64),
  splitting: "wholeFile",
  settings: {},
} as const;
const TIMEOUTS = { connectMs: 2000, reconnectMs: 600_000 };
const BEATS_PER_LEASE = 4;
/** Workers sleep longer than they ask for: otherwise most events would be those that look for a coordinator. */
const OVERSLEEP = 4;

/** What map task X has for reduce task Y. */
export function mapOutput(map: number, reduce: number): string {
  return `<what map task ${map} has for reduce task ${reduce}>`;
}

/** A worker process: the real protocol, with tasks that take time and, in some jobs, do the real work. */
export class SimulatedWorker {
  readonly process: Process;
  readonly #world: World;
  readonly connection: ReturnType<Network["connect"]>;
  readonly #slowness: number;
  #source: RpcTaskSource | undefined;
  /** Records of the attempt so far, for its lease. */
  #records = 0;
  /** The app computes for ever, and nothing else than the end of the process can stop it. */
  #isStuck = false;
  #attempts = 0;
  /** The term of the coordinator that it has registered with. */
  #term = 0;
  /** The attempt that the coordinator was last heard to refuse. */
  #givenUp = -1;

  constructor(world: World) {
    const { random, time } = world;
    this.#world = world;
    this.process = new Process(time, random.between(0.8, 1.25));
    this.connection = world.network.connect(this.process);
    // Slow, but every step of a task is shorter than a lease: the last worker must get on.
    this.#slowness = random.chance(0.2) ? random.between(2, 6) : 1;
  }

  /** Returns when the process has ended by itself, and never when it is killed. */
  async run(): Promise<void> {
    try {
      this.#source = await RpcTaskSource.connect({
        connection: this.connection,
        address: "a simulated network",
        identity: IDENTITY,
        ...TIMEOUTS,
        onJoined: ({ term }) => this.#follow(term),
        clock: {
          nowMs: () => this.process.nowMs(),
          sleep: (ms) => this.process.sleep(OVERSLEEP * ms),
        },
      });
      await runTasks(this.#source, (job, task) => this.#execute(job, task), {
        begin: (assignment) => this.#beginBeating(assignment),
        workDone: () => undefined,
        end: () => {
          this.#attempts += 1;
        },
        progress: { records: 0, bytes: 0, cpuMs: 0 },
      });
    } catch (error) {
      // There is no coordinator, or it has gone.
      if (!(error instanceof MrError)) throw error;
    }
  }

  #follow(term: number): void {
    if (term < this.#term) this.#world.fail(new Error("A worker follows a deposed coordinator"));
    this.#term = term;
  }

  async #execute(job: JobFacts, assignment: Assignment): Promise<TaskOutput> {
    const { random, faults, shape } = this.#world;
    const { reduces } = job;
    this.#records = 0;
    for (let step = random.whole(1, 6); step > 0; step--) {
      const stallMs = random.chance(this.#world.faults.stall) ? 2 * shape.leaseMs : 0;
      await this.process.sleep(random.between(1, 100) * this.#slowness + stallMs);
      this.#progress();
    }
    if (shape.taskTimeoutMs < Infinity && random.chance(faults.getStuck)) {
      this.#isStuck = true;
      await new Promise(() => undefined);
    }
    // People may ask at any time.
    if (random.chance(0.1)) this.connection.call("job.status", undefined).catch(() => undefined);
    if (random.chance(faults.appThrows)) throw new MrError("APP_THREW", "The app threw");
    const counters = { tasks: 1 };
    if (this.#world.words !== undefined) return await this.#runTask(job, assignment);
    const { task } = assignment;
    if (assignment.kind === "map") {
      const files = Array.from({ length: reduces }, (_, reduce) => {
        return { name: mapOutputName(task, reduce), contents: mapOutput(task, reduce) };
      });
      return { output: this.#output(assignment, this.#filesOf(files)), counters };
    }
    let contents = "";
    for (const source of assignment.sources) {
      if (random.chance(0.3)) await this.process.sleep(random.between(1, 50) * this.#slowness);
      const { disk } = this.#world;
      if (!disk.holds(source)) throw new DamagedRunError(`/job/${source.name}`, "it is damaged");
      contents += disk.read(source.name);
      this.#progress();
    }
    const files = [{ name: reduceOutputName(task), contents }];
    return { output: this.#output(assignment, this.#filesOf(files)), counters };
  }

  /** The real map or reduce task, on the storage in memory. */
  async #runTask(job: JobFacts, assignment: Assignment): Promise<TaskOutput> {
    const { time, disk } = this.#world;
    const context: TaskContext = {
      ...job,
      storage: disk.storage,
      storageFor: () => disk.storage,
      tag: attemptTag(job.job, assignment.attempt, this.#attempts),
      progress: {
        addRecords: () => this.#progress(),
        addBytes: () => undefined,
        alive: () => undefined,
        workDone: () => undefined,
      },
      memoryBytes: MIN_MEMORY_BYTES,
      fanIn: 2,
    };
    const running =
      assignment.kind === "map"
        ? runMapTask(assignment, WORD_COUNT, context)
        : runReduceTask(assignment, WORD_COUNT, context);
    const { output, counters, ...rest } = await time.hold(running);
    return {
      ...rest,
      output: this.#output(assignment, output),
      counters: { ...counters, tasks: 1 },
    };
  }

  #filesOf(files: readonly { readonly name: string; readonly contents: string }[]) {
    return {
      commit: () => {
        for (const { name, contents } of files) this.#world.disk.publish(name, contents);
        return files.map(({ name, contents }) => summaryOf(name, contents));
      },
      discard: () => undefined,
    };
  }

  /** The process may die or stop between any two files of a commit. */
  #output({ kind, task, attempt }: Assignment, files: TaskOutput["output"]) {
    const world = this.#world;
    const { random, disk } = world;
    const { job } = this.#source?.job ?? {};
    return {
      commit: () => {
        world.committed(`${job} ${kind} ${task} ${attempt}`);
        return disk.publishing(
          (publish, name) => {
            const { dieInCommit, pauseInCommit, loseRename } = world.faults;
            // Only the real tasks read their results once more.
            const isLost = world.words !== undefined && parseReduceOutputName(name) !== undefined;
            if (!isLost || !random.chance(loseRename)) this.process.act(publish);
            if (random.chance(dieInCommit)) world.killWorker(this);
            if (random.chance(pauseInCommit)) this.process.pause(random.between(100, 5000));
          },
          () => files.commit(),
        );
      },
      discard: () => files.discard(),
    };
  }

  #progress(): void {
    if (this.#givenUp === this.#attempts) throw new StaleAttemptError();
    this.#records += 1;
  }

  #beginBeating({ kind, task, attempt }: Assignment): void {
    if (this.#source === undefined) return;
    const { worker, job, term, leaseMs } = this.#source.job;
    const current = this.#attempts;
    const beat = () => {
      if (this.#attempts !== current) return;
      if (this.#isStuck) this.#records += 1;
      const progress = { records: this.#records, bytes: 0, cpuMs: 0 };
      const params = { worker, job, term, phase: kind, task, attempt, ...progress };
      this.connection.call("task.progress", params).then(
        ({ accepted }) => {
          if (!accepted) this.#giveUp(current, leaseMs);
        },
        (error: Error & { code?: unknown }) => {
          if (error.code === RPC_ERRORS.unknownWorker) this.#giveUp(current, leaseMs);
          // The coordinator has ended. Otherwise the attempt goes on, and is told when it wants to publish.
          else if (error.code === "ENOENT") this.#endIfStuck(current);
        },
      );
      this.process.after(leaseMs / BEATS_PER_LEASE, beat);
    };
    this.process.after(leaseMs / BEATS_PER_LEASE, beat);
  }

  /** An attempt that is refused ends at its next progress, or with its process. */
  #giveUp(attempt: number, graceMs: number): void {
    this.#givenUp = attempt;
    this.process.after(graceMs, () => this.#endIfStuck(attempt));
  }

  #endIfStuck(attempt: number): void {
    if (this.#isStuck && this.#attempts === attempt) this.#world.killWorker(this);
  }
}
