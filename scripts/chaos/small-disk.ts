import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/mr/base/errors.ts";

const DISK_SIZE = "48m";
const REFILL_MS = 20;
const BLOCK = Buffer.alloc(64 * 1024);

/** A disk of its own for one job, in memory, that can be filled without harm to others. */
export class SmallDisk {
  readonly folder: string;
  #isMounted = true;
  #refill: NodeJS.Timeout | undefined;
  readonly #onExit = () => this.unmount();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @returns why there is none where the system does not permit it */
  static mount(folder: string): SmallDisk | string {
    mkdirSync(folder);
    try {
      const options = ["-t", "tmpfs", "-o", `size=${DISK_SIZE}`, "tsmr-chaos", folder];
      execFileSync("mount", options, { stdio: ["ignore", "ignore", "pipe"] });
      const disk = new SmallDisk(folder);
      // Before anybody tries to remove the folder it is in.
      process.prependOnceListener("exit", disk.#onExit);
      return disk;
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).trim().replaceAll("\n", " ");
    }
  }

  get isFull(): boolean {
    return this.#refill !== undefined;
  }

  /** Takes all the room there is, and what others give back, until `free`. */
  fill(): void {
    this.#takeRoom();
    this.#refill ??= setInterval(() => this.#takeRoom(), REFILL_MS);
  }

  free(): void {
    clearInterval(this.#refill);
    this.#refill = undefined;
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    if (!this.#isMounted) return;
    this.#isMounted = false;
    process.off("exit", this.#onExit);
    execFileSync("umount", ["-l", this.folder], { stdio: "ignore" });
  }

  #takeRoom(): void {
    const descriptor = openSync(this.#filler, "a");
    try {
      for (const size of [BLOCK.length, 4096]) {
        while (tryToWrite(descriptor, size));
      }
    } finally {
      closeSync(descriptor);
    }
  }

  get #filler(): string {
    return join(this.folder, "filler");
  }
}

function tryToWrite(descriptor: number, bytes: number): boolean {
  try {
    return writeSync(descriptor, BLOCK, 0, bytes) === bytes;
  } catch (error) {
    if (errorCode(error) === "ENOSPC") return false;
    throw error;
  }
}
