import { type ChildProcess, spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { WorkerOptions } from "../worker/start-worker.ts";

const PROGRAM = fileURLToPath(
  new URL(`../worker/worker-process${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);
/** A worker that dies is replaced, but an app that takes every worker down must not do so for ever. */
const RESTARTS_PER_WORKER = 20;

/** The standard error of this process, by its number, so that results alone go to standard output. */
const STDERR = 2;

/** Worker processes on this machine, replaced when they die until the pool is stopped. */
export class WorkerPool {
  readonly #options: WorkerOptions;
  readonly #running = new Set<ChildProcess>();
  #onExhausted: () => void = () => undefined;
  #restartsLeft: number;
  #stopping = false;
  #onEmpty: () => void = () => undefined;

  /** @param size number of workers */
  constructor(size: number, options: WorkerOptions) {
    this.#options = options;
    this.#restartsLeft = size * RESTARTS_PER_WORKER;
    for (let started = 0; started < size; started++) this.#start();
  }

  /** Calls `listener` when so many workers have died that the pool gives up. */
  onExhausted(listener: () => void): void {
    this.#onExhausted = listener;
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
    if (!this.#stopping && code !== 0) {
      this.#restartsLeft -= 1;
      if (this.#restartsLeft >= 0) this.#start();
      else this.#onExhausted();
    }
    if (this.#running.size === 0) this.#onEmpty();
  }
}
