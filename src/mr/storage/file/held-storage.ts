import type { HeldDirectory } from "../../base/held-directory.ts";
import type { Storage } from "../storage.ts";
import { fileStorage } from "./file-storage.ts";

/**
 * The file system, for the files of one directory, whose paths are made by {@link HeldDirectory.at}. It publishes and
 * removes nothing when the path of the directory leads to another one.
 */
export function storageIn(directory: HeldDirectory): Storage {
  return {
    ...fileStorage,
    async remove(path) {
      directory.check();
      await fileStorage.remove(path);
    },
    createOutput(...args) {
      const output = fileStorage.createOutput(...args);
      return {
        file: (name) => output.file(name),
        commit() {
          directory.check();
          return output.commit();
        },
        discard: () => output.discard(),
      };
    },
  };
}
