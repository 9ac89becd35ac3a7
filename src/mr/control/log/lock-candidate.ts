import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readdirSync, renameSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../../base/errors.ts";
import { lstatIfThere } from "../../base/file-status.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { MAX_SOCKET_PATH_BYTES } from "../../base/socket-path.ts";
import { isLock, lockName, temporaryName } from "../../job/names.ts";
import type { Hold } from "./lock-hold.ts";
import {
  isSocketOfKey,
  isSticky,
  type KeySocket,
  modeForWriters,
  readKey,
  writeKey,
} from "./lock-key.ts";

/** The answers to a connection: the process holds the lock, or it tries to get it. */
const HOLDER = "H";
const CANDIDATE = "C";
/** A process that does not answer within this time is paused or busy, and counts as the holder. */
const ANSWER_MS = 1000;
/** How long several processes that want the lock at once may take to find a winner, in tries of some milliseconds. */
export const MAX_TRIES = 200;
export const MAX_RETRY_MS = 20;

/**
 * What the file of a lock is: a socket, or, where the file system has none, a key with the abstract name of a socket.
 */
export type LockFile = "socket" | "key";

/** What a process finds in the directory besides its own file. */
export type Others = "none" | "candidate" | "holder";

type Answer = "dead" | "candidate" | "holder";

/** A process that wants the lock of a directory. */
export class Candidate {
  readonly #directory: HeldDirectory;
  readonly #name: string;
  readonly #server: Server;
  #answer = CANDIDATE;
  /** The file of the holder, if it belongs to another user who has no more rights than any, or who keeps it secret. */
  foreign: string | undefined;
  /** The file of another candidate. */
  rival: string | undefined;

  private constructor(directory: HeldDirectory, name: string) {
    this.#directory = directory;
    this.#name = name;
    this.#server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end(this.#answer);
    });
  }

  /**
   * Puts a lock file of this process into the directory. It gets its name when the process answers, so that a file
   * with such a name that leads to no listening socket is dead.
   *
   * @returns undefined if another process has removed it as a temporary file
   * @throws the error of the operating system
   */
  static async enter(held: HeldDirectory, kind: LockFile): Promise<Candidate | undefined> {
    const id = randomBytes(8).toString("hex");
    const temporary = temporaryName("mr-lock", id);
    const candidate = new Candidate(held, lockName(id));
    try {
      if (kind === "socket") await candidate.#bindFile(temporary);
      else await writeKey(held, temporary, (address) => candidate.#listen(address));
      renameSync(held.at(temporary), held.at(lockName(id)));
      return candidate;
    } catch (error) {
      candidate.leave();
      held.remove(temporary);
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async #bindFile(name: string): Promise<void> {
    const path = this.#directory.at(name);
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
      throw Object.assign(new Error("its path is too long"), { code: "EINVAL" });
    }
    await this.#listen(path);
    // Who may write into the directory must be able to connect.
    chmodSync(this.#directory.at(name), 0o600 | modeForWriters(this.#directory, 6));
  }

  async #listen(path: string): Promise<void> {
    // In Node's cluster mode, a socket that is not exclusive belongs to all workers of the cluster.
    this.#server.listen({ path, exclusive: true });
    await once(this.#server, "listening");
    this.#server.unref();
  }

  /**
   * Looks for other processes, and removes the files of dead ones. A candidate whose name comes first waits for
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
        if (isForeign && isSticky(this.#directory)) continue;
        const other = await this.#ask(name);
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

  /** Whether a file belongs to a user who has no more rights in the directory than any other. */
  #isForeign(name: string): boolean {
    const owner = lstatIfThere(this.#directory.at(name))?.uid;
    const trusted = [process.getuid?.(), 0, Number(this.#directory.stats.uid)];
    return owner !== undefined && process.getuid !== undefined && !trusted.includes(owner);
  }

  /** Finds out what the process of a lock file has. */
  async #ask(name: string): Promise<Answer> {
    if (lstatIfThere(this.#directory.at(name))?.isFile() !== true) {
      return ask(this.#directory.at(name));
    }
    let socket: KeySocket | undefined;
    try {
      socket = readKey(this.#directory, name);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return "dead";
      if (errorCode(error) !== "EACCES") throw error;
      // The process may be alive. In a sticky directory, root and the owner keep their keys secret.
      this.foreign = name;
      return "holder";
    }
    if (socket === undefined) return "dead";
    const answer = await ask(socket.address);
    return answer === "dead" || (await isSocketOfKey(socket)) ? answer : "dead";
  }

  hold(): Hold {
    return {
      isThere: () => {
        const stats = lstatIfThere(this.#directory.at(this.#name));
        return stats !== undefined && (stats.isSocket() || stats.isFile());
      },
      release: () => this.leave(),
    };
  }

  leave(): void {
    // First, because it can't fail: it frees the lock.
    this.#server.close();
    try {
      this.#directory.remove(this.#name);
    } catch {
      // It leads to no listening socket now, and means nothing.
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
function ask(path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const settle = (answer: Answer) => {
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
