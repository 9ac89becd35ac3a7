import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../base/at-exit.ts";
import { MrError, UsageError } from "../../base/errors.ts";
import type { JobEvent } from "../../job/events.ts";
import { DEFAULT_MEMORY_BYTES } from "../../job/limits.ts";
import { HungWorkers } from "./hung-workers.ts";
import {
  endStandby,
  hasStandby,
  sendOptions,
  spawnWorker,
  takeStandby,
} from "./standby-workers.ts";
import {
  APP_NOT_LOADED,
  EXPLANATION,
  type Explanation,
  WORKER_FAILED,
  type WorkerProcessOptions,
} from "./worker-contract.ts";

/** A worker that dies is replaced, but not for ever: an app may kill every worker. */
const RESTARTS_PER_WORKER = 20;

/** An app that ends the process that loads it is likely to do so again. */
const MAX_EARLY_EXITS = 3;
const FILL_INTERVAL_MS = 100;
/** How long workers may take to end by themselves when the job is not complete. */
const DISMISSAL_MS = 200;
/** After this the job ends without an explanation why the app cannot be loaded. */
const EXPLAIN_TIMEOUT_MS = 30_000;
/** How long to wait for the last output of workers: a process that the app has started may keep a pipe open. */
const LAST_OUTPUT_MS = 500;
/** Then, in how many turns of the event loop what is in the pipe is read, if such a process goes on writing. */
const MAX_LAST_TURNS = 100;

/** The largest size of each of three semi-spaces for young objects: more makes nothing faster. */
const MAX_SEMI_SPACE_MB = 16;
/** Each gets this part of the limit, if that is less. */
const SEMI_SPACE_SHARE = 64;

/** The standard error of this process, by its number, so that results alone go to standard output. */
const STDERR = 2;

/**
 * Flags for Node where memory is limited. By default it lets new objects fill three semi-spaces before it
 * collects garbage: of 16 MB each in Node 20, of 64 in Node 24. That fits the default limit.
 */
function engineFlags({ memoryBytes }: WorkerProcessOptions): string[] {
  if (memoryBytes === DEFAULT_MEMORY_BYTES) return [];
  const megabytes = Math.floor(memoryBytes / SEMI_SPACE_SHARE / 2 ** 20);
  return [`--max-semi-space-size=${Math.min(MAX_SEMI_SPACE_MB, Math.max(1, megabytes))}`];
}

/**
 * Worker processes on this machine, replaced when they end before the job does. The pool begins with those
 * that stand by, or else with one; {@link fill} starts the others. No worker outlives this process: an exit
 * kills the workers, and if this process is killed, their heartbeats miss the coordinator.
 */
export class WorkerPool {
  readonly #options: WorkerProcessOptions;
  readonly #onOutput: ((text: string) => void) | undefined;
  readonly #running = new Set<ChildProcess>();
  /** Output of workers that may not have been read to its end yet, and when it is closed. */
  readonly #unread = new Map<Readable, Promise<void>>();
  /** Workers that the pool is to have, and has not started yet. */
  #missing: number;
  readonly #forgetExit = atExit(() => this.kill());
  #onGivenUp: (reason: string) => void = () => undefined;
  #whyGivenUp: string | undefined;
  /** Whether workers ended because they could not load the app, without a word: this process reports why. */
  cannotLoadApp = false;
  /** No more workers are needed. */
  #isOver = false;
  /** The processes whose workers have joined the job, and so have loaded the app. */
  readonly #joined = new Set<number>();
  readonly #hung = new HungWorkers((pid) => {
    for (const child of this.#running) if (child.pid === pid) child.kill("SIGKILL");
  });
  /** How many have ended by themselves before they had joined, since the last one joined. */
  #endedEarly = 0;
  #filling: NodeJS.Timeout | undefined;
  #restartsLeft: number;
  #onEmpty: () => void = () => undefined;

  /**
   * @param size number of workers, once it is full
   * @param onOutput receives what workers print; without it, it goes to the standard error of this process
   */
  constructor(
    size: number,
    options: WorkerProcessOptions,
    onOutput: ((text: string) => void) | undefined,
  ) {
    this.#options = options;
    this.#onOutput = onOutput;
    this.#restartsLeft = size * RESTARTS_PER_WORKER;
    this.#missing = size;
    do this.#start();
    while (--this.#missing > 0 && hasStandby());
    endStandby();
  }

  get pids(): number[] {
    return Array.from(this.#running, ({ pid }) => pid).filter((pid) => pid !== undefined);
  }

  /**
   * Starts the workers that are missing, unless the pool has given up or is being stopped: no more at a time
   * than there are processors for, since those that work already need them too.
   */
  fill(): void {
    if (this.#filling !== undefined || this.#whyGivenUp !== undefined) return;
    for (let started = 0; started < availableParallelism(); started++) {
      if (this.#missing === 0 || this.#isOver) return;
      this.#missing -= 1;
      this.#start();
    }
    this.#filling = setTimeout(() => {
      this.#filling = undefined;
      this.fill();
    }, FILL_INTERVAL_MS).unref();
  }

  /** Must be told of all that happens in the job. */
  onEvent(event: JobEvent): void {
    this.#hung.onEvent(event);
    if (event.type === "workerJoined") {
      this.#joined.add(event.pid);
      this.#endedEarly = 0;
    } else if (event.type === "jobEnded") {
      // From now on, workers are dismissed.
      this.#isOver = true;
      // The coordinator waits for busy workers, and these have nothing to finish.
      if (event.outcome.state !== "completed") {
        setTimeout(() => this.kill(), DISMISSAL_MS).unref();
      }
    }
  }

  /** Calls `listener` when the pool starts no more workers, because they die too often or at once, or has done so. */
  onGivenUp(listener: (reason: string) => void): void {
    this.#onGivenUp = listener;
    // Workers may fail before there is a listener.
    if (this.#whyGivenUp !== undefined) listener(this.#whyGivenUp);
  }

  /**
   * Waits until every worker has ended, and its output has been read. Workers that have not joined the job have no
   * work and are killed at once.
   *
   * @param graceMs how long the others may take before they are killed
   */
  async stop(graceMs: number): Promise<void> {
    this.#isOver = true;
    for (const child of this.#running) {
      if (child.pid === undefined || !this.#joined.has(child.pid)) child.kill("SIGKILL");
    }
    if (this.#running.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
      const timer = setTimeout(() => this.kill(), graceMs);
      await empty;
      clearTimeout(timer);
    }
    if (this.#unread.size > 0) {
      const enough = sleep(LAST_OUTPUT_MS, undefined, { ref: false });
      await Promise.race([Promise.all(this.#unread.values()), enough]);
      await Promise.all(Array.from(this.#unread.keys(), closeRead));
    }
    this.#forgetExit();
  }

  kill(): void {
    this.#isOver = true;
    for (const child of this.#running) child.kill("SIGKILL");
  }

  #start(): void {
    const output = this.#onOutput === undefined ? STDERR : "pipe";
    const flags = engineFlags(this.#options);
    // Workers that stand by were started without flags.
    const waiting = flags.length === 0 ? takeStandby() : undefined;
    const child = waiting ?? spawnWorker(flags, [output, output]);
    sendOptions(child, this.#options);
    const onOutput = this.#onOutput ?? ((text: string) => process.stderr.write(text));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      const end = new Promise<void>((resolve) => stream.once("close", resolve));
      this.#unread.set(stream, end);
      void end.then(() => this.#unread.delete(stream));
      stream.setEncoding("utf8").on("data", onOutput);
    }
    this.#running.add(child);
    child.once("exit", (code) => this.#ended(child, code));
    child.once("error", () => this.#ended(child, null));
  }

  #ended(child: ChildProcess, code: number | null): void {
    if (!this.#running.delete(child)) return;
    const hasJoined = child.pid !== undefined && this.#joined.delete(child.pid);
    // Whatever its exit code: while the job goes on, no worker is dismissed.
    if (!this.#isOver) this.#replace(code, hasJoined);
    if (this.#running.size === 0) this.#onEmpty();
  }

  #giveUp(why: string): void {
    this.#whyGivenUp ??= why;
    this.#onGivenUp(why);
  }

  #replace(code: number | null, hasJoined: boolean): void {
    this.#restartsLeft -= 1;
    // It was not killed and printed nothing, so the app has ended it.
    if (!hasJoined && code !== null && code !== WORKER_FAILED) this.#endedEarly += 1;
    if ((!hasJoined && code === APP_NOT_LOADED) || this.#endedEarly === MAX_EARLY_EXITS) {
      this.cannotLoadApp = true;
      this.#giveUp("a worker could not load the app");
    } else if (this.#restartsLeft < 0) {
      this.#giveUp("too many workers died");
    } else {
      this.#start();
    }
  }
}

/** Closes the output of a worker that has ended, after everything that it has written was read. */
async function closeRead(stream: Readable): Promise<void> {
  let hasRead = true;
  const note = () => {
    hasRead = true;
  };
  stream.on("data", note);
  for (let turns = 0; hasRead && turns < MAX_LAST_TURNS; turns++) {
    hasRead = false;
    // Each turn looks at the pipe again.
    await nextTurn();
    await nextTurn();
  }
  // Otherwise it keeps this process from ending.
  stream.destroy();
}

/**
 * Finds out why workers cannot load an app: in a process of its own, since an app may end the process that
 * loads it.
 *
 * @returns undefined when the app can be loaded after all, or loading takes very long
 */
export async function whyNotLoaded(
  options: Pick<WorkerProcessOptions, "app" | "compiled" | "reduces" | "environment">,
): Promise<MrError | undefined> {
  const child = spawnWorker([], ["ignore", "ignore", "pipe"]);
  sendOptions(child, { ...options, explains: true });
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", () => resolve(null));
  });
  const kill = () => child.kill("SIGKILL");
  const forgetExit = atExit(kill);
  try {
    const said = Promise.all([text(child.stdio[EXPLANATION] as Readable), ended]);
    // Only the process that is waited for keeps this one from ending.
    const timeout = sleep(EXPLAIN_TIMEOUT_MS, ["", null] as const, { ref: false });
    const [explanation, code] = await Promise.race([said, timeout]);
    if (explanation !== "") {
      const why: Explanation | null = JSON.parse(explanation);
      if (why === null) return undefined;
      return why.code === "USAGE"
        ? new UsageError(why.message)
        : new MrError(why.code, why.message);
    }
    if (code === null) return undefined;
    return new MrError(
      "APP_NOT_LOADED",
      `Cannot load app "${options.app}": it ends the process that loads it, with exit code ${code}`,
    );
  } finally {
    kill();
    forgetExit();
  }
}
