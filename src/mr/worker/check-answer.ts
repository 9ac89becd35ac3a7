import { isAbsolute } from "node:path";
import { MrError } from "../base/errors.ts";
import type { Assignment, Dismissal, Registration } from "../control/protocol/protocol.ts";
import { mapOutputName } from "../job/names.ts";
import { partsOf } from "../job/split.ts";
import type { Refusal } from "../job/task.ts";

const REFUSALS = new Set<unknown>(["protocol", "app", "reduces", "setting"]);

/**
 * Checks what a coordinator says of its job, so that no file outside of its directory is touched: the job's
 * number becomes part of file names.
 *
 * @throws MrError saying what is wrong
 */
export function checkRegistration(registration: Registration): void {
  const { worker, job, term, directory, inputDirectory, reduces, inputs = [] } = registration;
  if (!/^[0-9a-f]{8}$/.test(job)) throw nonsense(`job "${job}"`);
  for (const path of [directory, inputDirectory]) {
    if (typeof path !== "string" || !isAbsolute(path)) throw nonsense(`directory "${path}"`);
  }
  const isList = Array.isArray(inputs) && inputs.every((name) => typeof name === "string");
  if (!isList) throw nonsense(`inputs "${inputs}"`);
  if (!isCount(reduces)) throw nonsense(`${reduces} reduce tasks`);
  if (!isCount(worker) || !isCount(term)) throw nonsense(`worker "${worker}", term "${term}"`);
}

/** The reason that a coordinator gives for a refusal; undefined if another version gives another one. */
export function asRefusal(data: unknown): Refusal | undefined {
  if (typeof data !== "object" || data === null || !("type" in data)) return undefined;
  return REFUSALS.has(data.type) ? (data as Refusal) : undefined;
}

/**
 * Checks a task: its numbers, which become part of file names, and that it reads only an input, or the map
 * outputs meant for it. The coordinator, which belongs to the same user, decides which files are inputs.
 *
 * @throws MrError saying what is wrong
 */
export function checkAssignment(assignment: Assignment | Dismissal): void {
  const { kind } = assignment;
  if (kind === "exit") return;
  const { task, attempt } = assignment;
  if (kind !== "map" && kind !== "reduce") throw nonsense(`a task of kind "${kind}"`);
  if (!isCount(task) || !isCount(attempt)) throw nonsense(`${kind} task "${task}"`);
  if (kind === "map") {
    const { split } = assignment;
    for (const { file, start, end, size = 0, version = "" } of partsOf(split)) {
      const isVersion = isCount(size) && typeof version === "string";
      const isPart = isCount(start) && isCount(end) && start <= end && isVersion;
      if (typeof file !== "string" || !isPart)
        throw nonsense(`bytes ${start} to ${end} of "${file}"`);
    }
    return;
  }
  for (const [map, { name, bytes, crc32 }] of assignment.sources.entries()) {
    const isOurs = name === mapOutputName(map, task) && isCount(bytes) && isCount(crc32);
    if (!isOurs) throw nonsense(`"${name}" as input of reduce task ${task}`);
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function nonsense(what: string): MrError {
  return new MrError("PROTOCOL_ERROR", `The coordinator's answer makes no sense: ${what}`);
}
