import type { LogRecord, LogState } from "../../src/mr/control/log/job-log.ts";
import type { Assignment, Dismissal } from "../../src/mr/control/protocol/protocol.ts";
import type { Scheduler } from "../../src/mr/control/scheduler/scheduler.ts";
import type { Effect } from "../../src/mr/control/scheduler/types.ts";
import type { DecidedEvent } from "../../src/mr/job/events.ts";
import type { AttemptId, JobEnd } from "../../src/mr/job/task.ts";

/** The end of a job whose log has failed is not in the log. */
const CANCELLED = "ended cancelled";

/** A decision that must be in the log. */
interface Decided {
  readonly record: string;
  /** Milliseconds since the coordinator started. */
  readonly atMs: number;
}

/**
 * Checks that one coordinator decides, persists and tells in this order. It must tell nothing that depends on a
 * decision that is not in the log yet, write to the log exactly what its scheduler has decided, and tell nothing
 * after its log has said that another coordinator leads.
 */
export class Persistence {
  readonly #fail: (error: Error) => void;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #isPlanned: boolean;
  /** The oldest first. Their records must be in this order too. */
  readonly #decided: Decided[] = [];
  /** How many of them are in the log. */
  #kept = 0;
  /** How often each record is in the log, and how often its event was told. */
  readonly #keptTimes = new Map<string, number>();
  readonly #toldTimes = new Map<string, number>();
  /** How many decisions each assignment depends on, by attempt. */
  readonly #assigned = new Map<string, number>();
  #isDeposed = false;
  /** The log can't be written, and the job ends. Only what depends on no record may be told. */
  #hasLogFailed = false;
  #hasToldEnd = false;

  /**
   * @param resumed the state of the log, unless this is the first coordinator of the job
   * @param nowMs the clock of the coordinator
   * @param fail receives what is wrong
   */
  constructor(resumed: LogState | undefined, nowMs: () => number, fail: (error: Error) => void) {
    this.#fail = fail;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    this.#isPlanned = resumed?.plan !== undefined;
    // Everything that it tells depends on this record.
    if (resumed !== undefined) {
      this.#decided.push({ record: `resumed ${resumed.term + 1}`, atMs: -Infinity });
    }
  }

  watch(scheduler: Scheduler): Scheduler {
    const step = scheduler.step.bind(scheduler);
    scheduler.step = (event, leaseClockMs) => {
      const effects = step(event, leaseClockMs);
      this.#decide(effects, this.#nowMs() - this.#startedMs);
      return effects;
    };
    return scheduler;
  }

  #decide(effects: readonly Effect[], atMs: number): void {
    if (!this.#isPlanned && effects.some(({ type }) => type === "assign")) {
      this.#isPlanned = true;
      this.#decided.push({ record: "plan", atMs });
    }
    for (const effect of effects) {
      const record = decisionName(effect);
      if (record !== undefined) this.#decided.push({ record, atMs });
    }
    for (const effect of effects) {
      if (effect.type !== "assign") continue;
      const attempt = attemptName(effect);
      if (!this.#assigned.has(attempt)) this.#assigned.set(attempt, this.#decided.length);
    }
  }

  /** These records have been written to the log. */
  keep(records: readonly LogRecord[]): void {
    for (const record of records) {
      const name = recordName(record);
      const decided = this.#decided[this.#kept]?.record ?? "nothing";
      if (name !== decided) {
        this.#fail(new Error(`The log gets "${name}", but "${decided}" was decided`));
      }
      this.#kept += 1;
      this.#keptTimes.set(name, (this.#keptTimes.get(name) ?? 0) + 1);
    }
  }

  /** The log has said that another coordinator leads. */
  depose(): void {
    this.#isDeposed = true;
  }

  /** The log has refused a write, though no other coordinator leads. */
  failLog(): void {
    this.#hasLogFailed = true;
  }

  /** An observer is told of an event. */
  tellEvent(event: DecidedEvent): void {
    const what = `the event ${event.type}`;
    this.#expectLeading(what);
    if (this.#hasToldEnd) this.#fail(new Error(`A coordinator tells ${what} after the end`));
    this.#hasToldEnd = event.type === "jobEnded";
    const first = this.#decided[this.#kept];
    const isEarly = first !== undefined && first.atMs < event.atMs && !this.#hasLogFailed;
    if (isEarly) this.#tooEarly(what, first.record);
    const record = eventRecord(event);
    if (record === undefined || (this.#hasLogFailed && record === CANCELLED)) return;
    const times = (this.#toldTimes.get(record) ?? 0) + 1;
    this.#toldTimes.set(record, times);
    if (times > (this.#keptTimes.get(record) ?? 0)) this.#tooEarly(what, record);
  }

  /** The owner of the job is told of its end. */
  tellEnd({ state }: JobEnd): void {
    const record = `ended ${state}`;
    if (this.#hasLogFailed && record === CANCELLED) return;
    this.#tell("the end", this.#decided.length);
    if (!this.#keptTimes.has(record)) this.#tooEarly("the end", record);
  }

  /** How many decisions have been made that must be in the log. An answer given now depends on all of them. */
  get position(): number {
    return this.#decided.length;
  }

  /** @param position how many decisions the answer depends on */
  tellAnswer(method: string, position: number): void {
    // A refusal, or a fact that does not count any more. What was completed is checked apart.
    if (this.#hasLogFailed) return;
    this.#tell(`the answer to ${method}`, position);
  }

  tellAssignment(answer: Assignment | Dismissal): void {
    if (answer.kind === "exit") {
      const record = `ended ${answer.outcome}`;
      this.#expectLeading("the end");
      if (this.#hasLogFailed && record === CANCELLED) return;
      if (!this.#keptTimes.has(record)) this.#tooEarly("the end", record);
      return;
    }
    const attempt = attemptName({ ...answer, phase: answer.kind });
    this.#tell(`the assignment of ${attempt}`, this.#assigned.get(attempt) ?? Infinity);
  }

  tellCompleted(id: AttemptId): void {
    const record = `completed ${attemptName(id)}`;
    if (!this.#keptTimes.has(record)) this.#tooEarly("the verdict", record);
  }

  #tell(what: string, position: number): void {
    this.#expectLeading(what);
    const missing = this.#decided[this.#kept];
    if (position > this.#kept) this.#tooEarly(what, missing?.record ?? "its decision");
  }

  #expectLeading(what: string): void {
    if (this.#isDeposed) this.#fail(new Error(`A deposed coordinator tells ${what}`));
  }

  #tooEarly(what: string, record: string): void {
    this.#fail(new Error(`A coordinator tells ${what} before the log holds "${record}"`));
  }
}

/** The records in the log, for a second opinion on what they say. */
export class KeptRecords {
  readonly #names = ["job"];

  add(records: readonly LogRecord[]): void {
    this.#names.push(...records.map(recordName));
  }

  /**
   * Checks the state that a new coordinator has derived from the first records of the log.
   *
   * @param count how many records it has read
   * @returns what is wrong; undefined if nothing is
   */
  check({ term, completed, outcome }: LogState, count: number): string | undefined {
    const tasks = new Set<string>();
    let [lastTerm, end] = ["1", ""];
    for (const name of this.#names.slice(0, count)) {
      const [type, word = "", task] = name.split(" ");
      if (type === "resumed") [lastTerm, end] = [word, ""];
      else if (type === "ended") end = word;
      else if (type === "completed") tasks.add(`${word} ${task}`);
      else if (type === "reopened") tasks.delete(`${word} ${task}`);
    }
    const believed = completed.map(({ phase, task }) => `${phase} ${task}`);
    const expected = [lastTerm, end, ...tasks].join();
    const found = [term, outcome?.state ?? "", ...believed].join();
    return found === expected ? undefined : `A new coordinator believes ${found}, not ${expected}`;
  }
}

/** The name of a record: the same for all that say the same. */
function recordName(record: LogRecord): string {
  switch (record.type) {
    case "resumed":
      return `resumed ${record.term}`;
    case "completed":
      return `completed ${attemptName(record)}`;
    case "reopened":
      return `reopened ${record.phase} ${record.task}`;
    case "ended":
      return `ended ${record.outcome.state}`;
    default:
      return record.type;
  }
}

/** The name of the record that an effect needs, if it needs one. */
function decisionName(effect: Effect): string | undefined {
  switch (effect.type) {
    case "completed":
      return `completed ${attemptName(effect)}`;
    case "reopened":
      return `reopened ${effect.phase} ${effect.task}`;
    case "ended":
      return `ended ${effect.outcome.state}`;
    default:
      return undefined;
  }
}

/** The name of the record that an event tells of, if there is one. */
function eventRecord(event: DecidedEvent): string | undefined {
  switch (event.type) {
    case "attemptCompleted":
      return `completed ${attemptName(event)}`;
    case "taskReopened":
      return `reopened ${event.phase} ${event.task}`;
    case "jobEnded":
      return `ended ${event.outcome.state}`;
    default:
      return undefined;
  }
}

function attemptName({ phase, task, attempt }: AttemptId): string {
  return `${phase} ${task} ${attempt}`;
}
