import { Scheduler } from "../../../src/mr/control/scheduler/scheduler.ts";
import type { Effect, JobShape, SchedulerEvent } from "../../../src/mr/control/scheduler/types.ts";
import type {
  AttemptId,
  CompletedTask,
  Failure,
  JobEnd,
  JobFailure,
  Phase,
  TaskCounts,
  Timeout,
} from "../../../src/mr/job/task.ts";

/*
 * A transcript tells a story of the scheduler: what happened, and what it decided.
 *
 *     # A comment. The first one is the title of the story.
 *     job maps 2 reduces 1                          what differs from DEFAULTS, with the same names
 *
 *     0 request w1                                  seconds, and an event
 *         assign w1 map 0 attempt 1                 the effects, indented
 *     3.5 complete map 0 attempt 1 outputs mr-0-0
 *         accepted
 *         completed w1 map 0 attempt 1
 *     4 fail reduce 0 attempt 1 no mr-0-0           naming map outputs calls them damaged
 *     4 fail map 0 attempt 1 UsageError: no a       another attempt would be for nothing
 *     5 checked mr-out-1                            the results that are lost
 *         …
 *     3.5 state                                     shows what the scheduler knows
 *         …
 *
 * Running a story keeps its comments and events and writes the effects anew.
 */

const DEFAULTS = {
  maps: 1,
  reduces: 1,
  leaseMs: 10_000,
  maxFailures: 4,
  maxLosses: 20,
  maxBackups: 1,
  taskTimeoutMs: Infinity,
  /** Other than 0: the results are checked. */
  checksResults: 0,
};

/**
 * Runs the events of a transcript.
 *
 * @returns the transcript with the effects that they had
 * @throws Error naming a line that is not understood
 */
export function runTranscript(text: string): string {
  let scheduler = new Scheduler(parseShape([]));
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(" ")) continue;
    lines.push(line);
    const [first = "", second = "", ...rest] = line.split(" ");
    if (line === "" || first === "#") continue;
    if (first === "job") {
      scheduler = new Scheduler(parseShape([second, ...rest]));
      continue;
    }
    const answer =
      second === "state"
        ? describeState(scheduler)
        : scheduler.step(parseEvent(second, rest), parseSeconds(first)).map(describe);
    lines.push(...answer.map((effect) => `    ${effect}`));
  }
  return lines.join("\n");
}

/** The first comment. */
export function titleOf(text: string): string {
  return /^# (.+)/.exec(text)?.[1] ?? "has no title";
}

function parseShape(words: readonly string[]): JobShape {
  const shape: Record<string, number> & { checksResults: number } = { ...DEFAULTS };
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index] ?? "";
    if (!Object.hasOwn(DEFAULTS, name)) throw new Error(`A job has no "${name}"`);
    shape[name] = parseNumber(words[index + 1]);
  }
  return { ...(shape as unknown as JobShape), checksResults: shape.checksResults !== 0 };
}

function parseEvent(type: string, words: readonly string[]): SchedulerEvent {
  switch (type) {
    case "tick":
      return { type };
    case "plan":
      return { type, maps: parseNumber(words[0]) };
    case "resume":
      return { type, completed: parseCompleted(words) };
    case "checked":
      return { type, lost: words.filter((word) => word.startsWith("mr-out-")).map(numberOf) };
    case "cancel":
      return { type, reason: { type: "requested", message: words.join(" ") } };
    case "request":
    case "withdraw":
    case "leave":
      return { type, worker: parseNumber(words[0]?.replace("w", "")) };
    case "commit":
      return { type, ...parseAttempt(words) };
    case "complete": {
      const outputs = words.slice(5).map((name) => ({ name, bytes: 0, crc32: 0 }));
      return { type, ...parseAttempt(words), result: { outputs, counters: {} } };
    }
    case "fail": {
      const message = words.slice(4).join(" ");
      const isUsage = message.startsWith("UsageError:");
      const failure = { code: isUsage ? "USAGE" : "APP_THREW", message } as const;
      const damagedMaps = [...failure.message.matchAll(/mr-(\d+)-/g)].map(([, map]) => Number(map));
      return { type, ...parseAttempt(words), failure, damagedMaps };
    }
    case "progress": {
      const meter = { records: 0, bytes: 0, cpuMs: 0 };
      const [, , , , name, value] = words;
      return {
        type,
        ...parseAttempt(words),
        progress: { ...meter, [`${name}`]: parseNumber(value) },
      };
    }
    default:
      throw new Error(`There is no event "${type}"`);
  }
}

/** `map 0 attempt 1 map 1 attempt 3` */
function parseCompleted(words: readonly string[]): CompletedTask[] {
  const ids = Array.from({ length: words.length / 4 }, (_, index) => words.slice(4 * index));
  return ids.map((id) => ({ ...parseAttempt(id), result: { outputs: [], counters: {} } }));
}

/** `map 0 attempt 1` */
function parseAttempt([phase, task, , attempt]: readonly string[]): AttemptId {
  if (phase !== "map" && phase !== "reduce") throw new Error(`There is no phase "${phase}"`);
  return { phase, task: parseNumber(task), attempt: parseNumber(attempt) };
}

function numberOf(name: string): number {
  return parseNumber(name.replace("mr-out-", ""));
}

function parseNumber(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || Number.isNaN(value)) throw new Error(`"${text}" is not a number`);
  return value;
}

function parseSeconds(text: string): number {
  return Math.round(parseNumber(text) * 1000);
}

function describe(effect: Effect): string {
  switch (effect.type) {
    case "assign":
    case "completed":
    case "superseded":
      return `${effect.type} w${effect.worker} ${describeAttempt(effect)}`;
    case "lost":
      return `lost w${effect.worker} ${describeAttempt(effect)}: ${effect.reason}`;
    case "failed":
    case "blocked":
      return `${effect.type} w${effect.worker} ${describeAttempt(effect)}: ${describeFailure(effect.failure)}`;
    case "reopened":
      return `reopened ${describeAttempt(effect)}`;
    case "checkResults":
      return "check the results";
    case "dismiss":
      return `dismiss w${effect.worker}`;
    case "verdict":
      return effect.accepted ? "accepted" : "refused";
    case "phaseStarted":
      return `phase ${effect.phase} started`;
    case "ended":
      return `ended ${describeOutcome(effect.outcome)}`;
  }
}

function describeState(scheduler: Scheduler): string[] {
  const { counts, running, nextDeadlineMs, outcome } = scheduler;
  const state = outcome === undefined ? `${scheduler.phase} phase` : describeOutcome(outcome);
  const deadline =
    nextDeadlineMs === undefined ? "no deadline" : `deadline ${nextDeadlineMs / 1000}`;
  return [
    `${state}, ${deadline}`,
    describeCounts("map", counts.map),
    describeCounts("reduce", counts.reduce),
    ...running.map((lease) => `w${lease.worker} is on ${describeAttempt(lease)}`),
  ];
}

function describeCounts(phase: Phase, { idle, inProgress, completed }: TaskCounts): string {
  return `${phase}: ${idle} idle, ${inProgress} in progress, ${completed} completed`;
}

function describeAttempt({ phase, task, attempt }: AttemptId): string {
  return `${phase} ${task} attempt ${attempt}`;
}

function describeOutcome(outcome: JobEnd): string {
  switch (outcome.state) {
    case "completed":
      return "completed";
    case "failed":
      return `failed: ${describeReason(outcome.reason)}`;
    case "cancelled":
      return `cancelled: ${outcome.reason.message}`;
  }
}

function describeReason(reason: JobFailure): string {
  if (reason.type === "usage") return `usage: ${describeFailure(reason.failure)}`;
  if (reason.type === "badRecords") {
    const { records, keys } = reason;
    return `bad: ${records.bad} of ${records.read} records, ${keys.bad} of ${keys.read} keys`;
  }
  const { type, phase, task, count, last } = reason;
  const how = typeof last === "string" ? last : describeFailure(last);
  return `${phase} ${task} ${type} (${count}): ${how}`;
}

function describeFailure(failure: Failure | Timeout): string {
  return "timeoutMs" in failure ? `longer than ${failure.timeoutMs / 1000}` : failure.message;
}
