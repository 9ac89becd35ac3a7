import { join, sep } from "node:path";
import { PACKAGE_ROOT } from "../../base/assets.ts";

const OURS = ["src/mr", "src/main", "dist"].map((folder) => join(PACKAGE_ROOT, folder) + sep);
/** Frames of another copy of this package, in the log of a job that it ran. */
const A_COPY = /[\\/]node_modules[\\/]tsmr[\\/]dist[\\/]/;
const SHIPPED_APP = /[\\/]mrapps[\\/]/;

const FRAME = /^\s+at /;
/** Frames such as `at Array.map (<anonymous>)`: functions that the app called, or that called it. */
const NATIVE_FRAME = /^\s+at .*\(<anonymous>\)$/;

/**
 * A stack with the frames of the app only: frames of this package and of Node do not help the app's author.
 * Lines that are not frames, such as the message, stay.
 */
export function appFrames(stack: string): string {
  const kept = stack.split("\n").filter((line) => !FRAME.test(line) || isOfApp(line));
  while (kept.length > 1 && NATIVE_FRAME.test(kept.at(-1) ?? "")) kept.pop();
  return kept.join("\n");
}

function isOfApp(frame: string): boolean {
  if (/\bnode:/.test(frame)) return false;
  if (SHIPPED_APP.test(frame)) return true;
  return !A_COPY.test(frame) && !OURS.some((folder) => frame.includes(folder));
}
