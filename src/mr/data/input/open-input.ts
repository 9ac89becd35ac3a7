import type { InputSource } from "../../app/contract/reader.ts";
import { inputError, MrError } from "../../base/errors.ts";
import type { FilePart } from "../../job/split.ts";
import type { StorageFor } from "../../storage/storage.ts";
import { checkDecompressed, compressionOf } from "./compression.ts";
import { type Decompressed, decompress } from "./decompress.ts";
import { openPlanned, type PlannedFile, type PlannedInput } from "./planned-file.ts";

export interface OpenInput extends InputSource {
  /**
   * How many bytes of the part, or of the uncompressed file, have been read so far. Each counts once, and bytes
   * beyond the part don't count.
   */
  readonly bytesRead: number;
  /**
   * To be called when the input has been read: what was read is only valid if the file is still the same.
   *
   * @throws MrError `INPUT_CHANGED` when it is not
   */
  checkUnchanged(): Promise<void>;
  close(): void;
}

/**
 * Opens a part of an input of a map task.
 *
 * @param part the part to read; a compressed file is always read whole
 * @throws MrError when the file cannot be opened, is a directory, is in a format that is not supported, or has
 *   changed since the job was planned
 */
export async function openInput(
  storageFor: StorageFor,
  directory: string,
  part: FilePart,
): Promise<OpenInput> {
  const file = await openPlanned(storageFor, directory, part);
  try {
    // Only files that are not compressed are cut, so other parts need not be looked at.
    const compression = part.start === 0 ? await compressionOf(file, part.file) : undefined;
    if (compression === undefined) return plainInput(file, part);
    return compressedInput(file, decompress(file, compression), part.file);
  } catch (error) {
    file.close();
    throw inputError(part.file, error);
  }
}

/**
 * Whether an input is compressed, so that it can't be cut.
 *
 * @throws MrError as {@link openInput} does
 */
export async function isCompressed(
  storageFor: StorageFor,
  directory: string,
  input: PlannedInput,
): Promise<boolean> {
  const file = await openPlanned(storageFor, directory, input);
  try {
    return (await compressionOf(file, input.file)) !== undefined;
  } catch (error) {
    throw inputError(input.file, error);
  } finally {
    file.close();
  }
}

/** The error of a record, such as a `line`, that begins at byte `offset` and is longer than `limit` bytes. */
export function recordTooLong(what: string, file: string, offset: number, limit: number): MrError {
  return new MrError(
    "INPUT_TOO_LARGE",
    `Cannot read input "${file}": the ${what} at byte ${offset} is longer than ${limit} bytes`,
  );
}

async function checkUnchanged(stored: PlannedFile, file: string): Promise<void> {
  try {
    await stored.checkUnchanged();
  } catch (error) {
    throw inputError(file, error);
  }
}

function plainInput(stored: PlannedFile, { file, start, end, resume }: FilePart): OpenInput {
  const count = (bytes: number, position: number): number => {
    const reached = Math.min(position + bytes, end) - start;
    if (reached > input.bytesRead) input.bytesRead = reached;
    return bytes;
  };
  const fail = (error: unknown): never => {
    throw inputError(file, error);
  };
  const input = {
    file,
    start,
    end,
    resume,
    bytesRead: 0,
    read(target: Uint8Array, from: number, position: number): number | Promise<number> {
      try {
        const reading = stored.read(target, from, target.length, position);
        if (typeof reading === "number") return count(reading, position);
        return reading.then((bytes) => count(bytes, position), fail);
      } catch (error) {
        return fail(error);
      }
    },
    checkUnchanged: () => checkUnchanged(stored, file),
    close: () => stored.close(),
  };
  return input;
}

function compressedInput(stored: PlannedFile, chunks: Decompressed, file: string): OpenInput {
  let chunk: Uint8Array = new Uint8Array(0);
  let isFirst = true;

  async function receive(): Promise<void> {
    try {
      chunk = (await chunks.next()) ?? chunk;
      if (isFirst) checkDecompressed(chunk);
      isFirst = false;
    } catch (error) {
      throw inputError(file, error);
    }
  }

  const input = {
    file,
    start: 0,
    end: Number.MAX_SAFE_INTEGER,
    bytesRead: 0,
    read(target: Uint8Array, from: number): number | Promise<number> {
      return chunk.length > 0 ? take(target, from) : receive().then(() => take(target, from));
    },
    checkUnchanged: () => checkUnchanged(stored, file),
    close(): void {
      chunks.close();
      stored.close();
    },
  };
  return input;

  function take(target: Uint8Array, from: number): number {
    const count = Math.min(chunk.length, target.length - from);
    target.set(chunk.subarray(0, count), from);
    chunk = chunk.subarray(count);
    input.bytesRead += count;
    return count;
  }
}
