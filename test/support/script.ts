import { existsSync } from "node:fs";

/** Why there is no command `script`, which gives a command a terminal; undefined if there is one. */
export const NO_SCRIPT: string | undefined =
  existsSync("/usr/bin/script") && process.platform === "linux"
    ? undefined
    : "there is no /usr/bin/script of Linux";
