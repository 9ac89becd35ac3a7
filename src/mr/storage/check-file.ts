import { crc32 } from "node:zlib";
import { describeCause, errorCode, MrError } from "../base/errors.ts";
import type { OutputFile } from "../job/task.ts";
import { readBlocks, type Storage } from "./storage.ts";

/**
 * Reads a published file and compares its length and checksum with those of what was written.
 *
 * @param directory full path
 * @throws MrError `OUTPUT_UNREADABLE` when it is missing, unreadable or another one
 */
export async function checkFile(
  storage: Storage,
  directory: string,
  { name, bytes, crc32: expected }: OutputFile,
): Promise<void> {
  const path = storage.resolve(directory, name);
  const lost = (why: string) =>
    new MrError("OUTPUT_UNREADABLE", `Result "${path}" is lost: ${why}`);
  let found = 0;
  let checksum = 0;
  try {
    for await (const block of readBlocks(storage, path)) {
      found += block.length;
      checksum = crc32(block, checksum);
    }
  } catch (error) {
    throw lost(errorCode(error) === "ENOENT" ? "it is not there any more" : describeCause(error));
  }
  if (found !== bytes) throw lost(`it has ${found} bytes, and ${bytes} were written`);
  if (checksum !== expected) throw lost("its contents are not what was written");
}
