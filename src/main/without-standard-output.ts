import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { onSignal } from "./on-signal.ts";

/**
 * Where the process that {@link runWithoutStandardOutput} starts has the descriptor for its result. So high that the
 * app neither gets it for a file of its own nor takes it for one that it was given.
 */
export const RESULT_DESCRIPTOR = 199;
const STDIN = 0;
const STDERR = 2;

/**
 * Runs this program again in a process whose standard output is the standard error of this one, and which has a
 * descriptor of this one as {@link RESULT_DESCRIPTOR}. So nothing that an app does there can get between the lines of a
 * result: neither what it writes to descriptor 1, nor what the processes that it starts print. They don't inherit
 * the other descriptor.
 *
 * @param args of the program
 * @param descriptor for the result
 * @returns the exit code
 */
export async function runWithoutStandardOutput(
  args: readonly string[],
  descriptor: number,
): Promise<number> {
  const [node, script = ""] = process.argv;
  const others = Array.from({ length: RESULT_DESCRIPTOR - STDERR - 1 }, () => "ignore" as const);
  const stdio = [STDIN, STDERR, STDERR, ...others, descriptor];
  const child = spawn(node ?? process.execPath, [...process.execArgv, script, ...args], { stdio });
  // The process that runs the app decides how it ends.
  onSignal((signal) => void child.kill(signal as NodeJS.Signals));
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (signal === null) return code ?? 1;
  if (signal === "SIGKILL") process.stderr.write(`tsmr: The app was ended by ${signal}\n`);
  return 128 + constants.signals[signal];
}
