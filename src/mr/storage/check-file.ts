import { crc32 } from "node:zlib";
import { describeCause, errorCode, MrError } from "../base/errors.ts";
import type { OutputFile } from "../job/task.ts";
import { type LocalFiles, readBlocks, type Storage } from "./storage.ts";

const BLOCK_BYTES = 1024 * 1024;

/**
 * Reads a published file and compares its length and checksum with those of what was written.
 *
 * @param directory full path
 * @throws MrError `OUTPUT_UNREADABLE` when it is missing, unreadable or another one
 */
export async function checkFile(
  storage: Storage,
  directory: string,
  file: OutputFile,
): Promise<void> {
  const path = storage.resolve(directory, file.name);
  const found = new Summary();
  try {
    for await (const block of readBlocks(storage, path)) found.add(block);
  } catch (error) {
    throw lostResult(
      path,
      errorCode(error) === "ENOENT" ? "it is not there any more" : describeCause(error),
    );
  }
  found.check(path, file);
}

/** Reads a file that is local, and says whether it is there as it was written. */
export function isIntact(files: LocalFiles, path: string, expected: OutputFile): boolean {
  const found = new Summary();
  try {
    const file = files.open(path);
    try {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, expected.bytes + 1));
      for (;;) {
        const count = file.read(block, 0, block.length, found.bytes);
        if (count === 0) break;
        found.add(block.subarray(0, count));
      }
    } finally {
      file.close();
    }
    found.check(path, expected);
    return true;
  } catch {
    return false;
  }
}

/** The length and the checksum of the part of a file that was read so far. */
export class Summary {
  bytes = 0;
  #crc32 = 0;

  /** CRC-32, as an unsigned number. */
  get crc32(): number {
    return this.#crc32;
  }

  add(block: Uint8Array): void {
    this.bytes += block.length;
    this.#crc32 = crc32(block, this.#crc32);
  }

  /**
   * Compares a file that was read to its end with what was written.
   *
   * @throws MrError `OUTPUT_UNREADABLE`
   */
  check(path: string, { bytes, crc32: expected }: Pick<OutputFile, "bytes" | "crc32">): void {
    if (this.bytes !== bytes) {
      throw lostResult(path, `it has ${this.bytes} bytes, and ${bytes} were written`);
    }
    if (this.#crc32 !== expected) throw lostResult(path, "its contents are not what was written");
  }
}

function lostResult(path: string, why: string): MrError {
  return new MrError("OUTPUT_UNREADABLE", `Result "${path}" is lost: ${why}`);
}
