import { createHash } from "node:crypto";
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeDirectory, runtimeDirs } from "../../base/directories.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { statIfThere } from "../../base/file-status.ts";

/** A file that is removed although it is still in use is made again when it is needed. */
const KEPT_DAYS = 7;
/** What must fit on the disk of the directory: more than most apps take. */
const PROBE_BYTES = 64 * 1024;

/**
 * The directory of compiled and checked apps, created on first use, on a disk that has room.
 *
 * @throws MrError when there is none
 */
export function appCacheDir(): string {
  let first: string | undefined;
  let why: unknown;
  for (const runtimeDir of runtimeDirs()) {
    const dir = join(runtimeDir, "apps");
    first ??= dir;
    const probe = join(dir, `${process.pid}.probe`);
    try {
      makeDirectory(dir, 0o700);
      writeFileSync(probe, Buffer.alloc(PROBE_BYTES), { mode: 0o600 });
      return dir;
    } catch (error) {
      why ??= error;
    } finally {
      rmSync(probe, { force: true });
    }
  }
  throw unwritable(first ?? "", why);
}

function unwritable(path: string, error: unknown): MrError {
  const why = `${describeCause(error)}; TSMR_RUNTIME_DIR can name another directory, of this user alone`;
  return new MrError("DIRECTORY_UNUSABLE", `Cannot write compiled apps to "${path}": ${why}`);
}

/** Removes old files: each version of each app leaves some. */
export function removeOld(dir: string): void {
  const oldestMs = Date.now() - KEPT_DAYS * 24 * 60 * 60 * 1000;
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const stats = statIfThere(path);
    if (stats !== undefined && stats.mtimeMs < oldestMs) rmSync(path, { force: true });
  }
}

/**
 * Publishes a file atomically. Several processes may publish the same one at once. It is synced, because a power cut
 * could leave it empty under its name, and the next job would run an empty app.
 *
 * @throws MrError
 */
export function publish(path: string, contents: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, "w", 0o600);
    try {
      writeFileSync(descriptor, contents);
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(path, error);
  }
}

export function sha256(contents: string | Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex");
}
