import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The user that has no rights by convention. */
const NOBODY = 65_534;

const isRoot = process.getuid?.() === 0;

/**
 * Root may read and write everything, so when the tests run as root, what is about permissions is run
 * as another user. Undefined when the tests run as an ordinary user, who needs no other.
 */
export const unprivilegedUid: number | undefined = isRoot ? NOBODY : undefined;

/** Whether that user exists and can read this project. */
export const canRunUnprivileged: boolean =
  !isRoot ||
  spawnSync("test", ["-r", fileURLToPath(import.meta.url)], { uid: NOBODY, gid: NOBODY }).status ===
    0;
