import { createHash } from "node:crypto";
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory, runtimeDir } from "../../base/directories.ts";

/** A file that is removed although it is still in use is made again when it is needed. */
const KEPT_DAYS = 7;

/** The directory of compiled and checked apps, created on first use. */
export function appCacheDir(): string {
  const dir = join(runtimeDir(), "apps");
  makeDirectory(dir, 0o700);
  return dir;
}

/** Removes old files: each version of each app leaves some. */
export function removeOld(dir: string): void {
  const oldestMs = Date.now() - KEPT_DAYS * 24 * 60 * 60 * 1000;
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && stats.mtimeMs < oldestMs) rmSync(path, { force: true });
  }
}

/** Publishes a file atomically. Several processes may publish the same one at once. */
export function publish(path: string, contents: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, contents, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function sha256(contents: string | Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex");
}
