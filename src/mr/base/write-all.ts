import { writeSync } from "node:fs";
import { errorCode } from "./errors.ts";

/** How long to wait for the reader of a full pipe that does not block. */
const WAIT_MS = 1;
const clock = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Writes all of `bytes` at the position of an open file. It waits for the reader of a pipe, also of one that is set
 * not to block, as Node sets its standard output.
 *
 * @throws the error of the operating system
 */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      Atomics.wait(clock, 0, 0, WAIT_MS);
    }
  }
}
