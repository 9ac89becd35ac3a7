import { type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";

const STICKY = 0o1000;

/**
 * Whether files in a folder can only be put there by users whose code runs anyway: the folder belongs to this
 * user, to root or to the owner of the app, and no one else may write into it. A shared folder such as /tmp
 * above an app's own may have a tsconfig.json or a compiler of another user.
 *
 * @param app path of the app
 */
export function isTrusted(folder: string, app: string): boolean {
  const stats = statIfThere(folder);
  if (stats === undefined || process.getuid === undefined) return stats !== undefined;
  return isOfTrusted(stats, app) && !isOpenToOthers(stats);
}

function isOfTrusted({ uid }: Stats, app: string): boolean {
  const owner = statIfThere(app)?.uid;
  return [process.getuid?.(), 0, owner].includes(uid);
}

/**
 * Whether a file or folder above an app may be that of a user whose code does not run anyway. In a shared folder such
 * as /tmp, only its owner can replace it.
 *
 * @param app path of the app
 */
export function belongsToOthers(path: string, app: string): boolean {
  const folder = dirname(path);
  if (isTrusted(folder, app) || isExposed(app)) return false;
  const stats = lstatIfThere(path);
  const { mode } = statSync(folder);
  return stats !== undefined && ((mode & STICKY) === 0 || !isOfTrusted(stats, app));
}

/** Whether other users can replace the app itself, so that no folder needs to be safer. */
export function isExposed(app: string): boolean {
  const stats = statSync(dirname(app));
  return isOpenToOthers(stats) && (stats.mode & STICKY) === 0;
}

function isOpenToOthers({ mode, uid, gid }: Stats): boolean {
  if ((mode & 0o002) !== 0) return true;
  // Many systems give each user a group of the same number, which has no other members.
  const isOwnGroup = gid === uid && (gid === process.getgid?.() || gid === 0);
  return (mode & 0o020) !== 0 && !isOwnGroup;
}

/** The nearest file of that name in `folder` or above it, in a folder for which `isSuitable` holds. */
export function findUpwards(
  folder: string,
  name: string,
  isSuitable: (parent: string) => boolean = () => true,
): string | undefined {
  const parent = ancestors(folder).find((place) => {
    const stats = statIfThere(join(place, name));
    return stats?.isFile() === true && isSuitable(place);
  });
  return parent === undefined ? undefined : join(parent, name);
}

/** A folder and its ancestors, innermost first. */
export function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}
