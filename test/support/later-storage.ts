import { MemoryStorage } from "../../src/mr/storage/memory/memory-storage.ts";
import type { Storage } from "../../src/mr/storage/storage.ts";

/** Lengths of reads, each an odd number, and so short that a test of 150 kB still takes little time. */
const MAX_READ_BYTES = 1021;

/** A storage that answers later wherever it may, and reads only a part of what it is asked for. */
export function laterStorage(memory = new MemoryStorage()): Storage {
  return {
    resolve: (directory, path) => memory.resolve(directory, path),
    stat: (path) => later(() => memory.stat(path)),
    find: (argument, directory) => later(() => memory.find(argument, directory)),
    list: (directory) => later(() => memory.list(directory)),
    remove: (path) => later(() => memory.remove(path)),
    publish: (path, parts) => later(() => memory.publish(path, parts)),
    fetch: (paths) => {
      return later(() => ({
        open: (path) => {
          if (!paths.includes(path)) throw new Error(`"${path}" was not fetched`);
          return memory.open(path);
        },
        close: () => undefined,
      }));
    },
    open: (path) => {
      return later(() => {
        const { read, stat, close } = memory.open(path);
        return {
          read: (target, from, to, position) => {
            return later(() => read(target, from, Math.min(to, from + MAX_READ_BYTES), position));
          },
          stat: () => later(stat),
          close,
        };
      });
    },
    createOutput: (directory, tag) => {
      const output = memory.createOutput(directory, tag);
      return {
        file: (name) => output.file(name),
        commit: () => later(() => output.commit()),
        discard: () => output.discard(),
      };
    },
    scratch: (directory, tag) => memory.scratch(directory, tag),
  };
}

/** In another turn of the event loop. */
async function later<T>(operation: () => T | Promise<T>): Promise<T> {
  await new Promise(setImmediate);
  return await operation();
}
