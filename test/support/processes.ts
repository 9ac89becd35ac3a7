import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TSX = fileURLToPath(new URL("../../node_modules/.bin/tsx", import.meta.url));

/** How a process ended, and what it printed. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd: string;
  /** Start it through the `tsx` command, as people do, which adds a process above it. */
  readonly viaTsx?: boolean;
  /** Start it as this user, which only root can. */
  readonly uid?: number | undefined;
  /** Environment variables besides those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** A descriptor that becomes its standard output, of which nothing is known then. */
  readonly stdout?: number;
}

/** Every process group started here that may still have a member. */
const groups = new Set<number>();

// Even when the run of the tests is cut short, nothing that they started goes on.
process.once("exit", () => {
  for (const group of groups) killGroup(group, "SIGKILL");
});

/** A process of this project, at the head of a process group of its own. */
export class Command {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";
  /** Those who wait for it to write something more, or to end. */
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

  /** What it has written to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Whoever read its standard error is gone, as when a terminal is closed. */
  hangUpStderr(): void {
    this.#child.stderr?.destroy();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a signal to the process and to all it has started, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    killGroup(this.pid, signal);
  }

  /** Sends a signal to the process alone. */
  signalAlone(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops listening to what it writes, as a terminal does that is closed. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Waits until standard error contains `text`; fails when the process ends without that. */
  async printed(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) {
      if (this.#hasEnded) throw new Error(`It ended without "${text}":\n${this.#stderr}`);
      await this.#more();
    }
  }

  /**
   * Waits until it and every process that it has started have ended.
   *
   * @param limitMs how long that may take; a machine that is busy with other things ends nothing quickly
   * @returns the numbers of those that have not
   */
  async survivors(limitMs = 120_000): Promise<number[]> {
    for (const startMs = performance.now(); ; ) {
      const alive = membersOf(this.pid);
      if (alive.length === 0 || performance.now() - startMs > limitMs) return alive;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until standard output has a match, and gives all that is there; fails when it ends without. */
  async printedOut(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#stdout)) {
      if (this.#hasEnded) throw new Error(`It ended without ${pattern}:\n${this.#stderr}`);
      await this.#more();
    }
    return this.#stdout;
  }

  /** Waits until it has written something more, or ended. */
  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tellWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Ends whatever is left of it. */
  async kill(): Promise<void> {
    killGroup(this.pid, "SIGKILL");
    await this.ended.catch(() => undefined);
    groups.delete(this.pid);
  }
}

/**
 * Starts a TypeScript file of this project.
 *
 * @param script its path from the project's root, such as `src/main/mrworker.ts`, or an absolute one
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

/** Runs any command to its end, without standard input. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
  return new Command(spawn(command, args, { cwd, detached: true, stdio })).ended;
}

/** The living processes of a group; those that are dead but not buried do not count. */
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
    // Nobody of that group is left.
  }
}
