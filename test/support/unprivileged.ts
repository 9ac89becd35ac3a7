import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The conventional user without rights. */
const NOBODY = 65_534;

const isRoot = process.getuid?.() === 0;

/**
 * The user for tests of permissions when the tests run as root, who may read and write everything. Undefined
 * when they run as an ordinary user.
 */
export const unprivilegedUid: number | undefined = isRoot ? NOBODY : undefined;

/** Why there is no other user to test with; undefined if there is. */
export const NO_OTHER_USER: string | undefined = isRoot
  ? undefined
  : "the tests do not run as root";

/** Why no command can run without rights; undefined if that is possible. */
export const NO_UNPRIVILEGED_RUN: string | undefined = findOut();

function findOut(): string | undefined {
  if (!isRoot) return undefined;
  const user = { uid: NOBODY, gid: NOBODY };
  const { status } = spawnSync("test", ["-r", fileURLToPath(import.meta.url)], user);
  return status === 0 ? undefined : `user ${NOBODY} can't read this project`;
}
