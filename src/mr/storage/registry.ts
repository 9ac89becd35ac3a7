import { inputError, UsageError } from "../base/errors.ts";
import type { InputFile } from "../job/job-spec.ts";
import { fileStorage } from "./file/file-storage.ts";
import { type Storage, schemeOf } from "./storage.ts";

export { destinationOf } from "./file/destination.ts";
/** Job directories are on the file system in every engine. */
export * from "./file/held-storage.ts";
export * from "./file/job-directory.ts";

/** The storages by the schemes of their URLs. This is the only place that a new storage is added to. */
const STORAGES: ReadonlyMap<string, Storage> = new Map();

/** The storage of a URL. A path, or a URL with an unknown scheme, belongs to the file system. */
export function storageFor(url: string, storages = STORAGES): Storage {
  return storages.get(schemeOf(url) ?? "") ?? fileStorage;
}

/**
 * Turns the inputs of a command line into the files of a job. Their order numbers the map tasks. Each file
 * is looked at once; one that is named twice is read twice.
 *
 * @param args see {@link Storage.find}; arguments keep their order
 * @throws UsageError when `args` is empty; MrError when a file is missing or not readable
 */
export async function resolveInputs(
  args: readonly string[],
  directory: string,
): Promise<InputFile[]> {
  if (args.length === 0) throw new UsageError("No input files");
  const inputs: InputFile[] = [];
  for (const arg of args) inputs.push(...(await storageFor(arg).find(arg, directory)));
  return inputs;
}

/** @throws MrError when the file is missing or out of reach */
export async function statInput(url: string, directory: string): Promise<InputFile> {
  try {
    const storage = storageFor(url);
    return { url, ...(await storage.stat(storage.resolve(directory, url))) };
  } catch (error) {
    throw inputError(url, error);
  }
}
