import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** How a file that a person has named is to be written. */
export interface Destination {
  /** Where, past symbolic links: what they point at is written, and they stay. */
  readonly path: string;
  /**
   * Whether a complete file takes its place by a rename. If not, it is to be appended to as it is: it is no
   * file, but something like a pipe or a device, or what this process has open already, as `/dev/stdout`.
   */
  readonly isReplaced: boolean;
}

/** Those of a process are links, for which `stat` and `open` do what no `readlink` tells. */
const OPEN_FILE = /^\/dev\/(stdin|stdout|stderr|fd\/\d+)$|^\/proc\/[^/]+\/fd\/\d+$/;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Finds out how to write a file.
 *
 * @param path absolute or relative to the current directory; there need not be anything
 * @throws the error of the operating system when it cannot be told what is there
 */
export function destinationOf(path: string): Destination {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (OPEN_FILE.test(resolve(path)) || isWrittenAsItIs(stats)) return { path, isReplaced: false };
  return { path: stats === undefined ? endOfLinks(path) : realpathSync(path), isReplaced: true };
}

/** A directory is not either, which a rename says best. */
function isWrittenAsItIs(stats: Stats | undefined): boolean {
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

/** Where a file is to be made that links may point at, though it is not there yet. */
function endOfLinks(path: string): string {
  let end = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    if (lstatSync(end, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return end;
    end = resolve(realpathSync(dirname(end)), readlinkSync(end));
  }
  return end;
}
