import { dirname } from "node:path";
import { removeEmptyDirectories, syncDirectory } from "../base/directories.ts";
import { describeCause, errorCode, MrError } from "../base/errors.ts";
import { checkNoCoordinator } from "../base/socket-path.ts";
import { type DirectoryLock, lockDirectory } from "../control/log/directory-lock.ts";
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
  readonly lock: DirectoryLock;
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
    let lock: DirectoryLock | undefined;
    try {
      checkJobDirectory(spec);
      lock = await lockDirectory(directory);
      // A person may have removed the lock of a running job.
      if (hasJobLog(directory)) await checkNoCoordinator(directory);
      if (!spec.resume) checkNoOutput(directory);
      return { made, lock };
    } catch (error) {
      lock?.unlock();
      removeEmptyDirectories(made);
      if (hasDirectory(directory) || spec.resume || tries === MAX_TRIES) throw error;
    }
  }
}

/**
 * Makes the name of a job directory survive a power cut. It costs least when the first file in it is synced already.
 *
 * @param made the directories that were made for it; of a resumed job, the one that made them may have been killed
 * @throws MrError `DIRECTORY_UNUSABLE`
 */
export function syncNames(
  { resume, directory }: NewJob | ResumedJob,
  made: readonly string[],
): void {
  for (const path of resume ? [directory] : made) {
    try {
      syncDirectory(dirname(path));
    } catch (error) {
      // A directory that this user may not list can't be opened to be synced.
      if (errorCode(error) === "EACCES") continue;
      const why = describeCause(error);
      throw new MrError("DIRECTORY_UNUSABLE", `Cannot keep directory "${path}": ${why}`);
    }
  }
}
