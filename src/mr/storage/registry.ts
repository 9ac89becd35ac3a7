import { fileStorage } from "./file/file-storage.ts";
import type { Storage } from "./storage.ts";

/**
 * The storage that a path or URL belongs to. All of them are paths of the file system today; this is the
 * one place that another implementation has to be added to.
 */
export function storageFor(_path: string): Storage {
  return fileStorage;
}
