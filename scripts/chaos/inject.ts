import { once } from "node:events";
import {
  closeSync,
  type FSWatcher,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  watch,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isMapOutput } from "../../src/mr/job/names.ts";
import type { Fault } from "./faults.ts";
import { findMarked, send } from "./processes.ts";
import type { SmallDisk } from "./small-disk.ts";

/** A fault waits no longer than that for a file to appear. */
const CHANGE_MS = 700;

/** The job that faults are done to. */
export interface Target {
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** The mark of its processes. */
  readonly mark: string;
  readonly disk: SmallDisk | undefined;
  /** Process number of the coordinator, while there is one. */
  readonly coordinator: () => number | undefined;
  /** Starts another coordinator beside the one there is, which must be refused. */
  readonly intrude: () => void;
  /** Told before a process is killed or interrupted, so that its end surprises nobody. */
  readonly expectEnd: (pid: number) => void;
}

/**
 * Does one fault to a job, and undoes what does not last.
 *
 * @returns false where there was nothing to do it to
 */
export async function inject(fault: Fault, target: Target, signal: AbortSignal): Promise<boolean> {
  if (fault.atChange) await change(target.directory, signal);
  const coordinator = target.coordinator();
  switch (fault.kind) {
    case "kill worker":
      return kill(workerOf(fault, target), "SIGKILL", target);
    case "stop worker":
      return stop(workerOf(fault, target), fault.lastsMs, signal);
    case "kill coordinator":
      return kill(coordinator, "SIGKILL", target);
    case "stop coordinator":
      return stop(coordinator, fault.lastsMs, signal);
    case "interrupt":
      return kill(coordinator, fault.place < 0.5 ? "SIGINT" : "SIGTERM", target);
    case "kill all": {
      const found = findMarked(target.mark).map(({ pid }) => kill(pid, "SIGKILL", target));
      return found.includes(true);
    }
    case "second coordinator":
      if (coordinator === undefined) return false;
      target.intrude();
      return true;
    case "fill disk":
      return fill(target.disk, fault.lastsMs, signal);
    default:
      return damage(fault, target.directory);
  }
}

/** Waits for a time that ends early when the job does. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

async function change(directory: string, signal: AbortSignal): Promise<void> {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(directory);
    await Promise.race([once(watcher, "change", { signal }), pause(CHANGE_MS, signal)]);
  } catch {
    // There is no directory yet, or the job has ended: the fault does not wait.
  } finally {
    watcher?.close();
  }
}

function workerOf({ victim }: Fault, { mark }: Target): number | undefined {
  return choose(
    findMarked(mark).flatMap(({ pid, isWorker }) => (isWorker ? [pid] : [])),
    victim,
  );
}

function kill(pid: number | undefined, signal: NodeJS.Signals, target: Target): boolean {
  if (pid === undefined) return false;
  target.expectEnd(pid);
  return send(pid, signal);
}

function stop(pid: number | undefined, lastsMs: number, signal: AbortSignal): boolean {
  if (pid === undefined || !send(pid, "SIGSTOP")) return false;
  // Other faults go on meanwhile.
  pause(lastsMs, signal).then(() => send(pid, "SIGCONT"));
  return true;
}

function fill(disk: SmallDisk | undefined, lastsMs: number, signal: AbortSignal): boolean {
  if (disk === undefined || disk.isFull) return false;
  disk.fill();
  pause(lastsMs, signal).then(() => disk.free());
  return true;
}

function damage({ kind, victim, place }: Fault, directory: string): boolean {
  try {
    const name = choose(readdirSync(directory).filter(isMapOutput).sort(), victim);
    if (name === undefined) return false;
    const path = join(directory, name);
    const at = Math.floor(place * statSync(path).size);
    if (kind === "delete file") rmSync(path);
    else if (kind === "cut file") truncateSync(path, at);
    else return corrupt(path, at);
    return true;
  } catch {
    // It has been deleted or replaced meanwhile.
    return false;
  }
}

/** Turns one bit of a file over. */
function corrupt(path: string, at: number): boolean {
  const byte = Buffer.alloc(1);
  const descriptor = openSync(path, "r+");
  try {
    if (readSync(descriptor, byte, 0, 1, at) === 0) return false;
    byte[0] = (byte[0] ?? 0) ^ 4;
    return writeSync(descriptor, byte, 0, 1, at) === 1;
  } finally {
    closeSync(descriptor);
  }
}

function choose<T>(items: readonly T[], share: number): T | undefined {
  return items[Math.floor(share * items.length)];
}
