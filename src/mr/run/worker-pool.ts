import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { APP_NOT_LOADED } from "../worker/exit-codes.ts";
import type { WorkerProcessOptions } from "../worker/worker-process.ts";

const PROGRAM = fileURLToPath(
  new URL(`../worker/worker-process${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);
/** A worker that dies is replaced, but an app that takes every worker down must not do so for ever. */
const RESTARTS_PER_WORKER = 20;

/** The standard error of this process, by its number, so that results alone go to standard output. */
const STDERR = 2;

/** Worker processes on this machine, replaced when they die until the pool is stopped. */
export class WorkerPool {
  readonly #options: WorkerProcessOptions;
  readonly #running = new Set<ChildProcess>();
  #onGivenUp: (reason: string) => void = () => undefined;
  #cannotLoadApp = false;
  #restartsLeft: number;
  #stopping = false;
  #onEmpty: () => void = () => undefined;

  /** @param size number of workers */
  constructor(size: number, options: WorkerProcessOptions) {
    this.#options = options;
    this.#restartsLeft = size * RESTARTS_PER_WORKER;
    for (let started = 0; started < size; started++) this.#start();
  }

  /** Whether a worker ended because it could not load the app. It leaves saying why to its parent. */
  get cannotLoadApp(): boolean {
    return this.#cannotLoadApp;
  }

  /** Calls `listener` when the pool starts no more workers, because they die too often or at once. */
  onGivenUp(listener: (reason: string) => void): void {
    this.#onGivenUp = listener;
  }

  /**
   * Waits until every worker has ended.
   *
   * @param graceMs how long they may take before they are killed
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#running.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const timer = setTimeout(() => {
      for (const child of this.#running) child.kill("SIGKILL");
    }, graceMs);
    await empty;
    clearTimeout(timer);
  }

  #start(): void {
    // The sources run under tsx; the built package is plain JavaScript.
    const loader = extname(PROGRAM) === ".ts" ? ["--import", import.meta.resolve("tsx")] : [];
    const child = spawn(process.execPath, [...loader, PROGRAM, JSON.stringify(this.#options)], {
      stdio: ["ignore", STDERR, STDERR],
    });
    this.#running.add(child);
    child.once("exit", (code) => this.#ended(child, code));
    child.once("error", () => this.#ended(child, null));
  }

  #ended(child: ChildProcess, code: number | null): void {
    if (!this.#running.delete(child)) return;
    if (!this.#stopping && code !== 0) this.#replace(code);
    if (this.#running.size === 0) this.#onEmpty();
  }

  #replace(code: number | null): void {
    this.#restartsLeft -= 1;
    if (code === APP_NOT_LOADED) {
      this.#cannotLoadApp = true;
      this.#onGivenUp("a worker could not load the app");
    } else if (this.#restartsLeft < 0) {
      this.#onGivenUp("too many workers died");
    } else {
      this.#start();
    }
  }
}
