import { existsSync, fstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describeCause, errorCode, MrError, UsageError } from "../mr/base/errors.ts";
import { writeAll } from "../mr/base/write-all.ts";

const STDOUT = 1;
/** The folders of open files, as `realpath` gives them. The group is the process. */
const DESCRIPTORS = /^(?:\/dev\/fd|\/proc\/(\d+)(?:\/task\/\d+)?\/fd)$/;
const MAX_LINKS = 40;

/** Makes an app that is run in this process print on standard error, as in a worker, from now on. */
export function printAppOnStandardError(): void {
  const { stdout, stderr } = process;
  stdout.write = stderr.write.bind(stderr);
}

/**
 * The descriptor of this process that a path leads to: opening the path would write from the beginning of its file
 * again. It may be the path of another process that shares the open file.
 *
 * @returns undefined for any other path
 * @throws UsageError for an open file of another process, which this one can't append to
 */
export function ownDescriptor(path: string): number | undefined {
  const stats = existsSync(path) ? statSync(path) : undefined;
  if (stats === undefined || stats.isDirectory()) return undefined;
  const isOf = (descriptor: number) => {
    const { dev, ino } = fstatSync(descriptor);
    return stats.dev === dev && stats.ino === ino;
  };
  const entry = descriptorEntry(path);
  // A file that is standard output too, but has its own name here, is replaced as any other.
  if (entry === undefined) return !stats.isFile() && isOf(STDOUT) ? STDOUT : undefined;
  if (isOf(STDOUT)) return STDOUT;
  if (entry.isOwn) return entry.descriptor;
  if (!stats.isFile()) return undefined;
  throw new UsageError(`--out names an open file of another process: "${path}"`);
}

interface DescriptorEntry {
  readonly descriptor: number;
  readonly isOwn: boolean;
}

/** The open file that a path names, itself or through links, in a folder of the open files of a process. */
function descriptorEntry(path: string): DescriptorEntry | undefined {
  let next = resolve(path);
  try {
    for (let links = 0; links < MAX_LINKS; links++) {
      const folder = realpathSync(dirname(next));
      const name = basename(next);
      const match = DESCRIPTORS.exec(folder);
      if (match !== null) {
        const isOwn = match[1] === undefined || Number(match[1]) === process.pid;
        return { descriptor: Number(name), isOwn };
      }
      next = resolve(folder, readlinkSync(join(folder, name)));
    }
  } catch {
    // It is no link, or its folder does not exist: writing reports that.
  }
  return undefined;
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
