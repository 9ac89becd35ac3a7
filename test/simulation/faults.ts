import type { Random } from "./random.ts";

/** What goes wrong in a run, and how often. */
export interface Faults {
  /** Probabilities for each message. */
  readonly lose: number;
  readonly delay: number;
  readonly repeat: number;
  /** Probability for each message that any coordinator that is alive gets it, not the latest one. */
  readonly misroute: number;
  /** Probability for each wait for a task that the connection breaks meanwhile. */
  readonly hangUp: number;
  /** Probabilities for each rename of a file. */
  readonly dieInCommit: number;
  readonly pauseInCommit: number;
  /** Probability for each rename of a result in real tasks that it does nothing, and says nothing of it. */
  readonly loseRename: number;
  /** Probability for each append to the log that the coordinator dies meanwhile. */
  readonly dieInAppend: number;
  /** Probability for each request to the store of the log that it gets lost, and that its answer does. */
  readonly loseLogRequest: number;
  /** Probability for each of these requests that it takes longer than a lease. */
  readonly slowLog: number;
  /** Probability for each append that from then on, for some time, the coordinator can't reach the store. */
  readonly breakLog: number;
  /** Probability for each append that it arrives twice. */
  readonly repeatAppend: number;
  /** Probability for each attempt that the app throws. */
  readonly appThrows: number;
  /** Probability for each step of a task that it takes longer than a lease. */
  readonly stall: number;
  /** Probability for each attempt that the app computes for ever, where jobs have a task timeout. */
  readonly getStuck: number;
  /** Time between two of the following, on average; Infinity for never. */
  readonly everyMs: number;
  readonly kinds: readonly FaultKind[];
}

export type FaultKind =
  | "killWorker"
  | "pauseWorker"
  | "killCoordinator"
  | "pauseCoordinator"
  /** Another coordinator takes over although the first is alive; that may be paused, and wakes later. */
  | "deposeCoordinator"
  | "spoilFile";

export const NO_FAULTS: Faults = {
  lose: 0,
  delay: 0,
  repeat: 0,
  misroute: 0,
  hangUp: 0,
  dieInCommit: 0,
  pauseInCommit: 0,
  loseRename: 0,
  dieInAppend: 0,
  loseLogRequest: 0,
  slowLog: 0,
  breakLog: 0,
  repeatAppend: 0,
  appThrows: 0,
  stall: 0,
  getStuck: 0,
  everyMs: Infinity,
  kinds: [],
};

const KINDS: readonly FaultKind[] = [
  "killWorker",
  "pauseWorker",
  "killCoordinator",
  "pauseCoordinator",
  "deposeCoordinator",
  "spoilFile",
];

/** Some runs have faults of every kind, others of few, and some of none. */
export function drawFaults(random: Random): Faults {
  const severity = random.pick([0, 0.3, 1, 1]) ?? 0;
  const rate = (most: number) => (random.chance(0.6) ? severity * random.between(0, most) : 0);
  return {
    lose: rate(0.15),
    delay: rate(0.15),
    repeat: rate(0.15),
    misroute: rate(0.15),
    hangUp: rate(0.2),
    dieInCommit: rate(0.1),
    pauseInCommit: rate(0.1),
    loseRename: rate(0.1),
    dieInAppend: rate(0.05),
    loseLogRequest: rate(0.1),
    slowLog: rate(0.05),
    breakLog: rate(0.02),
    repeatAppend: rate(0.15),
    appThrows: rate(0.1),
    stall: rate(0.1),
    getStuck: rate(0.3),
    everyMs: severity === 0 ? Infinity : random.between(200, 3000) / severity,
    kinds: KINDS.filter(() => random.chance(0.6)),
  };
}
