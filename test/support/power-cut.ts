// Watches the calls to the file system by which files survive a power cut.

import type * as NodeFs from "node:fs";
import { basename, dirname, join } from "node:path";

type Fs = typeof NodeFs;

/**
 * What a power cut would leave of the files that this process writes, at worst: contents that were synced, under
 * names whose directory was synced. A test file mocks `node:fs` by {@link watching}.
 */
class PowerCut {
  #fs: Fs | undefined;
  /** The files that are open for writing, and the directories, by descriptor. */
  readonly #open = new Map<number, { path: string; readonly inode: number }>();
  /** The contents of each file when it was last synced, by inode. */
  readonly #synced = new Map<number, Buffer>();
  /** The inodes of the files in each directory when that was last synced, by name. */
  readonly #directories = new Map<string, ReadonlyMap<string, number>>();
  /** Files that got their names before their contents were synced: a power cut may leave them empty. */
  readonly renamedUnsynced: string[] = [];
  readonly calls: string[] = [];
  /** Called before a sync that does not block has begun. */
  onSync: (() => void) | undefined;
  /** The most that a write takes at a time: a system may write less than it is asked to. */
  maxWriteBytes = Number.POSITIVE_INFINITY;
  /** Fails a sync. */
  syncError: Error | undefined;

  forget(): void {
    this.#synced.clear();
    this.#directories.clear();
    this.renamedUnsynced.length = 0;
    this.calls.length = 0;
    this.onSync = undefined;
    this.syncError = undefined;
    this.maxWriteBytes = Number.POSITIVE_INFINITY;
  }

  /** Whether a file or a directory has its name after a power cut, if the directory in which it is has one. */
  hasName(path: string): boolean {
    return this.#directories.get(dirname(path))?.has(basename(path)) ?? false;
  }

  /** The contents of a file after a power cut; undefined if it is not there. */
  contentsOf(path: string): string | undefined {
    const inode = this.#directories.get(dirname(path))?.get(basename(path));
    if (inode === undefined) return undefined;
    return this.#synced.get(inode)?.toString("utf8") ?? "";
  }

  /** The file system `fs`, watched. */
  watching(fs: Fs): Fs {
    this.#fs = fs;
    const watched: Partial<Fs> = {
      openSync: (path, ...rest) => {
        const descriptor = fs.openSync(path, ...rest);
        const stats = fs.fstatSync(descriptor);
        this.#open.set(descriptor, { path: this.#named(String(path)), inode: stats.ino });
        // The inode may be that of a file that was removed.
        if (stats.size === 0) this.#synced.delete(stats.ino);
        return descriptor;
      },
      closeSync: (descriptor) => {
        this.#open.delete(descriptor);
        fs.closeSync(descriptor);
      },
      writeSync: ((descriptor: number, bytes: Uint8Array, at?: number, ...rest: number[]) => {
        this.#call("write", descriptor);
        const from = at ?? 0;
        const [length = bytes.length - from, position] = rest;
        const count = Math.min(length, this.maxWriteBytes);
        return fs.writeSync(descriptor, bytes, from, count, position);
      }) as Fs["writeSync"],
      fsyncSync: (descriptor) => {
        this.#throwOnSync();
        fs.fsyncSync(descriptor);
        this.#sync(descriptor)();
      },
      fdatasyncSync: (descriptor) => {
        this.#throwOnSync();
        fs.fdatasyncSync(descriptor);
        this.#sync(descriptor)();
      },
      fdatasync: ((descriptor: number, callback: (error: Error | null) => void) => {
        this.onSync?.();
        const { syncError } = this;
        // What is written from here on may not be on the disk when the sync is done.
        const synced = this.#sync(descriptor);
        fs.fdatasync(descriptor, (error) => {
          if (error === null && syncError === undefined) synced();
          callback(error ?? syncError ?? null);
        });
      }) as Fs["fdatasync"],
      renameSync: (from, to) => {
        this.#rename(this.#named(String(from)), this.#named(String(to)));
        fs.renameSync(from, to);
      },
      rmSync: (path, options) => {
        this.calls.push(`remove ${basename(String(path))}`);
        fs.rmSync(path, options);
      },
    };
    return { ...fs, ...watched, default: { ...fs, ...watched } } as Fs;
  }

  /** A path that leads through the descriptor of a directory, with the name of that. */
  #named(path: string): string {
    const [, descriptor, rest = ""] = /^\/proc\/self\/fd\/(\d+)(.*)$/.exec(path) ?? [];
    const directory = this.#open.get(Number(descriptor))?.path;
    return directory === undefined ? path : `${directory}${rest}`;
  }

  #throwOnSync(): void {
    if (this.syncError !== undefined) throw this.syncError;
  }

  #call(what: string, descriptor: number): void {
    this.calls.push(`${what} ${basename(this.#open.get(descriptor)?.path ?? "?")}`);
  }

  /** Takes down what is to be synced. @returns called when it is */
  #sync(descriptor: number): () => void {
    const file = this.#open.get(descriptor);
    if (file === undefined || this.#fs === undefined) throw new Error("A file that is not open");
    const { path, inode } = file;
    this.#call("sync", descriptor);
    const fs = this.#fs;
    if (fs.fstatSync(descriptor).isDirectory()) {
      const names = fs.readdirSync(path);
      const inodes = new Map(names.map((name) => [name, fs.lstatSync(join(path, name)).ino]));
      return () => this.#directories.set(path, inodes);
    }
    const contents = fs.readFileSync(path);
    return () => this.#synced.set(inode, contents);
  }

  #rename(from: string, to: string): void {
    // A lock need not survive a power cut.
    if (this.#fs?.lstatSync(from).isSocket() === true) return;
    const contents = this.#fs?.readFileSync(from);
    const inode = this.#fs?.lstatSync(from).ino ?? 0;
    this.calls.push(`rename ${basename(to)}`);
    const isSynced = contents !== undefined && this.#synced.get(inode)?.equals(contents);
    if (isSynced !== true) this.renamedUnsynced.push(basename(to));
    for (const file of this.#open.values()) if (file.path === from) file.path = to;
  }
}

/** The one of this test file. */
export const powerCut = new PowerCut();
