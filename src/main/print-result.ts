import { fstatSync, writeSync } from "node:fs";
import { describeCause, errorCode, MrError } from "../mr/base/errors.ts";

const STDOUT = 1;

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
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(STDOUT, bytes, at);
  } catch (error) {
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
