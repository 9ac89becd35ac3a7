import type { Phase, TaskCounts, TaskResult } from "../../job/task.ts";
import type { Lease } from "./lease-book.ts";
import type { TaskState } from "./types.ts";

export class Task {
  readonly phase: Phase;
  readonly index: number;
  state: TaskState = "idle";
  /** The live attempts, the oldest first; not empty exactly while the state is `inProgress`. */
  readonly leases: Lease[] = [];
  /** Attempts handed out so far, which is also the number of the latest one. */
  attempts = 0;
  /** Attempts handed out while another one was alive. */
  backups = 0;
  /** Attempts that reported a failure. */
  failures = 0;
  /** Attempts that were lost without a report, and outputs that were lost after it. */
  losses = 0;
  /** The live attempt that may publish its output, or 0. The right ends with the attempt. */
  granted = 0;
  /** The attempt that published its output, or 0. */
  winner = 0;
  /** Its place among all completions of its table, from 1; 0 unless completed. */
  completion = 0;
  result: TaskResult | undefined;

  constructor(phase: Phase, index: number) {
    this.phase = phase;
    this.index = index;
  }
}

/** The tasks of one phase, with a queue of the idle ones. All operations take constant time. */
export class TaskTable {
  readonly phase: Phase;
  readonly #tasks: Task[];
  /**
   * Idle tasks, the next one last. Tasks that became idle again are next, then the others by number. Restored tasks
   * remain in it and are skipped.
   */
  readonly #queue: number[] = [];
  /** Attempts that run alone and may get a backup, the oldest first. */
  readonly #alone = new Set<Lease>();
  #inProgress = 0;
  #completed = 0;
  /** How often a task has been completed. */
  completions = 0;

  constructor(phase: Phase, size: number) {
    this.phase = phase;
    this.#tasks = Array.from({ length: size }, (_, index) => new Task(phase, index));
    for (let index = size - 1; index >= 0; index--) this.#queue.push(index);
  }

  get allCompleted(): boolean {
    return this.#completed === this.#tasks.length;
  }

  get counts(): TaskCounts {
    const [inProgress, completed] = [this.#inProgress, this.#completed];
    return { idle: this.#tasks.length - inProgress - completed, inProgress, completed };
  }

  get(index: number): Task | undefined {
    return this.#tasks[index];
  }

  [Symbol.iterator](): IterableIterator<Task> {
    return this.#tasks.values();
  }

  /** Takes the next idle task out of the queue, to be started. */
  takeIdle(): Task | undefined {
    for (;;) {
      const index = this.#queue.pop();
      if (index === undefined) return undefined;
      const task = this.#tasks[index];
      if (task?.state === "idle") return task;
    }
  }

  /** The attempt that has run alone for the longest. */
  get oldestAlone(): Lease | undefined {
    for (const lease of this.#alone) return lease;
    return undefined;
  }

  /** Adds an attempt to a task that is idle or has one live attempt. */
  start(task: Task, lease: Lease, maxBackups: number): void {
    const [original] = task.leases;
    task.leases.push(lease);
    task.attempts = lease.attempt;
    if (original === undefined) {
      task.state = "inProgress";
      this.#inProgress += 1;
      if (task.backups < maxBackups) this.#alone.add(lease);
    } else {
      task.backups += 1;
      this.#alone.delete(original);
    }
  }

  /** Grants the commit to an attempt. From here on its task gets no backup. */
  grant(task: Task, lease: Lease): void {
    task.granted = lease.attempt;
    this.#alone.delete(lease);
  }

  /** Ends an attempt. A task that has no other is the next one handed out. */
  stop(task: Task, lease: Lease): void {
    this.#end(task, lease);
    if (task.leases.length > 0) return;
    task.state = "idle";
    this.#inProgress -= 1;
    this.#queue.push(task.index);
  }

  /** Completes a task by an attempt, which must be its only one. */
  complete(task: Task, lease: Lease, result: TaskResult): void {
    this.#end(task, lease);
    this.#inProgress -= 1;
    this.#close(task, lease.attempt, result);
  }

  /** Completes an idle task with the result of an attempt of an earlier coordinator. */
  restore(task: Task, attempt: number, result: TaskResult): void {
    task.attempts = attempt;
    this.#close(task, attempt, result);
  }

  /** The output of a completed task is lost: the task is the next one handed out. */
  reopen(task: Task): void {
    task.state = "idle";
    task.winner = 0;
    task.completion = 0;
    task.result = undefined;
    this.#completed -= 1;
    this.#queue.push(task.index);
  }

  #end(task: Task, lease: Lease): void {
    task.leases.splice(task.leases.indexOf(lease), 1);
    this.#alone.delete(lease);
    if (task.granted === lease.attempt) task.granted = 0;
  }

  #close(task: Task, attempt: number, result: TaskResult): void {
    task.state = "completed";
    task.winner = attempt;
    task.result = result;
    this.#completed += 1;
    this.completions += 1;
    task.completion = this.completions;
  }
}
