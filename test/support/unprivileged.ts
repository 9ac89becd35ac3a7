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

/** Whether that user exists and can read this project. */
export const canRunUnprivileged: boolean =
  !isRoot ||
  spawnSync("test", ["-r", fileURLToPath(import.meta.url)], { uid: NOBODY, gid: NOBODY }).status ===
    0;
