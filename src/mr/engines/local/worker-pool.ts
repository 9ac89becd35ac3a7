import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import type { JobEvent } from "../../job/events.ts";
import { APP_NOT_LOADED, WORKER_FAILED } from "./exit-codes.ts";
import { Guardian } from "./guardian.ts";
import { endStandby, hasStandby, spawnWorker, takeStandby } from "./standby-workers.ts";
import type { WorkerProcessOptions } from "./worker-process.ts";

/** A worker that dies is replaced, but an app that takes every worker down must not do so for ever. */
const RESTARTS_PER_WORKER = 20;

/** An app that ends the process that loads it will do so the next time. */
const MOST_ENDED_EARLY = 3;
const FILL_INTERVAL_MS = 100;
/** How long the last of what workers have printed is waited for: what the app has started may keep a pipe open. */
const LAST_WORDS_MS = 500;

/** How large each of three spaces of young objects may become, at most: more makes nothing faster. */
const MOST_YOUNG_MB = 16;
/** Each gets this part of the limit, if that is less. */
const YOUNG_OBJECTS_SHARE = 64;

/** The standard error of this process, by its number, so that results alone go to standard output. */
const STDERR = 2;

/**
 * What the engine is to be told where memory is limited. Unless told, it lets objects that were just made
 * fill three spaces before it looks which of them are garbage: of 16 MB each in Node 20, of 64 in Node 24.
 */
function engineFlags(memoryBytes: number | undefined): string[] {
  if (memoryBytes === undefined) return [];
  const megabytes = Math.floor(memoryBytes / YOUNG_OBJECTS_SHARE / 2 ** 20);
  return [`--max-semi-space-size=${Math.min(MOST_YOUNG_MB, Math.max(1, megabytes))}`];
}

/**
 * Worker processes on this machine, replaced when they end before the job does. It begins with those
 * that stand by, or else with one, and has its size from {@link fill} on.
 */
export class WorkerPool {
  readonly #options: WorkerProcessOptions;
  readonly #onOutput: ((text: string) => void) | undefined;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #running = new Set<ChildProcess>();
  /** What workers print that may not have been read to its end yet. */
  readonly #unread = new Set<Promise<void>>();
  /** Workers that the pool is to have, and has not started yet. */
  #missing: number;
  #guardian: Guardian | undefined;
  #onGivenUp: (reason: string) => void = () => undefined;
  #whyGivenUp: string | undefined;
  #cannotLoadApp = false;
  /** No more workers are needed. */
  #isOver = false;
  /** The processes whose workers have joined the job, and so have loaded the app. */
  readonly #joined = new Set<number>();
  /** How many have ended by themselves before they had joined, since the last one joined. */
  #endedEarly = 0;
  #filling: NodeJS.Timeout | undefined;
  #restartsLeft: number;
  #onEmpty: () => void = () => undefined;

  /**
   * @param size number of workers, once it is full
   * @param onOutput receives what workers print; without it, it goes to the standard error of this process
   * @param environment variables that they get besides those of this process
   */
  constructor(
    size: number,
    options: WorkerProcessOptions,
    onOutput: ((text: string) => void) | undefined,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#options = options;
    this.#onOutput = onOutput;
    this.#environment = environment;
    this.#restartsLeft = size * RESTARTS_PER_WORKER;
    this.#missing = size;
    do this.#startNext();
    while (this.#missing > 0 && hasStandby());
    endStandby();
  }

  /** The processes that run. */
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
      this.#startNext();
    }
    this.#filling = setTimeout(() => {
      this.#filling = undefined;
      this.fill();
    }, FILL_INTERVAL_MS).unref();
  }

  /** Must be told of all that happens in the job. */
  onEvent(event: JobEvent): void {
    if (event.type === "workerJoined") {
      this.#joined.add(event.pid);
      this.#endedEarly = 0;
    } else if (event.type === "jobEnded") {
      // From now on, workers are dismissed.
      this.#isOver = true;
    }
  }

  /** Whether workers ended because they could not load the app. They leave saying why to their parent. */
  get cannotLoadApp(): boolean {
    return this.#cannotLoadApp;
  }

  /** From now on, no worker outlives this process, however that dies. */
  guard(): void {
    if (this.#isOver || this.#guardian !== undefined) return;
    this.#guardian = new Guardian();
    this.#tellGuardian();
  }

  /** Whether this is a worker of the pool. */
  has(pid: number): boolean {
    for (const child of this.#running) if (child.pid === pid) return true;
    return false;
  }

  /** Ends one worker at once; another takes its place. */
  killOne(pid: number): void {
    for (const child of this.#running) if (child.pid === pid) child.kill("SIGKILL");
  }

  /** Calls `listener` when the pool starts no more workers, because they die too often or at once, or has done so. */
  onGivenUp(listener: (reason: string) => void): void {
    this.#onGivenUp = listener;
    // Workers may be quicker than whoever wants to hear of them.
    if (this.#whyGivenUp !== undefined) listener(this.#whyGivenUp);
  }

  /**
   * Waits until every worker has ended, and what they have printed is there.
   *
   * @param graceMs how long they may take before they are killed
   */
  async stop(graceMs: number): Promise<void> {
    this.#isOver = true;
    if (this.#running.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
      const timer = setTimeout(() => this.kill(), graceMs);
      await empty;
      clearTimeout(timer);
    }
    this.#guardian?.end();
    if (this.#unread.size > 0) await this.#lastWords();
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#isOver = true;
    for (const child of this.#running) child.kill("SIGKILL");
  }

  async #lastWords(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS_MS);
    });
    await Promise.race([Promise.all(this.#unread), enough]);
    clearTimeout(timer);
  }

  #startNext(): void {
    this.#missing -= 1;
    this.#start();
  }

  #start(): void {
    const environment = this.#environment;
    const options = JSON.stringify({ ...this.#options, environment });
    const output = this.#onOutput === undefined ? STDERR : "pipe";
    const flags = engineFlags(this.#options.memoryBytes);
    // One that waits was started without flags.
    const waiting = flags.length === 0 ? takeStandby() : undefined;
    // One that has just ended is told in vain, and is replaced when its end is heard of.
    waiting?.stdin?.on("error", () => undefined).end(options);
    const child = waiting ?? spawnWorker(flags, options, ["ignore", output, output]);
    const onOutput = this.#onOutput ?? ((text: string) => process.stderr.write(text));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      const end = new Promise<void>((resolve) => stream.once("close", resolve));
      this.#unread.add(end);
      void end.then(() => this.#unread.delete(end));
      stream.setEncoding("utf8").on("data", onOutput);
    }
    this.#running.add(child);
    this.#tellGuardian();
    child.once("exit", (code) => this.#ended(child, code));
    child.once("error", () => this.#ended(child, null));
  }

  #ended(child: ChildProcess, code: number | null): void {
    if (!this.#running.delete(child)) return;
    const hasJoined = child.pid !== undefined && this.#joined.delete(child.pid);
    this.#tellGuardian();
    // Whatever it ended with: as long as the job goes on, no worker is dismissed.
    if (!this.#isOver) this.#replace(code, hasJoined);
    if (this.#running.size === 0) this.#onEmpty();
  }

  #giveUp(why: string): void {
    this.#whyGivenUp ??= why;
    this.#onGivenUp(why);
  }

  #tellGuardian(): void {
    this.#guardian?.watch(this.pids);
  }

  #replace(code: number | null, hasJoined: boolean): void {
    this.#restartsLeft -= 1;
    // Neither was it killed, nor had it anything to say: then it was the app that ended it.
    if (!hasJoined && code !== null && code !== WORKER_FAILED) this.#endedEarly += 1;
    if ((!hasJoined && code === APP_NOT_LOADED) || this.#endedEarly === MOST_ENDED_EARLY) {
      this.#cannotLoadApp = true;
      this.#giveUp("a worker could not load the app");
    } else if (this.#restartsLeft < 0) {
      this.#giveUp("too many workers died");
    } else {
      this.#start();
    }
  }
}
