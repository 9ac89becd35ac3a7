import { type ChildProcess, type IOType, type StdioOptions, spawn } from "node:child_process";
import { Socket } from "node:net";
import { availableParallelism } from "node:os";
import { assetPath, CODE_EXTENSION, loaderFlags } from "../../base/assets.ts";
import { atExit } from "../../base/at-exit.ts";
import { RANGES } from "../../job/limits.ts";
import type { WorkerProcessOptions } from "./worker-contract.ts";

const PROGRAM = assetPath(`mr/engines/local/worker-process${CODE_EXTENSION}`);

/**
 * Starts the program of a worker, which waits for its options; see {@link sendOptions}.
 *
 * @param flags for the engine
 * @param output where its standard output, its standard error and further descriptors go
 */
export function spawnWorker(
  flags: readonly string[],
  output: ReadonlyArray<IOType | number>,
): ChildProcess {
  const stdio: StdioOptions = ["pipe", ...output];
  return spawn(process.execPath, [...flags, ...loaderFlags(), PROGRAM], { stdio });
}

/** What a worker is to do: work, or only load the app. */
type AnyOptions = WorkerProcessOptions | Pick<WorkerProcessOptions, "app" | "explains">;

/** Sends a worker its options: on its standard input, because every user can read a command line. */
export function sendOptions(worker: ChildProcess, options: AnyOptions): void {
  // It may already have exited: the write is ignored, and its exit event has it replaced.
  worker.stdin?.on("error", () => undefined).end(JSON.stringify(options));
}

const standby: ChildProcess[] = [];

/**
 * Starts the workers of `tsmr run` before the command line is parsed: Node takes longer to start than this
 * process to prepare the job, and there is more than one processor. They wait on their standard input, and
 * exit when it ends.
 *
 * @param words of the command line, which may yet turn out to be wrong
 */
export function standBy([command, ...words]: readonly string[]): void {
  // From sources a job takes seconds, so a tenth of one does not matter.
  if (command !== "run" || CODE_EXTENSION === ".ts") return;
  // Help needs no workers, and with --memory they take flags for Node.
  if (words.some((word) => /^(-h|--help|--memory(=.*)?)$/.test(word))) return;
  // More than can run at a time, beside this process, would hold it up.
  const count = Math.min(wantedWorkers(words), Math.max(1, availableParallelism() - 1));
  for (let started = 0; started < count; started++) {
    const child = spawnWorker([], ["pipe", "pipe"]);
    // If one cannot be started, the pool starts another and finds out why.
    child.once("error", () => remove(child));
    child.once("exit", () => remove(child));
    // They must not keep a command that turns out to be wrong from ending.
    for (const handle of handlesOf(child)) handle.unref();
    standby.push(child);
  }
  atExit(() => {
    for (const child of standby) child.kill("SIGKILL");
  });
}

/** A worker that stands by; undefined when there is none. */
export function takeStandby(): ChildProcess | undefined {
  const child = standby.shift();
  if (child !== undefined) for (const handle of handlesOf(child)) handle.ref();
  return child;
}

/** Whether {@link takeStandby} has any. */
export function hasStandby(): boolean {
  return standby.length > 0;
}

/** Ends the workers that were not taken. */
export function endStandby(): void {
  for (const child of standby.splice(0)) child.stdin?.end();
}

/** The handles that keep this process from ending: the child, and its standard streams. */
function handlesOf(child: ChildProcess): Array<{ ref(): unknown; unref(): unknown }> {
  const streams = [child.stdin, child.stdout, child.stderr];
  return [child, ...streams.filter((stream) => stream instanceof Socket)];
}

function remove(child: ChildProcess): void {
  const index = standby.indexOf(child);
  if (index >= 0) standby.splice(index, 1);
}

/** The value of `--workers`, as far as it can be read without knowing the other options. */
function wantedWorkers(words: readonly string[]): number {
  let text: string | undefined;
  for (const [index, word] of words.entries()) {
    if (word === "--workers" || word === "-w") text = words[index + 1] ?? "";
    else if (/^(--workers=|-w\d)/.test(word)) text = word.replace(/^(--workers=|-w)/, "");
  }
  if (text === undefined) return availableParallelism();
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= RANGES.workers.max ? count : 0;
}
