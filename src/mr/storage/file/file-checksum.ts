import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";

/**
 * The CRC-32 of a file's contents, as an unsigned number. Reads it a piece at a time.
 *
 * @param path absolute
 * @throws the error of the operating system
 */
export async function fileChecksum(path: string): Promise<number> {
  let checksum = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    checksum = crc32(chunk, checksum);
  }
  return checksum;
}
