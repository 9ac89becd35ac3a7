import { readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

/**
 * How many worker processes run a task of this phase at this moment, the caller included.
 *
 * Each caller shows its presence for one second as a file named after its process in the current
 * directory, so this sees workers of the same job only, and only works while the tasks last.
 */
export async function nparallel(phase: "map" | "reduce"): Promise<number> {
  const ownFile = `mr-worker-${phase}-${process.pid}`;
  await writeFile(ownFile, "x");

  const pattern = new RegExp(`^mr-worker-${phase}-(\\d+)$`);
  let running = 0;
  for (const name of await readdir(".")) {
    const pid = pattern.exec(name)?.[1];
    if (pid !== undefined && isAlive(Number(pid))) {
      running += 1;
    }
  }

  await setTimeout(1000);
  await rm(ownFile);
  return running;
}

/** A file may be left over from a process that was killed. Signal 0 only asks about the process. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // No such process, or one of another user, which can't be a worker of this job.
    return false;
  }
}
