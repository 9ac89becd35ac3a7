import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "../../base/at-exit.ts";
import { runtimeDir } from "../../base/directories.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { listenOnSocketFile, MAX_SOCKET_PATH_BYTES } from "../../base/socket-path.ts";
import { isLock, lockName, temporaryName } from "../../job/names.ts";

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
 * @param directory absolute path
 * @param maxWaitMs how long to wait for other processes that want the lock
 * @returns a function that releases the lock, which also ends when this process exits
 * @throws MrError `JOB_IN_USE` when another coordinator has it; `DIRECTORY_UNUSABLE`
 */
export async function lockDirectory(
  directory: string,
  maxWaitMs = MAX_WAIT_MS,
): Promise<() => void> {
  const deadlineMs = performance.now() + maxWaitMs;
  let descriptor: number | undefined;
  let rival: string | undefined;
  try {
    descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    const stats = fstatSync(descriptor, { bigint: true });
    const folder = folderOf(directory, descriptor);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const candidate = await enter(folder, stats);
      const others = await candidate?.others(deadlineMs);
      if (candidate !== undefined && others === "none" && isSame(directory, stats)) {
        return candidate.hold(directory);
      }
      candidate?.leave();
      if (others === "holder") {
        const { foreign } = candidate ?? {};
        throw inUse(directory, foreign && `its lock "${foreign}" belongs to another user`);
      }
      rival = candidate?.rival;
      if (performance.now() >= deadlineMs) break;
      // A replaced directory has another lock.
      if (!isSame(directory, stats)) throw new Error("it was replaced meanwhile");
      await sleep(Math.random() * MAX_RETRY_MS);
    }
  } catch (error) {
    if (descriptor !== undefined && NO_SOCKETS.has(errorCode(error) ?? "")) {
      return await lockByNumber(directory, fstatSync(descriptor, { bigint: true }));
    }
    if (error instanceof MrError) throw error;
    // Binding a socket reports a missing directory as EACCES.
    const isGone = statIfThere(directory) === undefined;
    const why = isGone ? "it does not exist any more" : describeCause(error);
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot lock directory "${directory}": ${why}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  throw inUse(
    directory,
    rival && `the process of "${rival}" neither holds the lock nor gives it up`,
  );
}

/** @param why what is special about the lock */
function inUse(directory: string, why?: string): MrError {
  const whose = why === undefined ? "" : `: ${why}`;
  return new MrError(
    "JOB_IN_USE",
    `Another coordinator is already running in directory "${directory}"${whose}`,
  );
}

function isSame(directory: string, { dev, ino }: BigIntStats): boolean {
  const now = statSync(directory, { bigint: true, throwIfNoEntry: false });
  return now?.dev === dev && now.ino === ino;
}

/** A path of the directory that leaves room for the name of a socket in it. */
function folderOf(directory: string, descriptor: number): string {
  const longest = join(directory, temporaryName("mr-lock", randomId()));
  if (Buffer.byteLength(longest) <= MAX_SOCKET_PATH_BYTES) return directory;
  if (process.platform === "linux") return `/proc/self/fd/${descriptor}`;
  throw Object.assign(new Error("its path is too long"), { code: "EINVAL" });
}

function randomId(): string {
  return randomBytes(8).toString("hex");
}

/**
 * Puts a listening socket of this process into the directory. It gets its name when it answers, so that a socket
 * with such a name that refuses connections is dead.
 *
 * @param of the directory
 * @returns undefined if another process has removed it as a temporary file
 */
async function enter(folder: string, of: BigIntStats): Promise<Candidate | undefined> {
  const id = randomId();
  const mode = Number(of.mode);
  const temporary = join(folder, temporaryName("mr-lock", id));
  const candidate = new Candidate(folder, lockName(id), of);
  try {
    await candidate.listen(temporary);
    // Who may write into the directory must be able to connect.
    chmodSync(temporary, 0o600 | (mode & 0o022) | ((mode & 0o022) << 1));
    renameSync(temporary, join(folder, lockName(id)));
    return candidate;
  } catch (error) {
    candidate.leave();
    rmSync(temporary, { force: true });
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A process that wants the lock of a directory. */
class Candidate {
  readonly #folder: string;
  readonly #name: string;
  readonly #server: Server;
  readonly #directory: BigIntStats;
  #answer = CANDIDATE;
  /** The socket of the holder, if it is another user. */
  foreign: string | undefined;
  /** The socket of another candidate. */
  rival: string | undefined;

  constructor(folder: string, name: string, directory: BigIntStats) {
    this.#folder = folder;
    this.#name = name;
    this.#directory = directory;
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
  async others(deadlineMs: number): Promise<"none" | "candidate" | "holder"> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      let isFirst = true;
      let isAlone = true;
      for (const name of readdirSync(this.#folder)) {
        if (!isLock(name) || name === this.#name) continue;
        const path = join(this.#folder, name);
        const isForeign = this.#isForeign(path);
        if (isForeign && (Number(this.#directory.mode) & STICKY) !== 0) continue;
        const other = await ask(path);
        if (other === "holder") {
          if (isForeign) this.foreign = name;
          return "holder";
        }
        if (other === "dead") removeDead(path);
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
  #isForeign(path: string): boolean {
    const owner = lstatIfThere(path)?.uid;
    const trusted = [process.getuid?.(), 0, Number(this.#directory.uid)];
    return owner !== undefined && process.getuid !== undefined && !trusted.includes(owner);
  }

  /** @returns a function that releases the lock */
  hold(directory: string): () => void {
    const release = () => {
      rmSync(join(directory, this.#name), { force: true });
      this.#server.close();
    };
    const forgetExit = atExit(release);
    return () => {
      forgetExit();
      release();
    };
  }

  leave(): void {
    rmSync(join(this.#folder, this.#name), { force: true });
    this.#server.close();
  }
}

function removeDead(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It belongs to another user, and means nothing.
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

/**
 * Locks a directory whose file system has no sockets. On Linux the lock has a name in the abstract namespace
 * (unix(7)), which is shared by all users but not between containers; elsewhere it is a socket of this user.
 */
async function lockByNumber(directory: string, { dev, ino }: BigIntStats): Promise<() => void> {
  const name = `tsmr-${dev.toString(16)}-${ino.toString(16)}.lock`;
  const server = createServer((socket) => socket.destroy());
  try {
    if (process.platform === "linux") {
      server.listen({ path: `\0${name}`, exclusive: true });
      await once(server, "listening");
    } else {
      await listenOnSocketFile(server, join(runtimeDir(), name));
    }
  } catch (error) {
    const isTaken = errorCode(error) === "EADDRINUSE" || errorCode(error) === "JOB_IN_USE";
    if (isTaken) throw inUse(directory);
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot lock directory "${directory}": ${describeCause(error)}`,
    );
  }
  server.unref();
  return () => void server.close();
}
