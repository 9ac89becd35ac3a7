import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A whole process, as a shell would start it. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Measurement {
  /** From the start of the process to its end, start-up included. */
  readonly seconds: number;
  /**
   * The highest resident memory of any process of the tree; undefined if it was not measured or the system has no
   * `/proc`.
   */
  readonly peakBytes: number | undefined;
  readonly stdout: string;
}

/** The kernel keeps the highest value, so rare samples miss only growth just before an exit. */
const POLL_MS = 100;

/**
 * Runs `command` to its end. With `memory`, the process tree is sampled meanwhile.
 *
 * @throws when it cannot be started, is killed, or exits with another code than 0
 */
export function measure(
  command: Command,
  { memory = false }: { memory?: boolean } = {},
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(command.program, [...command.arguments], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...command.environment },
    });
    let stdout = "";
    let stderr = "";
    let peakBytes = 0;
    let ended = started;
    const pid = child.pid;
    const look = () => {
      if (pid !== undefined) {
        peakBytes = Math.max(peakBytes, ...treePeaks(pid));
      }
    };
    const timer = memory ? setInterval(look, POLL_MS) : undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("exit", () => {
      ended = process.hrtime.bigint();
      clearInterval(timer);
    });
    child.once("error", (error) => {
      clearInterval(timer);
      reject(new Error(`Cannot start ${command.program}: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, signal) => {
      if (code === 0) {
        const seconds = Number(ended - started) / 1e9;
        resolve({ seconds, peakBytes: peakBytes === 0 ? undefined : peakBytes, stdout });
      } else {
        const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
        const line = [command.program, ...command.arguments].join(" ").slice(0, 200);
        reject(new Error(`"${line}" ${how}: ${stderr.trim().slice(-2000)}`));
      }
    });
  });
}

/** `VmHWM` of a process and its descendants, in bytes; empty without `/proc`. */
function treePeaks(root: number): number[] {
  const parents = new Map<number, number>();
  const peaks = new Map<number, number>();
  for (const name of processFolders()) {
    const pid = Number(name);
    let status: string;
    try {
      status = readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      // The process has exited since the listing.
      continue;
    }
    parents.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    peaks.set(pid, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
  }
  const isBelowRoot = (pid: number): boolean => {
    for (let above: number | undefined = pid; above !== undefined && above > 0; ) {
      if (above === root) {
        return true;
      }
      above = parents.get(above);
    }
    return false;
  };
  return [...peaks].filter(([pid]) => isBelowRoot(pid)).map(([, peak]) => peak);
}

function processFolders(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    // Without `/proc`, memory is reported as not measured.
    return [];
  }
}
