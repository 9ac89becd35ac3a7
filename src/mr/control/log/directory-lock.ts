import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../base/at-exit.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { statIfThere } from "../../base/file-status.ts";
import { HeldDirectory } from "../../base/held-directory.ts";
import {
  Candidate,
  type LockFile,
  MAX_RETRY_MS,
  MAX_TRIES,
  type Others,
} from "./lock-candidate.ts";
import { type Hold, inUse } from "./lock-hold.ts";
import { lockByNumber } from "./number-lock.ts";

/** The time for all tries. A process that is a candidate for longer does not follow the rules. */
const MAX_WAIT_MS = 10_000;
/** The errors of file systems that have no sockets, such as FAT and some network mounts. */
const NO_SOCKETS = new Set(["EPERM", "EOPNOTSUPP", "ENOTSUP", "EINVAL", "ENOSYS"]);

/**
 * Locks a job directory against other coordinators, whose sockets may have other paths.
 *
 * The lock is a listening socket in the directory itself, because the system closes it in every kind of death. So
 * it belongs to the directory and not to a path: symbolic links, bind mounts and other containers of the machine
 * lead to the same lock, and only users who may write into the directory can take it. Every process that wants the
 * lock has a socket file with a random name. A file that refuses connections was left by a killed process and
 * never comes back to life, so any process may remove it. The lock goes to the process that, after its own file
 * was there, has found no other one alive: of two processes, the one whose file came second sees the other.
 *
 * In a directory such as /tmp, where users can't remove each other's files, the sockets of other users mean nothing:
 * any of them could keep this one out. Only those of this user, of root and of the directory's owner count.
 *
 * On a file system without sockets, the file is a key: it tells where the process listens, which is an abstract socket
 * (unix(7)) with a random name. Any user could bind a name that is known, but
 * - no user knows it before the process listens;
 * - while it listens, no other process can bind it;
 * - when it was killed, and another user has bound the name that the system had listed meanwhile, the socket has
 *   another inode than that in the key, and counts as dead.
 * The process listens before the key gets its name, and the name is given by a rename. So a key is read whole, and one
 * that leads to no listening socket is dead for good. The rest is as with socket files. Only users who may write into
 * the directory can read a key: they could put one of their own there. In a sticky directory, only its owner can.
 * A process in another network namespace or machine finds the key dead: there, the journal protects the job.
 *
 * The caller gets the directory that is locked, and must write into that alone: its path may lead to another one later.
 *
 * @param directory absolute path
 * @param maxWaitMs how long to wait for other processes that want the lock
 * @returns the lock, which is also released when this process exits
 * @throws MrError `JOB_IN_USE` when another coordinator has it; `DIRECTORY_UNUSABLE`
 */
export async function lockDirectory(
  directory: string,
  maxWaitMs = MAX_WAIT_MS,
): Promise<DirectoryLock> {
  const deadlineMs = performance.now() + maxWaitMs;
  let held: HeldDirectory | undefined;
  try {
    held = HeldDirectory.open(directory);
    return await lock(held, deadlineMs);
  } catch (error) {
    held?.close();
    if (error instanceof MrError) throw error;
    // Binding a socket reports a missing directory as EACCES.
    const isGone = statIfThere(directory) === undefined;
    const why = isGone ? "it does not exist any more" : describeCause(error);
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot lock directory "${directory}": ${why}`);
  }
}

async function lock(held: HeldDirectory, deadlineMs: number): Promise<DirectoryLock> {
  let rival: string | undefined;
  let kind: LockFile = "socket";
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    let candidate: Candidate | undefined;
    try {
      candidate = await Candidate.enter(held, kind);
    } catch (error) {
      if (kind === "key" || !NO_SOCKETS.has(errorCode(error) ?? "")) throw error;
      if (process.platform !== "linux") return new DirectoryLock(held, await lockByNumber(held));
      kind = "key";
      continue;
    }
    let others: Others | undefined;
    try {
      others = await candidate?.others(deadlineMs);
    } catch (error) {
      candidate?.leave();
      throw error;
    }
    if (candidate !== undefined && others === "none" && held.isInPlace) {
      return new DirectoryLock(held, candidate.hold());
    }
    candidate?.leave();
    if (others === "holder") {
      const { foreign } = candidate ?? {};
      throw inUse(held.path, foreign && `its lock "${foreign}" belongs to another user`);
    }
    rival = candidate?.rival;
    if (performance.now() >= deadlineMs) break;
    // A replaced directory has another lock.
    if (!held.isInPlace) throw new Error("it was replaced meanwhile");
    await sleep(Math.random() * MAX_RETRY_MS);
  }
  const why = rival && `the process of "${rival}" neither holds the lock nor gives it up`;
  throw inUse(held.path, why);
}

/** The lock of a directory, and the directory that it belongs to. */
export class DirectoryLock {
  readonly directory: HeldDirectory;
  readonly #hold: Hold;
  readonly #forgetExit: () => void;

  constructor(directory: HeldDirectory, hold: Hold) {
    this.directory = directory;
    this.#hold = hold;
    this.#forgetExit = atExit(() => hold.release());
  }

  /**
   * Checks, before a job without a coordinator publishes its output, that it is still alone in the directory.
   *
   * @throws MrError `DIRECTORY_UNUSABLE` when the directory was removed or replaced, or the lock removed from it
   */
  check(): void {
    this.directory.check();
    if (this.#hold.isThere()) return;
    const { path } = this.directory;
    const why = "the lock of this job was removed, and another job may have begun there";
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot write into directory "${path}": ${why}`);
  }

  /** Harmless when it is called again. */
  unlock(): void {
    this.#forgetExit();
    this.#hold.release();
    this.directory.close();
  }
}
