import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TSX = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url));

/** How a process ended, and what it printed. */
export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd: string;
  /** Start it with the `tsx` command, as users do, which adds a parent process. */
  readonly viaTsx?: boolean;
  /** Start it as this user, which only root can do. */
  readonly uid?: number | undefined;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** A descriptor for its standard output, which is not captured then. */
  readonly stdout?: number;
}

/** The process groups that may still have members. */
const groups = new Set<number>();

// No process outlives the tests, even if they are interrupted.
process.once("exit", () => {
  for (const group of groups) killGroup(group, "SIGKILL");
});

/** A process that leads its own process group. */
export class Command {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";
  /** Called when it has written something or ended. */
  #waiting: Array<() => void> = [];
  #hasEnded = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    groups.add(this.pid);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#tellWaiting();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#tellWaiting();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#hasEnded = true;
        this.#tellWaiting();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("The process could not be started");
    return this.#child.pid;
  }

  /** Its standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Closes its standard error, as when a terminal is closed. */
  hangUpStderr(): void {
    this.#child.stderr?.destroy();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a signal to its process group, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    killGroup(this.pid, signal);
  }

  /** Sends a signal to the process only. */
  signalAlone(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Closes its standard output and standard error, as when a terminal is closed. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Waits until standard error contains `text`; fails if the process ends before. */
  async printed(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      if (this.#hasEnded) throw new Error(`It ended without "${text}":\n${this.#stderr}`);
      await this.#more();
    }
  }

  /**
   * Waits until all processes of its group have ended.
   *
   * @param limitMs the maximum time; ending processes takes long on a busy machine
   * @returns the ids of processes that are still alive
   */
  async survivors(limitMs = 120_000): Promise<number[]> {
    for (const startMs = performance.now(); ; ) {
      const alive = membersOf(this.pid);
      if (alive.length === 0 || performance.now() - startMs > limitMs) return alive;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until standard output matches, and returns it; fails if the process ends before. */
  async printedOut(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#stdout)) {
      if (this.#hasEnded) throw new Error(`It ended without ${pattern}:\n${this.#stderr}`);
      await this.#more();
    }
    return this.#stdout;
  }

  /** Waits until it has written something or ended. */
  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tellWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Kills its process group. */
  async kill(): Promise<void> {
    killGroup(this.pid, "SIGKILL");
    await this.ended.catch(() => undefined);
    groups.delete(this.pid);
  }
}

/**
 * Starts a TypeScript file of this project.
 *
 * @param script its path from the project's root, such as `src/main/mrworker.ts`, or an absolute path
 */
export function startScript(
  script: string,
  args: readonly string[],
  { cwd, viaTsx = false, uid, env = {}, stdout }: StartOptions,
): Command {
  const file = resolve(ROOT, script);
  const [command, before] = viaTsx
    ? [TSX, []]
    : [process.execPath, ["--import", import.meta.resolve("tsx")]];
  const user = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(command, [...before, file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", stdout ?? "pipe", "pipe"],
    ...user,
  });
  return new Command(child);
}

/** Runs a command to its end, without standard input. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
  return new Command(spawn(command, args, { cwd, detached: true, stdio })).ended;
}

/** The living processes of a group, without zombies. */
function membersOf(group: number): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,pgid=,stat="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [pid, pgid, stat = ""] = line.trim().split(/\s+/);
    return Number(pgid) === group && !stat.startsWith("Z") ? Number(pid) : [];
  });
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group has no members.
  }
}
