import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../test/simulation/random.ts";
import { ChaosError, ChaosJob } from "./chaos-job.ts";
import type { Oracle } from "./expected.ts";
import { chooseFaults, type FaultKind } from "./faults.ts";
import type { InputSet } from "./inputs.ts";
import { awaitProcesses, describeLeftovers, findLeftovers } from "./leftovers.ts";
import { findMarked, send } from "./processes.ts";
import type { Program } from "./programs.ts";
import { chooseShape, describeShape } from "./shapes.ts";

const LEASE_SECONDS = 1;
const SEEDS_PER_RUN = 1_000_003;

/** What all jobs of a run share. */
export interface Site {
  /** Absolute path of the folder of the run. */
  readonly home: string;
  readonly seed: number;
  readonly program: Program;
  readonly inputs: Readonly<Record<InputSet, readonly string[]>>;
  readonly oracle: Oracle;
}

/** What has become of a job. */
export interface Report {
  readonly number: number;
  readonly shape: string;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly causes: readonly string[];
  readonly resumptions: number;
  readonly elapsedMs: number;
  readonly diskRefusal: string | undefined;
  /** What must not be. Undefined if the output is exact and nothing is left. */
  readonly problem: string | undefined;
  /** Where all of it is kept if there is a problem. */
  readonly folder: string;
}

/** Runs the job that a seed and a number stand for, and looks at what it leaves. */
export async function runOne(number: number, site: Site): Promise<Report> {
  const random = new Random(site.seed * SEEDS_PER_RUN + number);
  const shape = chooseShape(random);
  const faults = chooseFaults(random, 1000 * LEASE_SECONDS, shape.hasOwnDisk);
  const folder = join(site.home, `job-${number}`);
  const inputs = site.inputs[shape.inputs];
  const expected = (await site.oracle.of(shape.app, inputs))(shape.reduces);
  const startedMs = performance.now();
  const job = new ChaosJob({
    ...{ folder, shape, inputs, faults, random },
    leaseSeconds: LEASE_SECONDS,
    program: site.program,
  });
  let problem: string | undefined;
  try {
    await job.run();
    const { directory, socketPath } = job;
    const processes = await awaitProcesses(folder);
    const leftovers = findLeftovers(directory, socketPath, shape.style, processes);
    problem = differenceOf(directory, expected) ?? describeLeftovers(leftovers) ?? job.findCrash();
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error;
    problem = error.message;
  } finally {
    for (const { pid } of findMarked(folder)) send(pid, "SIGKILL");
    // What is on its own disk would be gone with that.
    if (problem !== undefined && job.directory !== join(folder, "job")) {
      cpSync(job.directory, join(folder, "job"), { recursive: true });
    }
    job.close();
  }
  if (problem === undefined) rmSync(folder, { recursive: true, force: true });
  const { done, causes, resumptions, diskRefusal } = job;
  const elapsedMs = performance.now() - startedMs;
  const whole = { causes, resumptions, diskRefusal, elapsedMs, problem, folder };
  return { number, shape: describeShape(shape), faults: done, ...whole };
}

/** A sentence about the first result that is not as it should be, or undefined. */
function differenceOf(directory: string, expected: readonly Buffer[]): string | undefined {
  for (const [reduce, bytes] of expected.entries()) {
    const path = join(directory, `mr-out-${reduce}`);
    if (!existsSync(path)) return `wrong output: there is no mr-out-${reduce}`;
    const found = readFileSync(path);
    if (!found.equals(bytes)) {
      return `wrong output: mr-out-${reduce} has ${found.length} bytes, the oracle's ${bytes.length}`;
    }
  }
  return existsSync(join(directory, `mr-out-${expected.length}`))
    ? `wrong output: there is a mr-out-${expected.length}`
    : undefined;
}
