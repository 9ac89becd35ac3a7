import { readdir, rm, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { Phase } from "../../mr/index.ts";

/**
 * The number of worker processes that run a task of this phase now, including the caller.
 *
 * Each caller creates a file with its process number in the current directory for one second, so only
 * workers of the same job are counted.
 */
export async function nparallel(phase: Phase): Promise<number> {
  const ownFile = `mr-worker-${phase}-${process.pid}`;
  await writeFile(ownFile, "x");

  const pattern = new RegExp(`^mr-worker-${phase}-(\\d+)$`);
  let running = 0;
  for (const name of await readdir(".")) {
    const pid = pattern.exec(name)?.[1];
    if (pid !== undefined && isAlive(Number(pid))) running += 1;
  }

  await setTimeout(1000);
  await rm(ownFile);
  return running;
}

/** Whether the process of a file is alive: it may have been killed. Signal 0 only tests that. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // No such process, or a process of another user, which is not a worker of this job.
    return false;
  }
}
