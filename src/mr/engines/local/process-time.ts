import { readFileSync } from "node:fs";

/** Linux counts processor time in hundredths of a second, whatever the kernel was built with. */
const TICK_MS = 10;
/** Which of the fields after the program's name are the ticks in user mode and in the kernel; see proc(5). */
const USER_TICKS = 11;
const KERNEL_TICKS = 12;

/** Whether {@link processTimeMs} can tell. */
export function canTellProcessTime(): boolean {
  return process.platform === "linux" && processTimeMs(process.pid) !== undefined;
}

/**
 * How much processor time a process has used in all, in milliseconds, without its doing anything for it.
 *
 * @param pid of a child of this process that has not ended: else it may be another one's by now
 * @returns undefined when there is no such process
 */
export function processTimeMs(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    // It has ended, or this system has no such file.
    return undefined;
  }
  // The name comes second, in parentheses, and may have spaces and parentheses of its own.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[USER_TICKS]) + Number(fields[KERNEL_TICKS]);
  return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
}
