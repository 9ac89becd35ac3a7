import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { availableParallelism } from "node:os";
import { assetPath, CODE_EXTENSION, loaderFlags } from "../../base/assets.ts";

const PROGRAM = assetPath(`mr/engines/local/worker-process${CODE_EXTENSION}`);
const MOST_WORKERS = 1000;

/** What becomes of each standard stream of a worker, and of one more. */
type Stdio = [
  "ignore" | "pipe",
  "ignore" | "pipe" | number,
  "ignore" | "pipe" | number,
  ("ignore" | "pipe")?,
];

/**
 * Starts the program of a worker.
 *
 * @param flags for the engine
 * @param options as its argument; without any it waits for them on its standard input
 */
export function spawnWorker(
  flags: readonly string[],
  options: string | undefined,
  stdio: Stdio,
): ChildProcess {
  const given = options === undefined ? [] : [options];
  return spawn(process.execPath, [...flags, ...loaderFlags(), PROGRAM, ...given], {
    stdio: stdio.map((stream) => stream ?? "ignore"),
  });
}

const standby: ChildProcess[] = [];

/**
 * Starts the workers of `tsmr run` before it is known what for: Node takes longer to start than all that
 * comes before them in this process, and there is more than one processor. They wait on their standard
 * input, and end when it does.
 *
 * @param words of the command line, which may yet turn out to be wrong
 */
export function standBy([command, ...words]: readonly string[]): void {
  // From sources it takes seconds anyway, of which a tenth of one would not be felt.
  if (command !== "run" || CODE_EXTENSION === ".ts") return;
  // Nor are they of use to one who asks for help, or whose workers take flags for the engine.
  if (words.some((word) => /^(-h|--help|--memory(=.*)?)$/.test(word))) return;
  // More than can run at a time, beside this process, would hold up what that does meanwhile.
  const count = Math.min(wantedWorkers(words), Math.max(1, availableParallelism() - 1));
  for (let started = 0; started < count; started++) {
    const child = spawnWorker([], undefined, ["pipe", "pipe", "pipe"]);
    // One that cannot be started is missing from the pool, which starts another and finds out why.
    child.once("error", () => remove(child));
    child.once("exit", () => remove(child));
    // A command that turns out to be wrong ends without them.
    for (const handle of handlesOf(child)) handle.unref();
    standby.push(child);
  }
  process.once("exit", () => {
    for (const child of standby) child.kill("SIGKILL");
  });
}

/** A worker that waits to be told what to do; undefined when there is none (any more). */
export function takeStandby(): ChildProcess | undefined {
  const child = standby.shift();
  if (child !== undefined) for (const handle of handlesOf(child)) handle.ref();
  return child;
}

/** Whether {@link takeStandby} has any. */
export function hasStandby(): boolean {
  return standby.length > 0;
}

/** Workers that nobody has taken are not needed. */
export function endStandby(): void {
  for (const child of standby.splice(0)) child.stdin?.end();
}

/** What keeps this process from ending: the child, and its standard streams. */
function handlesOf(child: ChildProcess): Array<{ ref(): unknown; unref(): unknown }> {
  const streams = [child.stdin, child.stdout, child.stderr];
  return [child, ...streams.filter((stream) => stream instanceof Socket)];
}

function remove(child: ChildProcess): void {
  const index = standby.indexOf(child);
  if (index >= 0) standby.splice(index, 1);
}

/** What `--workers` says, as far as can be told without knowing the other options. */
function wantedWorkers(words: readonly string[]): number {
  let text: string | undefined;
  for (const [index, word] of words.entries()) {
    if (word === "--workers" || word === "-w") text = words[index + 1] ?? "";
    else if (/^(--workers=|-w\d)/.test(word)) text = word.replace(/^(--workers=|-w)/, "");
  }
  if (text === undefined) return availableParallelism();
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS ? count : 0;
}
