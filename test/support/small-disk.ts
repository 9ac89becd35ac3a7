import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/mr/base/errors.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Why no small disks can be made here, or undefined when they can. */
export const noSmallDisks: string | undefined = findOut();

/** A small file system in memory, mounted over a directory until it is taken away again. */
export class SmallDisk {
  readonly directory: string;

  /** @param bytes its size */
  constructor(directory: string, bytes: number) {
    this.directory = directory;
    const { status, stderr } = mount(directory, bytes);
    if (status !== 0) throw new Error(`Cannot mount a small disk: ${stderr}`);
  }

  /** Takes what room there is, but for some bytes. */
  fill(except = 0): void {
    const { bavail, bsize } = statfsSync(this.directory);
    const block = Buffer.alloc(bsize);
    const descriptor = openSync(this.#filler, "w");
    try {
      for (let left = bavail * bsize - except; left > 0; left -= bsize)
        writeSync(descriptor, block);
    } catch (error) {
      // Somebody else has taken the rest meanwhile.
      if (errorCode(error) !== "ENOSPC") throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives that room free again. */
  free(): void {
    rmSync(this.#filler);
  }

  /** Takes the disk away, whoever still uses it. */
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
  // In a container even root may not.
  const directory = temporaryDirectory();
  const { status, stderr } = mount(directory, 65_536);
  if (status === 0) spawnSync("umount", [directory]);
  return status === 0 ? undefined : `mount is not permitted: ${stderr.trim()}`;
}
