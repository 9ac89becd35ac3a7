import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** The variable by which all processes of a run are known, whoever started them. */
const VARIABLE = "TSMR_CHAOS";

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of a job that was started here. */
export interface Started {
  readonly pid: number;
  /** The file that has all it prints. */
  readonly log: string;
  readonly ended: Promise<Ended>;
}

/**
 * Starts a process that is not reached by the terminal's signals.
 *
 * @param mark absolute path of the job's folder, by which it and its children are found
 */
export function start(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, mark, log }: { readonly cwd: string; readonly mark: string; readonly log: string },
): Started {
  const output = openSync(log, "a");
  const child = spawn(program, args, {
    cwd,
    detached: true,
    env: { ...process.env, [VARIABLE]: `${mark}/` },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return { pid: child.pid ?? 0, log, ended };
}

/** A living process, as `/proc` shows it. */
interface Found {
  readonly pid: number;
  readonly isWorker: boolean;
}

/** The processes whose mark begins with `mark`, children of children included. */
export function findMarked(mark: string): Found[] {
  const wanted = `${VARIABLE}=${mark}/`;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const variables = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      if (!variables.some((variable) => variable.startsWith(wanted))) return [];
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      return [{ pid: Number(name), isWorker: /mrworker|worker-process/.test(command) }];
    } catch {
      // It ended meanwhile, or belongs to somebody else.
      return [];
    }
  });
}

/** Sends a signal to a process that may have ended; says whether it was there. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
