import type { Random } from "../../test/simulation/random.ts";
import { pick } from "./shapes.ts";

/** What is done to a job. */
export type FaultKind =
  | "kill worker"
  | "stop worker"
  | "kill coordinator"
  | "stop coordinator"
  | "interrupt"
  | "kill all"
  | "second coordinator"
  | "fill disk"
  | "delete file"
  | "cut file"
  | "corrupt file";

/** One fault, chosen before its job begins: what it meets then depends on the moment. */
export interface Fault {
  readonly kind: FaultKind;
  /** Time since the fault before, in milliseconds. */
  readonly afterMs: number;
  /** Whether it then waits until a file appears in the job directory, to hit what comes with that. */
  readonly atChange: boolean;
  /** For the choice among several victims, and of a place within a file: in [0, 1). */
  readonly victim: number;
  readonly place: number;
  /** How long a process stays stopped or a disk full, in milliseconds. */
  readonly lastsMs: number;
}

/** Of all faults, the share that each kind has. */
const WEIGHTS: ReadonlyArray<readonly [FaultKind, number]> = [
  ["kill worker", 5],
  ["stop worker", 4],
  ["kill coordinator", 3],
  ["stop coordinator", 1],
  ["interrupt", 1],
  ["kill all", 1],
  ["second coordinator", 0.5],
  ["fill disk", 3],
  ["delete file", 2],
  ["cut file", 2],
  ["corrupt file", 2],
];
const MAX_FAULTS = 16;

/**
 * @param leaseMs a process is mostly stopped for longer than that
 * @param hasOwnDisk whether there is a disk to fill
 */
export function chooseFaults(random: Random, leaseMs: number, hasOwnDisk: boolean): Fault[] {
  const kinds = WEIGHTS.flatMap(([kind, weight]) =>
    kind === "fill disk" && !hasOwnDisk ? [] : Array.from({ length: weight * 2 }, () => kind),
  );
  return Array.from({ length: random.whole(0, MAX_FAULTS) }, () => ({
    kind: pick(random, kinds),
    // Often close together, at times with a pause in which the job recovers.
    afterMs: random.chance(0.15) ? random.whole(600, 1800) : random.whole(0, 350),
    atChange: random.chance(0.5),
    victim: random.next(),
    place: random.next(),
    lastsMs: random.whole(0.3 * leaseMs, 2.5 * leaseMs),
  }));
}
