import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/mr/base/errors.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Why small disks cannot be made here; undefined if they can. Even root may not mount one in some containers. */
export const noSmallDisks: string | undefined = findOut();

/** A small file system in memory, mounted on a directory until {@link unmount}. */
export class SmallDisk {
  readonly directory: string;

  /** @param bytes its size */
  constructor(directory: string, bytes: number) {
    this.directory = directory;
    const { status, stderr } = mount(directory, bytes);
    if (status !== 0) throw new Error(`Cannot mount a small disk: ${stderr}`);
  }

  /** Fills the disk, except for some bytes. */
  fill(except = 0): void {
    const { bavail, bsize } = statfsSync(this.directory);
    const block = Buffer.alloc(bsize);
    const descriptor = openSync(this.#filler, "w");
    try {
      for (let left = bavail * bsize - except; left > 0; left -= bsize)
        writeSync(descriptor, block);
    } catch (error) {
      // Another process has written meanwhile.
      if (errorCode(error) !== "ENOSPC") throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Frees the space that {@link fill} has taken. */
  free(): void {
    rmSync(this.#filler);
  }

  /** Unmounts the disk, even if it is in use. */
  unmount(): void {
    spawnSync("umount", ["-l", this.directory]);
  }

  get #filler(): string {
    return join(this.directory, "filler");
  }
}

function mount(directory: string, bytes: number) {
  const options = ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", directory];
  return spawnSync("mount", options, { encoding: "utf8" });
}

function findOut(): string | undefined {
  if (process.platform !== "linux") return "tmpfs is Linux's";
  if (process.getuid?.() !== 0) return "only root may mount one";
  const directory = temporaryDirectory();
  const { status, stderr } = mount(directory, 65_536);
  if (status === 0) spawnSync("umount", [directory]);
  return status === 0 ? undefined : `mount is not permitted: ${stderr.trim()}`;
}
