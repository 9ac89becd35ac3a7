import type { Faults } from "./faults.ts";
import { World } from "./world.ts";

/** A run in which a promise was broken. */
export interface Failure {
  readonly seed: number;
  readonly error: Error;
}

export interface SimulationResult {
  readonly jobs: number;
  /** Things that happened, in all jobs together. */
  readonly events: number;
  readonly failures: readonly Failure[];
}

/**
 * Runs one job for each seed, until one fails.
 *
 * @param faults what goes wrong, if that is not to depend on the seed
 */
export async function simulate(
  from: number,
  seeds: number,
  faults?: Faults,
): Promise<SimulationResult> {
  let events = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      events += await new World(seed, faults).run();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { jobs: seed - from + 1, events, failures: [{ seed, error }] };
    }
  }
  return { jobs: seeds, events, failures: [] };
}

/** What to type to see a failure again. */
export function replayCommand({ seed }: Failure): string {
  return `npm run simulate -- --from ${seed} --seeds 1`;
}
