import { existsSync, fstatSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { describeCause, errorCode, MrError } from "../mr/base/errors.ts";
import { writeAll } from "../mr/base/write-all.ts";

const STDOUT = 1;
/** The names of standard output. Opening one of them would write from the beginning of a file again. */
const STDOUT_PATH = /^\/dev\/(?:stdout|fd\/1)$|^\/proc\/(?:self|thread-self|(\d+))\/fd\/1$/;

/** Makes an app that is run in this process print on standard error, as in a worker, from now on. */
export function printAppOnStandardError(): void {
  const { stdout, stderr } = process;
  stdout.write = stderr.write.bind(stderr);
}

/** Whether a path is that of this process's standard output: a name of it, or the same pipe or device. */
export function isStandardOutput(path: string): boolean {
  const named = STDOUT_PATH.exec(resolve(path));
  if (named !== null) return named[1] === undefined || Number(named[1]) === process.pid;
  const stats = existsSync(path) ? statSync(path) : undefined;
  if (stats === undefined || stats.isFile() || stats.isDirectory()) return false;
  const { dev, ino } = fstatSync(STDOUT);
  return stats.dev === dev && stats.ino === ino;
}

let hasFailed = false;

/**
 * Writes the result of a command to standard output, all of it.
 *
 * @throws MrError when a file or a device refuses it. A pipe reports an error later: see
 *   {@link watchStandardOutput}
 */
export function printResult(text: string): void {
  if (!isWrittenAtOnce()) {
    process.stdout.write(text);
    return;
  }
  // Node's own stream drops the rest, without an error, when a disk had room for a part.
  printTo(STDOUT, Buffer.from(text));
}

/**
 * Writes the result of a command, all of it, to a descriptor that is standard output for the user.
 *
 * @throws MrError when it cannot be written. That the reader of a pipe is gone is no failure
 */
export function printTo(descriptor: number, bytes: Uint8Array): void {
  try {
    writeAll(descriptor, bytes);
  } catch (error) {
    if (errorCode(error) === "EPIPE") return;
    throw new MrError("OUTPUT_UNWRITABLE", describe(error), { cause: error });
  }
}

/** Writes a value as JSON, without control characters: JSON text may have those that a terminal obeys too. */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, undefined, 2);
  const escaped = text.replace(
    /[\u007f-\u009f]/g,
    (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`,
  );
  printResult(`${escaped}\n`);
}

/**
 * Makes errors of standard output that are reported late fail the program.
 *
 * @param program its name
 */
export function watchStandardOutput(program: string): void {
  process.stdout.on("error", (error) => {
    // The reader of the pipe is gone, which is no failure and must not end a job.
    if (errorCode(error) === "EPIPE" || hasFailed) return;
    hasFailed = true;
    process.stderr.write(`${program}: ${describe(error)}\n`);
    process.exitCode ||= 1;
  });
}

/** Waits until standard output and standard error have passed on what was written to them, or have failed. */
export async function whenWritten(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}

/** The exit code of a program whose action returned `code`. */
export function exitCodeAfter(code: number): number {
  return hasFailed && code === 0 ? 1 : code;
}

/** Node writes to files and devices at once too; a terminal or a pipe may have to be waited for. */
function isWrittenAtOnce(): boolean {
  const stats = fstatSync(STDOUT);
  return stats.isFile() || (stats.isCharacterDevice() && !process.stdout.isTTY);
}

function describe(error: unknown): string {
  return `Cannot write to standard output: ${describeCause(error)}`;
}
