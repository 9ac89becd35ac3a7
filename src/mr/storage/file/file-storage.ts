import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { syncDirectory } from "../../base/directories.ts";
import { createFile, openForReading, openJobFile } from "../../base/open-file.ts";
import { AttemptFiles, type FileWriter } from "../pending-file.ts";
import { byBytes, type LocalFile, type Storage } from "../storage.ts";
import { publishFile } from "./destination.ts";
import { fileStat } from "./file-stat.ts";

/** The file system. Opening, reading and writing files is synchronous. */
export const fileStorage: Storage = {
  resolve,

  async stat(path) {
    return fileStat(await stat(path, { bigint: true }), path);
  },

  async find(arg, directory) {
    // Workers, which find nothing, need not load it.
    const { findInputs } = await import("./find-inputs.ts");
    return findInputs(arg, directory);
  },

  async list(directory) {
    const entries = await readdir(directory, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    return names.sort(byBytes);
  },

  remove(path) {
    return rm(path, { force: true });
  },

  open(path) {
    return fileOf(openForReading(path));
  },

  publish: publishFile,

  fetch: () => ({ open: openFile, close: () => undefined }),

  createOutput: (directory, tag, { durable }) => attemptFiles(directory, tag, durable),

  scratch: (directory, tag) => attemptFiles(directory, tag, false),
};

function openFile(path: string): LocalFile {
  return fileOf(openJobFile(path, "read"));
}

function fileOf(descriptor: number): LocalFile {
  return {
    read: (target, from, to, position) => readSync(descriptor, target, from, to - from, position),
    stat: () => fileStat(fstatSync(descriptor, { bigint: true }), `/proc/self/fd/${descriptor}`),
    close: () => closeSync(descriptor),
  };
}

function attemptFiles(directory: string, tag: string, isDurable: boolean): AttemptFiles {
  return new AttemptFiles(directory, tag, {
    resolve,
    open: openFile,
    create: (path) => writerOf(createFile(path), isDurable),
    publish: renameSync,
    syncNames(path) {
      if (isDurable) syncDirectory(path);
    },
    remove: (path) => rmSync(path, { force: true }),
  });
}

function writerOf(descriptor: number, isDurable: boolean): FileWriter {
  return {
    write(bytes, position) {
      for (let written = 0; written < bytes.length; ) {
        const rest = bytes.length - written;
        written += writeSync(descriptor, bytes, written, rest, position + written);
      }
    },
    truncate: (length) => ftruncateSync(descriptor, length),
    sync() {
      if (isDurable) fsyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}
