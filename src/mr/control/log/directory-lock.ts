import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readdirSync, renameSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../base/at-exit.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { HeldDirectory } from "../../base/held-directory.ts";
import { MAX_SOCKET_PATH_BYTES } from "../../base/socket-path.ts";
import { isLock, lockName, temporaryName } from "../../job/names.ts";
import { type Hold, inUse } from "./lock-hold.ts";
import { lockByNumber } from "./number-lock.ts";

/** The answers to a connection: the process holds the lock, or it tries to get it. */
const HOLDER = "H";
const CANDIDATE = "C";
/** A process that does not answer within this time is paused or busy, and counts as the holder. */
const ANSWER_MS = 1000;
/** How long several processes that want the lock at once may take to find a winner, in tries of some milliseconds. */
const MAX_TRIES = 200;
const MAX_RETRY_MS = 20;
/** The same in time. A process that is a candidate for longer does not follow the rules. */
const MAX_WAIT_MS = 10_000;
/** The mode of a directory whose files only their owners can remove. */
const STICKY = 0o1000;
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
 * On a file system without sockets, the lock is one in a name space of the system, named by device and inode.
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
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    let candidate: Candidate | undefined;
    try {
      candidate = await enter(held);
    } catch (error) {
      if (!NO_SOCKETS.has(errorCode(error) ?? "")) throw error;
      return new DirectoryLock(held, await lockByNumber(held));
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

function randomId(): string {
  return randomBytes(8).toString("hex");
}

/**
 * Puts a listening socket of this process into the directory. It gets its name when it answers, so that a socket
 * with such a name that refuses connections is dead.
 *
 * @returns undefined if another process has removed it as a temporary file
 */
async function enter(held: HeldDirectory): Promise<Candidate | undefined> {
  const id = randomId();
  const mode = Number(held.stats.mode);
  const temporary = temporaryName("mr-lock", id);
  const candidate = new Candidate(held, lockName(id));
  try {
    const path = held.at(temporary);
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
      throw Object.assign(new Error("its path is too long"), { code: "EINVAL" });
    }
    await candidate.listen(path);
    // Who may write into the directory must be able to connect.
    chmodSync(held.at(temporary), 0o600 | (mode & 0o022) | ((mode & 0o022) << 1));
    renameSync(held.at(temporary), held.at(lockName(id)));
    return candidate;
  } catch (error) {
    candidate.leave();
    held.remove(temporary);
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

type Others = "none" | "candidate" | "holder";

/** A process that wants the lock of a directory. */
class Candidate {
  readonly #directory: HeldDirectory;
  readonly #name: string;
  readonly #server: Server;
  #answer = CANDIDATE;
  /** The socket of the holder, if it is another user. */
  foreign: string | undefined;
  /** The socket of another candidate. */
  rival: string | undefined;

  constructor(directory: HeldDirectory, name: string) {
    this.#directory = directory;
    this.#name = name;
    this.#server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end(this.#answer);
    });
  }

  async listen(path: string): Promise<void> {
    // In Node's cluster mode, a socket that is not exclusive belongs to all workers of the cluster.
    this.#server.listen({ path, exclusive: true });
    await once(this.#server, "listening");
    this.#server.unref();
  }

  /**
   * Looks for other processes, and removes the sockets of dead ones. A candidate whose name comes first waits for
   * the others to leave.
   *
   * @param deadlineMs the time at which it stops to wait
   */
  async others(deadlineMs: number): Promise<Others> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      let isFirst = true;
      let isAlone = true;
      for (const name of readdirSync(this.#directory.at())) {
        if (!isLock(name) || name === this.#name) continue;
        const isForeign = this.#isForeign(name);
        if (isForeign && (Number(this.#directory.stats.mode) & STICKY) !== 0) continue;
        const other = await ask(this.#directory.at(name));
        if (other === "holder") {
          if (isForeign) this.foreign = name;
          return "holder";
        }
        if (other === "dead") this.#removeDead(name);
        else {
          isAlone = false;
          this.rival = name;
        }
        if (other === "candidate" && name < this.#name) isFirst = false;
      }
      if (isAlone) {
        this.#answer = HOLDER;
        return "none";
      }
      if (!isFirst || performance.now() >= deadlineMs) return "candidate";
      await sleep(Math.random() * MAX_RETRY_MS);
    }
    return "candidate";
  }

  /** Whether a socket belongs to a user who has no more rights in the directory than any other. */
  #isForeign(name: string): boolean {
    const owner = lstatIfThere(this.#directory.at(name))?.uid;
    const trusted = [process.getuid?.(), 0, Number(this.#directory.stats.uid)];
    return owner !== undefined && process.getuid !== undefined && !trusted.includes(owner);
  }

  hold(): Hold {
    return {
      isThere: () => lstatIfThere(this.#directory.at(this.#name))?.isSocket() === true,
      release: () => this.leave(),
    };
  }

  leave(): void {
    // First, because it can't fail: it frees the lock.
    this.#server.close();
    try {
      this.#directory.remove(this.#name);
    } catch {
      // It refuses connections now, and means nothing.
    }
  }

  #removeDead(name: string): void {
    try {
      this.#directory.remove(name);
    } catch {
      // It belongs to another user, and means nothing.
    }
  }
}

/** Asks the process that listens on a socket what it has. */
function ask(path: string): Promise<"dead" | "candidate" | "holder"> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const settle = (answer: "dead" | "candidate" | "holder") => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_MS, () => settle("holder"));
    socket.once("data", (answer) => {
      settle(answer.toString("latin1") === CANDIDATE ? "candidate" : "holder");
    });
    // It has just left or died: it is looked for once more.
    socket.once("end", () => settle("candidate"));
    socket.once("error", (error) => {
      const code = errorCode(error);
      if (code === "ECONNREFUSED" || code === "ENOENT") settle("dead");
      else if (code === "EAGAIN") settle("holder");
      else if (code === "ECONNRESET" || code === "EPIPE") settle("candidate");
      else reject(error);
    });
  });
}
