import { currentDirectory } from "../../base/directories.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { checkFile, Summary } from "../../storage/check-file.ts";
import { storageFor } from "../../storage/registry.ts";

/**
 * Publishes an output as a file, replacing the one that is there, and reads it once more.
 *
 * @param path absolute, or relative to the current directory
 * @param namedBy whether links are followed: see {@link Storage.publish}
 * @param name in errors; the path by default
 * @throws MrError `OUTPUT_UNWRITABLE` when the file cannot be written; `OUTPUT_UNREADABLE` when it is not there
 *   afterwards, or not what was written
 */
export async function writeOutput(
  path: string,
  lines: readonly Buffer[],
  namedBy: "user" | "program",
  name = path,
): Promise<void> {
  const storage = storageFor(path);
  let isFile: boolean;
  try {
    isFile = await storage.publish(path, lines, namedBy);
  } catch (error) {
    const why = describeCause(error);
    throw new MrError("OUTPUT_UNWRITABLE", `Cannot write output "${name}": ${why}`, {
      cause: error,
    });
  }
  if (!isFile) return;
  const written = new Summary();
  for (const line of lines) written.add(line);
  const { bytes, crc32 } = written;
  await checkFile(storage, currentDirectory(), { name: path, bytes, crc32 });
}
