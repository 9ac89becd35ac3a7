import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isMapOutput, isTemporary, JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { findMarked } from "./processes.ts";
import type { Shape } from "./shapes.ts";

/** How long processes may take to find out that their job is over. The machine may be busy. */
const ORPHAN_MS = 20_000;

/** What a finished job has left that it should not have. */
export interface Leftovers {
  readonly processes: readonly number[];
  readonly temporaryFiles: readonly string[];
  readonly sockets: readonly string[];
  /** The journal and files between map and reduce: only the lab's commands keep those. */
  readonly others: readonly string[];
}

/** Waits until no process of a job is left, or for as long as one may take. */
export async function awaitProcesses(mark: string): Promise<number[]> {
  const deadlineMs = performance.now() + ORPHAN_MS;
  for (;;) {
    const left = findMarked(mark).map(({ pid }) => pid);
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(50);
  }
}

/**
 * @param processes the job's processes that have not ended
 * @param socketPath where its coordinator listened
 */
export function findLeftovers(
  directory: string,
  socketPath: string,
  style: Shape["style"],
  processes: readonly number[],
): Leftovers {
  const names = readdirSync(directory);
  return {
    processes,
    temporaryFiles: names.filter(isTemporary),
    sockets: [socketPath, `${socketPath.slice(0, -1)}~`].filter((path) => existsSync(path)),
    others:
      style === "lab" ? [] : names.filter((name) => isMapOutput(name) || name === JOB_LOG_NAME),
  };
}

/** A sentence about what is left, or undefined. */
export function describeLeftovers(leftovers: Leftovers): string | undefined {
  const kinds = Object.entries(leftovers).filter(([, items]) => items.length > 0);
  if (kinds.length === 0) return undefined;
  return kinds.map(([kind, items]) => `${kind} left: ${items.join(", ")}`).join("; ");
}
