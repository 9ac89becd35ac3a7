import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeCause, MrError } from "../../base/errors.ts";
import { destinationOf } from "../../storage/file/destination.ts";
import { wtf8Bytes } from "./wtf8-bytes.ts";

const BLOCK_CHARS = 1 << 20;

/** The whole output: all of it text, or all of it bytes. */
type Lines = readonly string[] | readonly Uint8Array[];

/**
 * Publishes lines as a file, replacing what was there: they are written under a temporary name
 * beside it and synced before it gets its own, so a failure leaves nothing half-written behind.
 * A symbolic link stays, and what it points at is replaced; a pipe or a device is written to.
 *
 * @param path of the file, absolute or relative to the current directory
 * @param lines each with its line end; or bytes, which are written as they are
 * @throws MrError when the file cannot be written; the temporary file is gone then
 */
export async function writeLines(path: string, lines: Lines): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = destinationOf(path);
    if (!target.isReplaced) {
      await writeTo(target.path, "a", lines);
      return;
    }
    const name = `.${basename(target.path)}.sequential-${process.pid}.tmp`;
    temporary = join(dirname(target.path), name);
    await writeTo(temporary, "w", lines);
    await rename(temporary, target.path);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw new MrError(
      "OUTPUT_UNWRITABLE",
      `Cannot write output "${path}": ${describeCause(error)}`,
      { cause: error },
    );
  }
}

async function writeTo(path: string, flag: "a" | "w", lines: Lines): Promise<void> {
  const file = await open(path, flag);
  try {
    // A system call a line would take longer than all the rest, and one string for all of the
    // output might be too long. Blocks end with a line, so none ends within a surrogate pair.
    let block = "";
    for (const line of lines) {
      if (typeof line !== "string") {
        await file.appendFile(line);
        continue;
      }
      block += line;
      if (block.length >= BLOCK_CHARS) {
        await file.appendFile(wtf8Bytes(block));
        block = "";
      }
    }
    await file.appendFile(wtf8Bytes(block));
    // What is only added to may be a pipe, which has no disk to wait for.
    if (flag === "w") await file.sync();
  } finally {
    await file.close();
  }
}
