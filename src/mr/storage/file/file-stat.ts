import { type BigIntStats, statfsSync } from "node:fs";
import type { FileStat } from "../storage.ts";

/**
 * File systems whose inode numbers stay the same as long as the file exists, by the type that Linux gives them. On
 * others, such as those of FUSE, a file may get another number when the kernel has forgotten it.
 */
const WITH_STABLE_INODES = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1], // ext4, XFS, Btrfs, F2FS, ZFS
  ...[0x01021994, 0x794c7630], // tmpfs, overlay
]);

const hasStableInodes = new Map<bigint, boolean>();

/**
 * The same as {@link Storage.stat}, from the metadata of the file system. The version is `MTIME/INODE` where the
 * inode is known to stay the same, otherwise `MTIME`, the time of the last change in nanoseconds.
 *
 * @param path of the file, or of an open descriptor of it
 */
export function fileStat({ size, mtimeNs, dev, ino }: BigIntStats, path: string): FileStat {
  let isStable = hasStableInodes.get(dev);
  if (isStable === undefined) {
    isStable = isOfStableType(path);
    hasStableInodes.set(dev, isStable);
  }
  return { size: Number(size), version: isStable ? `${mtimeNs}/${ino}` : String(mtimeNs) };
}

function isOfStableType(path: string): boolean {
  // The types are those of Linux.
  if (process.platform !== "linux") return false;
  try {
    return WITH_STABLE_INODES.has(statfsSync(path).type);
  } catch {
    return false;
  }
}
