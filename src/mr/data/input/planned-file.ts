import { errorCode, inputError, MrError } from "../../base/errors.ts";
import { isSameVersion } from "../../job/job-spec.ts";
import type { FilePart } from "../../job/split.ts";
import type { StorageFor, StoredFile } from "../../storage/storage.ts";

/** An input as the job was planned with it. Its size and its version are not checked if they are unknown. */
export type PlannedInput = Pick<FilePart, "file" | "size" | "version">;

/**
 * An open input. A read that shows that it is not the file that the job was planned with fails with an MrError
 * `INPUT_CHANGED`, whose message is the end of a sentence. If the file ends early and has not changed, the code is
 * `INPUT_UNREADABLE`.
 */
export interface PlannedFile extends StoredFile {
  /**
   * To be called when the file has been read: what was read is only valid if the file is still the same.
   *
   * @throws MrError `INPUT_CHANGED` when it is not; its message is the end of a sentence
   */
  checkUnchanged(): Promise<void>;
}

/**
 * Opens an input.
 *
 * @throws MrError when it cannot be opened or is a directory; `INPUT_CHANGED` when it has changed since the job
 *   was planned
 */
export async function openPlanned(
  storageFor: StorageFor,
  directory: string,
  input: PlannedInput,
): Promise<PlannedFile> {
  const { file } = input;
  const stored = await openStored(storageFor, directory, file);
  const planned = checked(stored, input);
  try {
    await planned.checkUnchanged();
    return planned;
  } catch (error) {
    stored.close();
    throw inputError(file, error);
  }
}

async function openStored(
  storageFor: StorageFor,
  directory: string,
  file: string,
): Promise<StoredFile> {
  try {
    const storage = storageFor(file);
    return await storage.open(storage.resolve(directory, file));
  } catch (error) {
    const isDirectory = errorCode(error) === "EISDIR";
    throw inputError(file, isDirectory ? new Error("it is a directory") : error);
  }
}

function checked(stored: StoredFile, { size, version }: PlannedInput): PlannedFile {
  const endsEarly = async (position: number): Promise<never> => {
    const now = await stored.stat();
    if (now.size !== size || (version !== undefined && !isSameVersion(now.version, version))) {
      throw changed(`it ends after ${position} bytes, and had ${size}`);
    }
    const which = "as files of the kernel (/sys) or of a network mount may";
    const message = `it says that it has ${size} bytes, and ends after ${position}, ${which}`;
    throw new MrError("INPUT_UNREADABLE", message);
  };
  const check = (count: number, position: number): number | Promise<number> => {
    if (size === undefined) return count;
    // An early end of the file must never be taken for its end.
    if (count === 0 && position < size) return endsEarly(position);
    if (position + count > size) throw changed(`it has more than its ${size} bytes`);
    return count;
  };
  return {
    read(target, from, to, position) {
      const reading = stored.read(target, from, to, position);
      if (typeof reading === "number") return check(reading, position);
      return reading.then((count) => check(count, position));
    },
    stat: () => stored.stat(),
    close: () => stored.close(),
    async checkUnchanged() {
      if (size === undefined && version === undefined) return;
      const now = await stored.stat();
      if (size !== undefined && now.size !== size) {
        throw changed(`it has ${now.size} bytes, and had ${size}`);
      }
      if (version !== undefined && !isSameVersion(now.version, version)) {
        throw changed("it was written to, or replaced");
      }
    },
  };
}

function changed(how: string): MrError {
  return new MrError("INPUT_CHANGED", `it has changed since the job was planned: ${how}`);
}
