import { removeEmptyDirectories } from "../base/directories.ts";
import { checkNoCoordinator } from "../base/socket-path.ts";
import { lockDirectory } from "../control/log/directory-lock.ts";
import type { NewJob, ResumedJob } from "../job/job-spec.ts";
import {
  checkJobDirectory,
  checkNoOutput,
  hasDirectory,
  hasJobLog,
  makeJobDirectory,
} from "../storage/registry.ts";

/** How often a directory is made that another job, which had made it too, removes before it is locked. */
const MAX_TRIES = 10;

/** A directory that is locked for this process. */
export interface LockedDirectory {
  /** The directories that were made for it, the outermost first. */
  readonly made: readonly string[];
  readonly unlock: () => void;
}

/**
 * Makes or finds the directory of a job, locks it, and then checks what is in it: another job that was complete a
 * moment ago must not be overwritten.
 *
 * @throws MrError naming the directory, a file in it, or an input; `JOB_IN_USE` when another coordinator has it
 */
export async function takeDirectory(spec: NewJob | ResumedJob): Promise<LockedDirectory> {
  const { directory } = spec;
  for (let tries = 1; ; tries++) {
    const made = makeJobDirectory(spec);
    let unlock: (() => void) | undefined;
    try {
      checkJobDirectory(spec);
      unlock = await lockDirectory(directory);
      // A person may have removed the lock of a running job.
      if (hasJobLog(directory)) await checkNoCoordinator(directory);
      if (!spec.resume) checkNoOutput(directory);
      return { made, unlock };
    } catch (error) {
      unlock?.();
      removeEmptyDirectories(made);
      if (hasDirectory(directory) || spec.resume || tries === MAX_TRIES) throw error;
    }
  }
}
