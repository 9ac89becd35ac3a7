import type { AttemptId, Phase, Progress, TaskCounts, TaskResult, TaskState } from "./types.ts";

/** The right of a worker to be the one that runs a task, for as long as it gets on with it. */
export interface Lease extends AttemptId {
  readonly worker: number;
  /** What the worker last said, when it was more than it had said before. */
  progress: Progress;
  /** When it said so. */
  renewedMs: number;
  endsMs: number;
}

/** What the scheduler remembers of one task. */
export interface Task {
  readonly phase: Phase;
  readonly index: number;
  state: TaskState;
  /** The live attempt: present exactly while the state is `inProgress`. */
  lease: Lease | undefined;
  /** Attempts handed out so far, which is also the number of the latest one. */
  attempts: number;
  /** Attempts that reported a failure. */
  failures: number;
  /** Attempts that were lost without a report. */
  losses: number;
  /** The attempt that may publish its output, or 0. It is given up together with the attempt. */
  granted: number;
  /** The attempt that published its output, or 0. */
  winner: number;
  /** What the winner left behind. */
  result: TaskResult | undefined;
}

/** The tasks of one phase, with a queue of the idle ones. All operations take constant time. */
export class TaskTable {
  readonly #tasks: Task[];
  /** Idle tasks, the next one last: in order of their numbers, and before them what came back. */
  readonly #queue: number[] = [];
  #inProgress = 0;
  #completed = 0;

  constructor(phase: Phase, size: number) {
    this.#tasks = Array.from({ length: size }, (_, index) => ({
      phase,
      index,
      state: "idle" as const,
      lease: undefined,
      attempts: 0,
      failures: 0,
      losses: 0,
      granted: 0,
      winner: 0,
      result: undefined,
    }));
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

  /** Takes the next idle task out of the queue and starts its next attempt. */
  start(): Task | undefined {
    const index = this.#queue.pop();
    const task = index === undefined ? undefined : this.#tasks[index];
    if (task === undefined) return undefined;
    task.state = "inProgress";
    task.attempts += 1;
    this.#inProgress += 1;
    return task;
  }

  /** Puts a task whose attempt came to nothing back, to be the next one handed out. */
  giveBack(task: Task): void {
    task.state = "idle";
    task.granted = 0;
    this.#inProgress -= 1;
    this.#queue.push(task.index);
  }

  complete(task: Task, attempt: number, result: TaskResult): void {
    task.state = "completed";
    task.winner = attempt;
    task.result = result;
    this.#inProgress -= 1;
    this.#completed += 1;
  }
}
