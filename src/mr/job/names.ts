import type { TaskId } from "./task.ts";

/**
 * The names of a job's files. All of them are built and recognised here and nowhere else; the
 * grammar is in docs/formats.md.
 *
 *     mr-X-Y           output of map task X for reduce task Y
 *     mr-out-Y         output of reduce task Y
 *     mr-out           the outputs of all reduce tasks, merged on request
 *     .NAME.TAG.tmp    NAME while an attempt is writing it
 *     .mr-journal      the job log: the decisions of the coordinator
 *     .mr-events       the event log
 *     .mr-lock-ID      a socket of the process that has locked the directory, or a key that tells its address
 *
 * Only results and map outputs have names without a leading dot, so the shell patterns `mr-*` and `mr-out*`
 * match no other file.
 */

const NUMBER = "(0|[1-9][0-9]*)";
const MAP_OUTPUT = new RegExp(`^mr-${NUMBER}-${NUMBER}$`);
const REDUCE_OUTPUT = new RegExp(`^mr-out-${NUMBER}$`);
const LOCK = /^\.mr-lock-[0-9a-f]+$/;
const TEMPORARY = /^\.mr-[0-9a-z-]+\.[0-9a-z-]+\.tmp$/;

export const JOB_LOG_NAME = ".mr-journal";

export const MERGED_OUTPUT_NAME = "mr-out";

export const EVENT_LOG_NAME = ".mr-events";

/** @param id random hex digits */
export function lockName(id: string): string {
  return `.mr-lock-${id}`;
}

/** Whether `name` is a socket or a key of a process that locks, wants to lock, or has locked the directory. */
export function isLock(name: string): boolean {
  return LOCK.test(name);
}

export function mapOutputName(map: number, reduce: number): string {
  return `mr-${map}-${reduce}`;
}

export function reduceOutputName(reduce: number): string {
  return `mr-out-${reduce}`;
}

/**
 * The name a file has until it is complete.
 *
 * @param name the final name, beside which the temporary file stands
 * @param tag identifies the attempt: lower-case letters, digits and dashes
 */
export function temporaryName(name: string, tag: string): string {
  return `.${name}.${tag}.tmp`;
}

/** The map and the reduce task of an `mr-X-Y`; undefined for any other name. */
export function parseMapOutputName(name: string): { map: number; reduce: number } | undefined {
  const [, map, reduce] = MAP_OUTPUT.exec(name) ?? [];
  return map === undefined ? undefined : { map: Number(map), reduce: Number(reduce) };
}

/** The reduce task of an `mr-out-Y`; undefined for any other name. */
export function parseReduceOutputName(name: string): number | undefined {
  const [, reduce] = REDUCE_OUTPUT.exec(name) ?? [];
  return reduce === undefined ? undefined : Number(reduce);
}

/** Whether `name` is an `mr-X-Y`. */
export function isMapOutput(name: string): boolean {
  return MAP_OUTPUT.test(name);
}

/** Whether `name` is a file that a job writes under its final name. */
export function isJobOutput(name: string): boolean {
  return MAP_OUTPUT.test(name) || REDUCE_OUTPUT.test(name);
}

/** Whether `name` is a file that only a job itself may write in its directory. */
export function isJobFile(name: string): boolean {
  return isJobOutput(name) || name === JOB_LOG_NAME || name === EVENT_LOG_NAME;
}

/**
 * Identifies an attempt in the names of its temporary files.
 *
 * @param job 8 lower-case hex digits
 * @param pid that of its worker
 */
export function attemptTag(job: string, attempt: number, pid: number): string {
  return `${job}-${attempt}-${pid}`;
}

/** Whether `name` is a temporary file of this attempt, whose tag is `tag`, at this task. */
export function isTemporaryOf(name: string, { phase, task }: TaskId, tag: string): boolean {
  const begin = phase === "map" ? `.mr-${task}-` : `.mr-out-${task}`;
  if (!name.startsWith(begin) || !name.endsWith(`.${tag}.tmp`)) return false;
  return phase === "map" || /^[.-]/.test(name.slice(begin.length));
}

/** Whether `name` is a file that an attempt was still writing. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Whether a file in a job directory has the name of a result: of a reduce task, or of all of them merged. */
export function isResultName(name: string): boolean {
  return parseReduceOutputName(name) !== undefined || name === MERGED_OUTPUT_NAME;
}
